// The timeline of a scenario as a graph: who sent what where, and what caused what.
//
// Reports of version 1.4 say the cause of each event. Older ones do not: there it is inferred, only where topics
// and order leave one answer, and `inferred` says so.

/** The events of a scenario, ready to draw. */
export function timeline(scenario, run) {
  const entries = scenario.timeline ?? [];
  const known = entries.some((entry) => entry.parent !== undefined || entry.id !== undefined);
  const fallback = typeof run.transport === "string" && run.transport !== "unknown" ? run.transport : "";
  const single = scenario.transports?.length === 1 ? scenario.transports[0].name : fallback;
  const slow = new Set((scenario.handles ?? []).filter((handle) => handle.outcome === "slow").map((handle) => handle.id));
  const events = entries.map((entry, index) => ({
    ...entry,
    index,
    slow: entry.action === "matched" && entry.handle !== undefined && slow.has(entry.handle),
    id: entry.id ?? `e${index + 1}`,
    at: entry.offset_ms,
    transport: entry.transport ?? (entry.topic === undefined ? "" : single),
    given: entry.transport ?? "",
    // Version 1.3 says it of stages only, and so do the attributes.
    source: scenario.stage ? entry.source ?? "" : "",
    byReply: entry.source === "reply",
    lands: landing(entry, scenario),
  }));
  if (!known) infer(events);
  const byId = new Map(events.map((event) => [event.id, event]));
  for (const event of events) {
    const parent = byId.get(event.parent);
    event.cause = parent !== undefined && parent.index < event.index ? parent : null;
    event.depth = event.cause === null ? 0 : event.cause.depth + 1;
  }
  const transports = names(scenario, events);
  return { events, transports, inferred: !known && events.length > 0 };
}

function names(scenario, events) {
  const given = scenario.transports?.map((transport) => transport.name) ?? scenario.stage?.transports ?? [];
  const all = new Set(given);
  for (const event of events) if (event.topic !== undefined && event.transport !== "") all.add(event.transport);
  return all.size === 0 ? [""] : [...all];
}

// In single-transport timelines of older writers a reply stands on the topic of its trigger.
function landing(entry, scenario) {
  if (entry.action !== "replied" && entry.action !== "reply_failed") return entry.topic ?? "";
  if (entry.reply !== undefined || scenario.stage !== undefined) return entry.topic ?? "";
  const named = /^reply=(.*?)(?: error=.*)?$/.exec(entry.detail ?? "");
  return named === null ? entry.topic ?? "" : named[1];
}

function infer(events) {
  const same = (a, b) => a.lands === b.topic && a.transport === b.transport;
  const outgoing = (event) => event.action === "published" || event.action === "replied";
  for (const event of events) {
    const before = events.slice(0, event.index).reverse();
    let cause;
    if (event.action === "received" || event.action === "correlation_skipped") {
      cause = before.find((other) => outgoing(other) && same(other, event));
      const sent = before.filter(outgoing);
      // A message that nobody here sent came from the system under test; what moved it is sure only if one
      // message went out.
      if (cause === undefined && sent.length === 1) cause = sent[0];
    } else if (event.action === "matched" || event.action === "mismatched") {
      cause = before.find((other) => other.action === "received" && other.topic === event.topic && !/^reply/.test(other.detail ?? "") && other.source !== "reply");
    } else if (event.action === "replied" || event.action === "reply_failed") {
      const trigger = /^trigger=(.*)$/.exec(event.detail ?? "")?.[1] ?? event.topic;
      cause = before.find((other) => other.action === "received" && isForReply(other) && (other.topic === trigger || event.source === "reply"));
    }
    if (cause !== undefined) event.parent = cause.id;
  }
}

/** When a scenario of one act was triggered: with its first message, or what took its place. */
export function triggered(scenario) {
  return scenario.timeline?.find((entry) => entry.action === "published" || entry.action === "began")?.offset_ms ?? 0;
}

/** Whether a message was received by a reply of the test, not by an expectation. */
export function isForReply(event) {
  return event.byReply || /^reply:/.test(event.detail ?? "") || (event.reply !== undefined && event.action === "received");
}

/** Whether an event put a message on a transport. */
export function isOutgoing(event) {
  return event.action === "published" || event.action === "replied";
}

/** Whether a received message is one that the test itself sent to this topic. */
export function isEcho(event) {
  return event.cause !== null && isOutgoing(event.cause) && event.cause.lands === event.topic && event.cause.transport === event.transport;
}

/** The events that led to one, itself included. */
export function ancestors(event) {
  const line = new Set();
  for (let at = event; at !== null && at !== undefined; at = at.cause) line.add(at.id);
  return line;
}

const VERBS = new Map([
  ["published", "published"], ["received", "received"], ["matched", "matched"], ["mismatched", "near miss"],
  ["deadline", "deadline"], ["correlation_skipped", "other id, skipped"], ["replied", "replied"],
  ["reply_failed", "reply failed"], ["ready", "ready"], ["began", "began"], ["violation", "violated"], ["next_act", "next act"], ["error", "error"],
]);

// A message of another scenario is none of ours; one without an id may be the answer that is missing.
export function isIgnored(event) {
  return event.action === "correlation_skipped" && event.detail !== "" && !/^sha256:/.test(event.detail ?? "sha256:");
}

/** What happened, in a word or two. */
export function verb(event) {
  if (isIgnored(event)) return "ignored";
  return VERBS.get(event.action) ?? String(event.action ?? "").replaceAll("_", " ");
}

/** How an event is coloured. */
export function tone(event) {
  if (event.action === "matched") return event.slow || /\[SLOW /.test(event.detail ?? "") ? "slow" : "good";
  if (event.action === "mismatched" || event.action === "reply_failed" || event.action === "deadline") return "bad";
  if (event.action === "violation" || event.action === "error" || isIgnored(event)) return "bad";
  return "plain";
}
