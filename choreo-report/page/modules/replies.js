// What the test's own services did: one card per reply, as steps.

import { bdi, firsts, h, icon, prose } from "./dom.js";
import { diffLines } from "./difflines.js";
import { described } from "./misses.js";
import { fold, messageFacts, messageView, payloadView, readable } from "./payload.js";
import { nameIn, place } from "./state.js";
import { brief, count } from "./text.js";

const STEP_SHOWN = 120;

const STATES = new Map([
  ["replied", "replied"], ["reply_failed", "failed"], ["armed_no_match", "was never asked"],
  ["armed_matcher_mismatched", "was asked, but with messages it does not answer"],
]);

/** Whether a reply is part of why a test is red. */
export function replyFailed(reply) {
  return reply.state === "reply_failed" || (reply.required === true && reply.state !== "replied");
}

/** The card of one reply. `at` is `{ scenario, number, index, key, messages }`. */
export function replyView(reply, at) {
  const failed = replyFailed(reply);
  const name = nameIn(at.number, reply.id ?? `r${at.index + 1}`);
  const stage = at.scenario.stage !== undefined;
  const head = [
    h("span", { class: `sign outcome-${failed ? "fail" : reply.state === "replied" ? "pass" : "skipped"}` }, icon(failed ? "fail" : reply.state === "replied" ? "pass" : "skipped")),
    h("span", { class: "card-title" },
      h(failed ? "h3" : "span", {}, bdi(brief(reply.trigger_topic, 120), { class: "mono topic" }), " → ", bdi(brief(reply.reply_topic, 120), { class: "mono topic" })),
      h("span", { class: "facts-line" }, `reply ${STATES.get(reply.state) ?? reply.state}`,
        transports(reply))),
  ];
  const attributes = {
    class: `card reply ${failed ? "red" : ""}`, id: `x-${name}`, "data-state": reply.state, "data-trigger-topic": reply.trigger_topic.slice(0, 2000),
    "data-reply-topic": reply.reply_topic.slice(0, 2000), "data-reply-publish-failed": stage ? String(reply.match_count > 0 && !reply.reply_published) : null,
  };
  const build = () => h("div", { class: "card-body" }, steps(reply), error(reply), unanswered(reply, at), misses(reply, at), messages(reply, at));
  if (!failed) return fold(h("span", { class: "card-head" }, head), build, attributes);
  return h("section", attributes, h("header", { class: "card-head" }, head,
    h("a", { class: "anchor", href: place({ t: at.key, x: name }), "aria-label": `Link to the reply on ${brief(reply.trigger_topic, 80)}` }, icon("link"))), build());
}

function transports({ trigger_transport: from, response_transport: to }) {
  if (from && from === to) return h("span", { class: "badge", "data-reply-trigger-transport": from, "data-reply-response-transport": to }, brief(from, 40));
  return [
    from ? h("span", { class: "badge", "data-reply-trigger-transport": from }, brief(from, 40)) : null,
    to ? h("span", { class: "badge", "data-reply-response-transport": to }, brief(to, 40)) : null,
  ];
}

// Errors of an answer that was built already. Reports that do not say where a reply failed have only their names.
const UNSENT = new Set(["TransportError", "Elapsed", "NoReplyAddress"]);

/** The step at which a reply failed, if it did: `build` or `send`. */
function failedAt(reply) {
  if (reply.state !== "reply_failed") return null;
  const isSend = reply.failed_at === undefined ? UNSENT.has(reply.builder_error) : reply.failed_at === "send";
  return isSend ? "send" : "build";
}

function steps(reply) {
  const failed = failedAt(reply);
  const built = failed === "send" || reply.reply_published;
  const why = reply.builder_error ?? "";
  const answers = reply.answers > 1 ? count(reply.answers, "answer") : "";
  const list = [
    ["asked", reply.candidate_count > 0 ? "ok" : "no", count(reply.candidate_count, "message")],
    ["accepted", reply.match_count > 0 ? "ok" : reply.candidate_count > 0 ? "no" : "na", reply.matcher_description || "any"],
    ["built the answer", failed === "build" ? "failed" : built ? "ok" : "na", failed === "build" ? why : ""],
    ["sent", failed === "send" ? "failed" : reply.reply_published ? "ok" : "skipped", failed === "send" ? why : answers],
  ];
  const signs = new Map([["ok", "pass"], ["no", "fail"], ["failed", "fail"], ["skipped", "skipped"], ["na", "skipped"]]);
  return h("ol", { class: "steps plain" }, list.map(([name, status, text]) => h("li", { class: `life ${status}`, "data-stage-status": status },
    icon(signs.get(status)), h("span", {}, h("strong", {}, name), text ? h("span", { class: "facts-line" }, prose(brief(text, STEP_SHOWN))) : null))));
}

function error(reply) {
  const text = reply.error_text ?? (reply.state === "reply_failed" ? reply.builder_error : undefined);
  // The step that failed says it already.
  const said = reply.state === "reply_failed" && reply.builder_error?.length <= STEP_SHOWN && text.includes(reply.builder_error);
  return text && !said ? h("pre", { class: "error-text" }, bdi(brief(text, 2000))) : null;
}

// What it was asked with when it could not build its answer: the reason is in there.
function culprit(reply, at) {
  const message = failedAt(reply) === "build" ? at.messages.get(reply.trigger_messages?.at(-1)) : undefined;
  return message?.payload === undefined ? undefined : message;
}

function unanswered(reply, at) {
  const message = culprit(reply, at);
  if (message === undefined) return null;
  // Where in it, if the reason says that.
  const path = /: `([^`]{1,200})` is /.exec(reply.builder_error ?? "")?.[1];
  return [h("div", { class: "miss-head" }, h("p", { class: "sub4" }, "The message that it could not answer"), h("span", { class: "facts-line" }, bdi(messageFacts(message)))),
    payloadView(readable(message), new Map(path === undefined ? [] : [[path, "mark-wrong"]]))];
}

function misses(reply, at) {
  const [closest, ...others] = reply.near_misses ?? [];
  if (closest?.differences === undefined) return null;
  const message = (miss) => (at.messages.has(miss.message) ? fold("Message", () => messageView(at.messages.get(miss.message)), { class: "inner" }) : null);
  const lines = (miss) => diffLines((miss.differences ?? []).map(described));
  const unkept = (reply.near_miss_count ?? 0) - reply.near_misses.length;
  return [h("p", { class: "sub4" }, "Closest message that it did not answer"), lines(closest), message(closest),
    others.length > 0 ? fold(`and ${count(others.length, "more", "more")} that it did not answer`, () => h("div", {}, others.map((miss) => [lines(miss), message(miss)])), { class: "inner" }) : null,
    unkept > 0 ? h("p", { class: "note" }, icon("info"), `${count(unkept, "further near miss", "further near misses")} not kept.`) : null];
}

function messages(reply, at) {
  const shown = culprit(reply, at);
  const list = (ids) => (ids ?? []).map((id) => at.messages.get(id)).filter((message) => message !== undefined && message !== shown);
  const shownOf = (title, ids) => firsts(list(ids), 20, (message) => fold(`${title}: ${messageFacts(message)}`, () => messageView(message), { class: "inner" }), "span");
  return h("div", { class: "folds" }, shownOf("Asked with", reply.trigger_messages), shownOf("Answered with", reply.response_messages));
}
