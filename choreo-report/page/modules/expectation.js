// One expectation: what was expected beside what came, closest first.

import { bdi, button, firsts, h, icon, prose, put, styled } from "./dom.js";
import { diffLines } from "./difflines.js";
import { triggered } from "./events.js";
import { marks, missCount, nearMisses } from "./misses.js";
import { fold, messageFacts, messageView, payloadView, tree } from "./payload.js";
import { go, nameIn, place, state } from "./state.js";
import { CAUSE_WORDS, OUTCOME_WORDS, brief, count, duration, isFailure, offset } from "./text.js";
import { satisfied } from "./waterfall.js";

function wantText(handle) {
  const { wants, kind } = handle;
  if (kind === "never") return `never, for ${duration(handle.window_ms ?? wants?.window_ms)}`;
  if (wants === undefined) return null;
  const { least, most } = wants;
  if (least === most && least !== undefined) return least === 1 ? "exactly one" : `exactly ${least}`;
  if (least !== undefined && most !== undefined) return `${least} to ${most}`;
  if (least !== undefined) return `at least ${least}`;
  return most === undefined ? null : `at most ${most}`;
}

/** The card of one expectation. `at` is `{ scenario, number, index, cause, key, messages }`, and `denied` if it must not be slow. */
export function expectationView(handle, at) {
  const verdict = handle.verdict ?? handle.outcome;
  const denied = at.denied === true && verdict === "slow";
  const red = isFailure(verdict) || handle.outcome === "pending" || denied;
  const id = handle.id ?? `h${at.index + 1}`;
  const name = nameIn(at.number, id);
  const body = h("div", { class: "card-body" });
  const facts = [
    handle.transport, wantText(handle),
    typeof handle.budget_ms === "number" ? `budget ${duration(handle.budget_ms)}` : null,
    typeof handle.deadline_ms === "number" ? `deadline ${duration(handle.deadline_ms)}` : null,
    waited(handle, at.scenario, verdict),
  ].filter(Boolean);
  const head = [
    h("span", { class: `sign outcome-${denied ? "fail" : verdict}` }, icon(verdict), h("span", { class: "sr" }, OUTCOME_WORDS.get(verdict) ?? verdict)),
    h("span", { class: "card-title" }, h(red ? "h3" : "span", {}, bdi(brief(handle.topic, 160), { class: "mono topic" })), h("span", { class: "facts-line" }, facts.join(" · "))),
  ];
  const attributes = {
    class: `card expectation ${red ? "red" : verdict}`, id: `x-${name}`, "data-topic": handle.topic.slice(0, 2000), "data-outcome": handle.outcome,
    "data-handle-transport": handle.transport ?? null, "data-handle-id": id,
  };
  if (!red) {
    return fold(h("span", { class: "card-head" }, head), () => {
      put(body, matcherLine(handle), verdict === "slow" ? ruler(handle, at) : null, passedBody(handle, at));
      return body;
    }, { ...attributes, open: verdict === "slow" && at.first });
  }
  put(body, redBody(handle, at, name));
  return h("section", attributes, h("header", { class: "card-head" }, head,
    h("a", { class: "anchor", href: place({ t: at.key, x: name }), "aria-label": `Link to the expectation on ${brief(handle.topic, 80)}` }, icon("link"))), body);
}

function waited(handle, scenario, verdict) {
  if (typeof handle.latency_ms !== "number") return null;
  const after = duration(handle.latency_ms);
  // Of several messages it is the time of the last.
  if (verdict === "pass" || verdict === "slow" || handle.matched?.length > 0) return handle.count > 1 ? `last came after ${after}` : `came after ${after}`;
  return handle.outcome === "timeout" || handle.outcome === "fail" ? `gave up after ${after}` : null;
}

function matcherLine(handle) {
  if (!handle.matcher_description) return null;
  return h("p", { class: "matcher mono" }, bdi(brief(handle.matcher_description, 600)));
}

function redBody(handle, at, name) {
  const misses = nearMisses(handle, at.messages);
  const kind = at.cause?.kind ?? handle.cause?.kind;
  const violations = (at.scenario.order_violations ?? []).filter((one) => one.first === handle.id || one.second === handle.id);
  const parts = [];
  if (violations.length > 0) parts.push(orderPanel(violations, at));
  if (kind === "late") parts.push(ruler(handle, at), lateMessage(handle, at));
  const short = handle.matched?.length > 0 && handle.matched.length < (handle.wants?.least ?? 0);
  if (handle.violation !== undefined || kind === "duplicate" || kind === "forbidden" || short) {
    parts.push(countPanel(handle, at, kind));
  }
  if (misses.some((miss) => miss.differences.length > 0 || kind === "late" || (miss.text && parts.length === 0))) parts.push(missPanel(handle, misses, name, kind === "late"));
  if (parts.length === 0) parts.push(nothingPanel(handle, at));
  if (handle.wants?.missing?.length > 0) parts.push(missingPanel(handle.wants.missing));
  return parts;
}

// ── near misses ──

function missPanel(handle, misses, name, late) {
  const panel = h("div", { class: "misses", "data-field": "near-misses" });
  const total = missCount(handle, misses);
  const show = () => {
    const here = state().x === name || state().x === "";
    const at = Math.min(misses.length - 1, Math.max(0, here ? Number(state().n || 1) - 1 || 0 : 0));
    const miss = misses[at];
    const step = (by) => {
      go({ x: name, n: String(at + by + 1) }, { replace: true });
      show();
      panel.querySelector(`[data-step="${by}"]`)?.focus();
    };
    const stepper = misses.length < 2 ? null : h("div", { class: "stepper", role: "group", "aria-label": "Near misses" },
      button("Closer near miss", { disabled: at === 0, "data-step": "-1", click: () => step(-1) }, icon("left")),
      h("span", { role: "status" }, `${at + 1} of ${misses.length}`),
      button("Next near miss", { disabled: at === misses.length - 1, "data-step": "1", click: () => step(1) }, icon("right")));
    const title = late && miss.differences.length === 0 ? "The message that came too late"
      : total === 1 ? "The one message that came" : at === 0 ? `Closest of ${count(total, "near miss", "near misses")}` : `Near miss ${at + 1} of ${total}`;
    put(panel, h("div", { class: "miss-head" },
      h("p", { class: "sub4" }, title), h("span", { class: "facts-line" }, bdi(factsOf(miss))), stepper),
    miss.differences.length > 0 ? diffLines(miss.differences) : null,
    miss.text ? h("p", { class: "mono reason" }, bdi(brief(miss.text, 600))) : null,
    total > misses.length ? h("p", { class: "note" }, icon("info"), `${count(total - misses.length, "further near miss", "further near misses")} not kept.`) : null,
    sideBySide(handle, miss));
  };
  panel.follow = show;
  panel.stepBy = (by) => panel.querySelector(`[data-step="${by}"]:not([disabled])`)?.click();
  show();
  return panel;
}

function factsOf(miss) {
  if (miss.message !== undefined) return messageFacts(miss.message);
  if (miss.number !== undefined) return `message ${miss.number}`;
  return typeof miss.offset === "number" ? offset(miss.offset) : "";
}

function sideBySide(handle, miss) {
  const { message } = miss;
  const marked = marks(miss.differences);
  const folds = [];
  const headers = Object.keys(message?.headers ?? {}).length;
  if (message !== undefined) {
    folds.push(fold(headers > 0 || message.key !== undefined ? "Message with headers, key and payload" : "Whole message", () => messageView(message, marked), { class: "inner", "data-field": "payload" }));
  } else if (miss.actual !== undefined && miss.actual !== null) {
    folds.push(fold("Whole payload", () => payloadView(miss.actual, marked), { class: "inner", "data-field": "payload" }));
  }
  const whole = wholeExpectation(handle, marked);
  if (whole !== null) folds.push(fold("Whole expectation", whole, { class: "inner" }));
  return h("div", { class: "folds" }, folds);
}

/** What builds the view of a pattern: in its own words, and as data where the words were cut. */
function wholeExpectation(handle, marked) {
  const { expected } = handle;
  const data = expected !== null && expected !== undefined && expected !== "";
  if (speaksForItself(handle)) {
    return () => h("div", {}, matcherLine(handle), data && isCut(handle) ? payloadView(expected) : null);
  }
  if (data) return () => payloadView(expected, expectedMarks(marked));
  return handle.matcher_description ? () => matcherLine(handle) : null;
}

/** Since version 1.4 descriptions are in the syntax of the pattern, which reads better than conditions as data. */
function speaksForItself(handle) {
  return handle.id !== undefined && Boolean(handle.matcher_description);
}

function isCut(handle) {
  return handle.matcher_description.endsWith("…");
}

function expectedMarks(marked) {
  return new Map([...marked.keys()].map((path) => [path, "mark-expected"]));
}

// ── nothing came ──

function nothingPanel(handle, at) {
  const traffic = handle.traffic ?? {};
  const facts = [];
  const deadline = handle.diagnosis?.deadline_ms ?? at.scenario.timeout_ms;
  if (typeof deadline === "number" && handle.outcome === "timeout") facts.push(`Nothing that could be compared came within ${duration(deadline)}.`);
  if (handle.outcome === "pending") facts.push("Nothing, before the scenario was ended.");
  if (traffic.undecodable > 0) facts.push(`${count(traffic.undecodable, "message")} could not be decoded.`);
  // A payload that does not decode has no id to read: that is said already.
  const unread = traffic.undecodable >= traffic.without_id && !(traffic.other_ids > 0);
  if (traffic.without_id > 0 && !unread) facts.push(`${count(traffic.without_id, "message")} carried no correlation id.`);
  if (traffic.other_ids > 0) facts.push(`${count(traffic.other_ids, "message")} carried an unknown correlation id.`);
  // One without an id may be the answer, and that came in time.
  if (traffic.late > 0) facts.push(`${count(traffic.late, "message")} belonged to scenarios that had ended${traffic.without_id > 0 ? "." : ": is the timeout too short?"}`);
  // What does not decode is among the others as well.
  const others = (traffic.received ?? 0) - (traffic.without_id ?? 0) - (traffic.other_ids ?? 0) - (traffic.late ?? 0);
  if (others > 0) facts.push(`${count(others, "message")} ${others === 1 ? "was" : "were"} for other scenarios.`);
  const known = new Set(["received", "other_ids", "without_id", "undecodable", "late"]);
  for (const [name, value] of Object.entries(traffic)) if (!known.has(name) && typeof value === "number" && value > 0) facts.push(`${name.replaceAll("_", " ")}: ${value}`);
  if (facts.length === 0 && handle.reason) facts.push(brief(handle.reason, 500));
  const elsewhere = surprises(handle, at);
  return h("div", { class: "two" },
    h("section", {}, h("p", { class: "sub4" }, "Expected"), expectedOfHandle(handle)),
    h("section", { class: "came" }, h("p", { class: "sub4" }, "Came"), h("ul", { class: "plain" }, facts.map((fact) => h("li", {}, prose(fact)))), elsewhere));
}

function expectedOfHandle(handle) {
  const value = handle.expected;
  const data = value !== null && value !== undefined && typeof value === "object";
  if (speaksForItself(handle)) {
    return [matcherLine(handle), data && isCut(handle) ? fold("Whole expectation", () => payloadView(value), { class: "inner" }) : null];
  }
  if (data) return h("div", { class: "mono expected-tree" }, tree(value));
  return matcherLine(handle) ?? h("p", { class: "note" }, "any message");
}

const SURPRISES = new Map([["without_id", "without a correlation id"], ["unknown_id", "with an unknown correlation id"]]);

function surprises(handle, at) {
  // What came for other scenarios is known not to be the message that is missing.
  const others = (at.scenario.surprises ?? []).filter((one) => one.class !== "late" && one.class !== "unclaimed");
  if (others.length === 0) return null;
  return [h("p", { class: "sub5" }, "What nobody asked for"), h("ul", { class: "plain surprises" }, firsts(others, 5, (one) => h("li", {},
    bdi(brief(one.topic, 120), { class: "mono topic" }),
    h("span", { class: "facts-line" }, [one.transport, SURPRISES.get(one.class) ?? one.class?.replaceAll("_", " "), typeof one.size === "number" ? `${one.size} bytes` : null].filter(Boolean).join(" · ")))))];
}

function missingPanel(missing) {
  return h("div", { class: "missing" }, h("p", { class: "sub4" }, `Still missing: ${missing.length}`), h("ul", { class: "plain mono" }, firsts(missing, 20, (text) => h("li", {}, bdi(brief(text, 300))))));
}

// ── numbers, order, time ──

function countPanel(handle, at, kind) {
  const most = handle.kind === "never" ? 0 : handle.wants?.most ?? Infinity;
  const ids = [...(handle.matched ?? [])];
  if (handle.violation?.message !== undefined && !ids.includes(handle.violation.message)) ids.push(handle.violation.message);
  const rows = firsts(ids, 50, (id, i) => {
    const message = at.messages.get(id);
    const extra = i >= most || id === handle.violation?.message;
    return h("li", { class: extra ? "extra" : "", "data-extra": String(extra) },
      h("span", { class: `sign outcome-${extra ? "fail" : "pass"}` }, icon(extra ? "fail" : "pass")),
      h("span", {}, h("strong", {}, extra ? (kind === "wrong_order" ? "out of order" : most === 0 ? "must not come" : "one too many") : `wanted, ${i + 1}${Number.isFinite(most) ? ` of ${most}` : ""}`), " ",
        h("span", { class: "facts-line" }, bdi(message === undefined ? id : messageFacts(message)))),
      message === undefined ? null : fold("Message", () => messageView(message), { class: "inner" }));
  });
  const wanted = wantText(handle);
  const beyond = handle.violation?.message !== undefined && !(handle.matched ?? []).includes(handle.violation.message);
  const came = Math.max(ids.length, (handle.count ?? 0) + Number(beyond));
  return h("div", { class: "counted" },
    h("p", { class: "sub4" }, wanted === null ? "Messages" : `Wanted ${wanted}, came ${came}`),
    handle.violation?.text && handle.violation.text !== handle.cause?.text ? h("p", {}, prose(brief(handle.violation.text, 500))) : null,
    rows.length === 0 ? null : h("ol", { class: "messages plain" }, rows));
}

/** Handles that were met in the wrong order. */
export function orderPanel(violations, at) {
  const handles = new Map((at.scenario.handles ?? []).map((handle) => [handle.id, handle]));
  const arrival = (id) => at.messages.get(handles.get(id)?.matched?.[0])?.offset_ms;
  return h("div", { class: "ordered" }, violations.map(({ first, second, by_ms: by }) => {
    const wanted = [first, second];
    const came = [second, first];
    const line = (id, i, shown) => h("li", {}, h("span", { class: "number" }, String(i + 1)),
      bdi(brief(handles.get(id)?.topic ?? id, 120), { class: "mono topic" }),
      shown && typeof arrival(id) === "number" ? h("span", { class: "facts-line" }, offset(arrival(id))) : null);
    return h("div", { class: "two" },
      h("section", {}, h("p", { class: "sub4" }, "Expected order"), h("ol", { class: "plain order" }, wanted.map((id, i) => line(id, i, false)))),
      h("section", { class: "came" }, h("p", { class: "sub4" }, `Arrival${typeof by === "number" ? `: ${duration(by)} the wrong way round` : ""}`), h("ol", { class: "plain order wrong" }, came.map((id, i) => line(id, i, true)))));
  }));
}

/** Time from the trigger, with budget, deadline and what came. */
function ruler(handle, at) {
  const act = (at.scenario.acts ?? []).find((one) => one.index === handle.act);
  const before = (at.scenario.handles ?? []).find((one) => one.id === handle.since);
  const start = satisfied(before, at.scenario) ?? act?.trigger_ms ?? triggered(at.scenario);
  const limit = handle.deadline_ms ?? act?.timeout_ms ?? at.scenario.timeout_ms ?? handle.diagnosis?.deadline_ms;
  const slow = (handle.verdict ?? handle.outcome) === "slow";
  const arrivals = slow ? [handle.latency_ms] : [
    ...(handle.near_misses ?? []).map((miss) => (miss.offset_ms ?? at.messages.get(miss.message)?.offset_ms) - start),
  ].filter(Number.isFinite);
  const allowed = slow ? handle.budget_ms : limit;
  if (arrivals.length === 0 || typeof allowed !== "number") return null;
  const end = Math.max(allowed, ...arrivals) * 1.12;
  const place = (time) => `${Math.min(100, (time / end) * 100).toFixed(2)}%`;
  const last = Math.max(...arrivals);
  return h("figure", { class: "ruler" },
    h("figcaption", {}, h("strong", {}, `${duration(last - allowed)} too late`), `: ${slow ? "budget" : "allowed"} ${duration(allowed)}, came after ${duration(last)}`),
    h("div", { class: "ruler-line", "aria-hidden": "true" },
      styled(h("span", { class: "allowed" }), { width: place(allowed) }),
      styled(h("span", { class: "over" }), { left: place(allowed), width: `${Math.max(0, ((last - allowed) / end) * 100).toFixed(2)}%` }),
      styled(h("span", { class: "limit" }, slow ? "budget" : "deadline"), { left: place(allowed) }),
      styled(h("span", { class: "arrival" }, "arrival"), { left: place(last) })));
}

// The right message, which needs no comparison.
function lateMessage(handle, at) {
  const message = at.messages.get(handle.matched?.at(-1));
  if (message === undefined) return null;
  return h("div", { class: "misses" }, h("div", { class: "miss-head" }, h("p", { class: "sub4" }, "The message that came too late"), h("span", { class: "facts-line" }, bdi(messageFacts(message)))),
    sideBySide(handle, { message, differences: [] }));
}

// ── passed ──

function passedBody(handle, at) {
  const matched = (handle.matched ?? []).map((id) => at.messages.get(id)).filter((message) => message !== undefined);
  if (matched.length > 0) {
    return firsts(matched, 50, (message) => (matched.length === 1 ? messageView(message) : fold(messageFacts(message), () => messageView(message), { class: "inner" })), "p");
  }
  if (handle.actual !== null && handle.actual !== undefined) return payloadView(handle.actual);
  return h("p", { class: "note" }, handle.reason ? brief(handle.reason, 300) : "No payload was kept.");
}

/** What a kind of cause is called. */
export function causeWord(kind) {
  return CAUSE_WORDS.get(kind) ?? String(kind).replaceAll("_", " ");
}
