// One test in full: the cause first, then the evidence, then everything else.

import { bdi, button, copyText, firsts, h, icon, prose, put } from "./dom.js";
import { causeWord, expectationView, orderPanel } from "./expectation.js";
import { markdown } from "./markdown.js";
import { fold, longText, messageFacts, messageView } from "./payload.js";
import { quoted } from "./query.js";
import { replyFailed, replyView } from "./replies.js";
import { link, place, scenarioOf, state } from "./state.js";
import { timelineView } from "./timeline.js";
import { OUTCOME_WORDS, brief, caseRow, count, duration, isFailure } from "./text.js";

/** Shows a test in `host`. Returns what follows changes of the state within it. */
export function showTest(host, entry, test, report) {
  const parts = { followers: [] };
  const scenarios = test.scenarios ?? [];
  put(host, h("article", { class: "test-detail", "data-selected-nodeid": entry.nodeid.slice(0, 2000), "aria-labelledby": "test-name" },
    heading(entry, test, report),
    diagnosis(entry, report),
    scenarios.map((scenario, number) => scenarioView(scenario, number, scenarios.length, { entry, test, report, parts })),
    leftovers(entry, test)));
  return () => parts.followers.forEach((follow) => follow());
}

function heading(entry, test, report) {
  const where = test.location ? `${test.location.file}:${test.location.line}` : test.file;
  const path = [test.package, where].filter(Boolean).join(" · ");
  const row = caseRow(test);
  const facts = [duration(test.duration_ms), test.worker_id, test.flaky ? "flaky" : null].filter(Boolean);
  return h("header", { class: "test-head" },
    h("p", { class: "crumb", "data-field": "detail-nodeid", title: brief(entry.nodeid, 400) }, bdi(brief(path || entry.nodeid, 200))),
    h("h2", { id: "test-name", tabindex: "-1", "data-field": "detail-name" }, longName(entry.name)),
    h("p", { class: "facts-row" },
      h("span", { class: `outcome outcome-${entry.word}` }, icon(entry.word), OUTCOME_WORDS.get(entry.word) ?? entry.word),
      facts.map((fact) => h("span", {}, fact)),
      row ? h("span", { "data-field": "case-row" }, bdi(brief(row, 200))) : null,
      entry.transports.map((name) => h("span", { class: "badge" }, bdi(brief(name, 40)))),
      firsts(entry.tags, 12, (tag) => h("a", { class: "badge tag", ...link({ q: `tag:${quoted(tag)}`, t: entry.key, page: "", x: "", n: "", e: "", m: "" }) }, bdi(brief(tag, 40))), "span")),
    actions(entry, test, report));
}

// Underscores are where a long name may break.
function longName(name) {
  const text = brief(name, 300) || "(no name)";
  const parts = text.split(/(?<=[_:/.-])/);
  return h("bdi", {}, parts.flatMap((part, i) => (i === 0 ? [part] : [document.createElement("wbr"), part])));
}

function actions(entry, test, report) {
  const said = h("span", { class: "said", role: "status" });
  const copier = (title, sign, name, text) => button(null, {
    class: "action", "data-copy": name, click: async () => put(said, (await copyText(text())) ? "Copied" : "Could not copy"),
  }, icon(sign), title);
  return h("div", { class: "actions" },
    test.rerun ? copier("Re-run command", "copy", "rerun", () => test.rerun) : null,
    copier("Markdown", "copy", "markdown", () => markdown(entry, test, report.run)),
    copier("Link", "link", "link", () => `${location.href.split("#")[0]}${place({ t: entry.key })}`), said);
}

function diagnosis(entry, report) {
  if (entry.causes.length === 0) return null;
  const [first, ...others] = entry.causes;
  const kind = report.groups[first.group].kind;
  return h("section", { class: `diagnosis ${entry.outcome}`, "aria-label": "Cause", "data-cause": kind },
    h("p", { class: "kind" }, causeWord(kind)),
    h("p", { class: "sentence" }, prose(brief(first.text, 600))),
    others.length === 0 ? null : h("ul", { class: "also plain" }, firsts(others, 6, (cause) => h("li", {}, prose(brief(cause.text, 300)))),
      entry.further > 0 ? h("li", { class: "more" }, `${count(entry.further, "further cause")}: see the expectations`) : null));
}

function scenarioView(scenario, number, all, { entry, test, report, parts }) {
  const verdict = scenario.verdict ?? scenario.outcome;
  const red = isFailure(verdict);
  const messages = new Map((scenario.messages ?? []).map((message) => [message.id, message]));
  const causes = entry.causes.filter((cause) => cause.scenario === number || cause.scenario === null);
  const at = { scenario, number, messages, key: entry.key };
  const handles = scenario.handles ?? [];
  const replies = scenario.replies ?? [];
  const handleCard = (handle, index, first) => expectationView(handle, {
    ...at, index, first, denied: first && denied,
    cause: { kind: handle.cause?.kind ?? report.groups[causes.find((cause) => cause.part === "h" && cause.number === index)?.group]?.kind },
  });
  const reds = handles.map((handle, index) => [handle, index]).filter(([handle]) => isFailure(handle.verdict ?? handle.outcome) || handle.outcome === "pending");
  // A run that denies slowness fails by expectations that are only slow.
  const denied = reds.length === 0 && isFailure(entry.outcome);
  if (denied) handles.forEach((handle, index) => handle.outcome === "slow" && reds.push([handle, index]));
  const others = handles.map((handle, index) => [handle, index]).filter(([handle]) => !reds.some(([one]) => one === handle));
  const redReplies = replies.map((reply, index) => [reply, index]).filter(([reply]) => replyFailed(reply));
  const otherReplies = replies.map((reply, index) => [reply, index]).filter(([reply]) => !replyFailed(reply));
  // The evidence of the cause comes first, whichever of the two it is.
  const primary = causes[0];
  reds.sort(([, a], [, b]) => Number(primary?.part === "h" && b === primary.number) - Number(primary?.part === "h" && a === primary.number));
  const evidence = [redReplies.map(([reply, index]) => replyView(reply, { ...at, index })), reds.map(([handle, index]) => handleCard(handle, index, true))];
  if (primary?.part === "h") evidence.reverse();
  const redIds = new Set(reds.map(([handle]) => handle.id));
  const disorder = (scenario.order_violations ?? []).filter((one) => !redIds.has(one.first) && !redIds.has(one.second));
  const consequence = (primary?.part === "r" || primary?.part === "s") && reds.length > 0;
  const body = () => {
    const mine = () => {
      const { t } = state();
      return t === "" || t === entry.key;
    };
    const time = timelineView(scenario, number, report.run, mine);
    const cards = h("div", {});
    parts.followers.push(() => {
      time.follow?.();
      cards.querySelectorAll(".misses").forEach((panel) => panel.follow?.());
    });
    const quiet = [
      others.length > 0 ? h("section", { class: "rest" }, h("h3", { "data-field": "handles" }, reds.length > 0 ? "Other expectations" : "Expectations"), others.map(([handle, index]) => handleCard(handle, index, others.length === 1 && reds.length === 0))) : null,
      otherReplies.length > 0 ? h("section", { class: "rest" }, h("h3", { "data-field": "replies" }, "Replies"), otherReplies.map(([reply, index]) => replyView(reply, { ...at, index }))) : null,
      messages.size > 0 ? fold(messages.size === 1 ? "The message" : `All ${count(messages.size, "message")}`, () => h("div", {}, [...messages.values()].map((message) => fold(h("span", {}, bdi(brief(message.topic, 100), { class: "mono topic" }), " ", h("span", { class: "facts-line" }, messageFacts(message))), () => messageView(message), { class: "inner" }))), { class: "card all-messages" }) : null,
    ];
    // What a reply says of its failure itself need not be said above it.
    const told = scenario.error?.kind === "reply" && replies.some((reply) => reply.state === "reply_failed") && scenario.body_error === undefined;
    put(cards, told ? null : errorView(scenario), orderCard(disorder, at), consequence ? [evidence[0], time, evidence[1]] : [evidence, time], quiet, notes(scenario));
    return cards;
  };
  const solo = all === 1;
  const attributes = {
    class: "scenario", "data-scenario-name": scenario.name.slice(0, 2000), "data-outcome": scenario.outcome, "data-solo": String(solo), "data-verdict": verdict,
  };
  const failing = [...new Set(reds.filter(([handle]) => handle.outcome !== "pending").map(([handle]) => handle.transport).filter(Boolean))];
  const failingReply = redReplies.map(([reply]) => reply.response_transport).find(Boolean);
  const badges = [
    scenario.stage && failing.length > 0 ? h("span", { class: "badge red", "data-failing-transports": failing.join(" ") }, `failing on ${failing.join(", ")}`) : null,
    failingReply ? h("span", { class: "badge red", "data-failing-reply-response-transport": failingReply }, `reply failed on ${failingReply}`) : null,
    scenario.completed_normally === false && scenario.error === undefined ? h("span", { class: "badge", "data-field": "completed-flag" }, "did not come to its end") : null,
  ];
  if (solo) return h("section", attributes, scenario.stage || badges.some(Boolean) ? h("div", { class: "strip-row" }, strip(scenario), badges) : null, body());
  return fold(h("span", { class: "scenario-head" }, h("span", { class: `sign outcome-${verdict}` }, icon(verdict)), h("strong", {}, bdi(brief(scenario.name, 200))),
    h("span", { class: "facts-line" }, [OUTCOME_WORDS.get(verdict) ?? verdict, duration(scenario.duration_ms), count(handles.length, "expectation")].join(" · ")), badges),
  () => h("div", {}, strip(scenario), body()), { ...attributes, open: red || (number === 0 && !isFailure(entry.outcome)) });
}

function strip(scenario) {
  const { stage } = scenario;
  if (!stage) return null;
  const ids = Object.entries(stage.correlation_ids ?? {});
  return h("div", { class: "strip folds", "data-stage-transports": stage.transports.join(" "), "data-stage-bridge-class": stage.bridge_class },
    h("span", {}, "Stage"), stage.transports.map((name) => h("span", { class: "badge", "data-stage-transport": name }, bdi(brief(name, 64)))),
    ids.length === 0 ? null : h("details", { class: "inner" }, h("summary", {}, icon("right"), "Correlation ids"),
      h("dl", { class: "facts" }, ids.map(([name, id]) => h("div", { "data-stage-transport": name }, h("dt", {}, bdi(brief(name, 64))), h("dd", { class: "mono" }, bdi(brief(id, 80))))))));
}

function errorView(scenario) {
  const { error, body_error: bodyError } = scenario;
  if (error === undefined && bodyError === undefined) return null;
  return h("section", { class: "card red error-card" },
    h("header", { class: "card-head" }, h("span", { class: "sign outcome-error" }, icon("error")),
      h("span", { class: "card-title" }, h("h3", {}, error === undefined ? "The body of the scenario failed" : "The scenario could not go on"),
        h("span", { class: "facts-line" }, (scenario.transports ?? []).map((one) => [one.name === one.kind ? null : one.name, one.kind, one.endpoint].filter(Boolean).join(" ")).join(" · ")))),
    h("div", { class: "card-body" }, [error?.text, bodyError].filter(Boolean).map((text) => h("pre", { class: "error-text", tabindex: "0" }, bdi(longText(text, 1500))))));
}

function orderCard(violations, at) {
  if (violations.length === 0) return null;
  return h("section", { class: "card red" },
    h("header", { class: "card-head" }, h("span", { class: "sign outcome-fail" }, icon("fail")), h("h3", {}, "In the wrong order")),
    h("div", { class: "card-body" }, orderPanel(violations, at)));
}

function notes(scenario) {
  const found = [];
  if (scenario.messages_dropped > 0) found.push(`${count(scenario.messages_dropped, "message")} not kept: there were too many, or they were too large.`);
  if (scenario.surprises_dropped > 0) found.push(`${count(scenario.surprises_dropped, "message")} that nobody expected not kept: there were too many.`);
  if (scenario.handles?.some((handle) => handle.truncated)) found.push("At least one payload was longer than the report keeps.");
  if (scenario.handles?.some((handle) => handle.failures_dropped > 0)) found.push("Further near misses were not kept.");
  return found.map((text) => h("p", { class: "note" }, icon("warn"), text));
}

function leftovers(entry, test) {
  const pre = (text) => () => h("pre", { class: "output", tabindex: "0" }, longText(text, 20_000));
  const failureText = test.failure_text ?? (test.traceback || null);
  const bare = (test.scenarios ?? []).length === 0;
  const texts = [
    [test.failure_text ? "Failure text, as in the terminal" : "Traceback", failureText, bare && isFailure(entry.outcome)],
    ["Standard output", test.stdout, false], ["Standard error", test.stderr, false], ["Log", test.log, false],
  ];
  const summaries = (test.scenarios ?? []).filter((scenario) => !test.failure_text && scenario.summary_text && isFailure(scenario.outcome)).map((scenario) => [`Summary of ${brief(scenario.name, 80)}`, scenario.summary_text, false]);
  return h("section", { class: "leftovers", "aria-label": "Output" },
    test.skip_reason ? h("p", { class: "skip-reason" }, icon("skipped"), bdi(brief(test.skip_reason, 1000))) : null,
    [...texts, ...summaries].filter(([, text]) => text).map(([title, text, open]) => fold(title, pre(text), { class: "card", "data-capture": title, open })),
    fold("About this test", () => h("dl", { class: "facts wide" }, about(entry, test).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, bdi(brief(value, 600), { class: "mono" }))))), { class: "card", "data-field": "about-test" }));
}

function about(entry, test) {
  const ids = (test.scenarios ?? []).map((scenario) => scenario.correlation_id).filter(Boolean);
  return [
    ["Id", entry.nodeid], ["Package", test.package], ["Target", test.target], ["Started", test.started_at], ["Correlation id", ids.join(", ")],
    ["Process", test.process?.id], ["Worker", test.worker_id], ["Class", test.class], ["Markers", test.markers?.join(", ")], ["Run again", test.rerun],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
}

/** Brings the expectation or reply of the state into sight; of its event, the scenario. */
export function reveal(host, { x, e }) {
  for (const name of [x, e].filter((one) => one !== "")) {
    const scenario = host.querySelectorAll(".scenario")[scenarioOf(name)];
    // The only one of a test has no fold.
    scenario?.buildNow?.();
    scenario?.setAttribute("open", "");
  }
  const card = x === "" ? null : host.querySelector(`#${CSS.escape(`x-${x}`)}`);
  if (card === null) return false;
  if (card.tagName === "DETAILS") card.open = true;
  card.classList.add("pointed");
  card.scrollIntoView({ block: "start", behavior: "auto" });
  return true;
}
