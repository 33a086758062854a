// This run beside an earlier one, from a results.json that the reader gives.
//
// What counts as a change is what counts in `choreo report diff`: `src/diff.rs`.

import { bdi, firsts, h, icon, put } from "./dom.js";
import { link, nameIn } from "./state.js";
import { brief, count, duration, isFailure, moment } from "./text.js";

/** An expectation is slower if it took so many times as long, and so much longer. */
const ONE = { ratio: 1.5, floor: 5 };
/** A topic is, by the medians of at least so many expectations. */
const TOPIC = { ratio: 1.25, floor: 1, samples: 5 };

// A string, or a word that the Python tool writes for a number that JSON does not have: `src/read/lenient.rs`.
const STRING_OR_WORD = /"[^"\\]*(?:\\[^][^"\\]*)*"|(?:NaN|-?Infinity)(?=\s*(?:[,\]}]|$))/g;

// Where strict JSON cannot be read, such words are read as strings, and counted.
function parseLeniently(text, words) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const replaced = text.replace(STRING_OR_WORD, (token) => {
      if (token.startsWith('"')) return token;
      words.set(token, (words.get(token) ?? 0) + 1);
      return `"${token}"`;
    });
    if (words.size === 0) throw error;
    return JSON.parse(replaced);
  }
}

/**
 * Reads an earlier report, and tells of what was not read as it stands there. Says in plain words what is wrong with a
 * file that is none.
 */
export function readEarlier(text, name, tell) {
  const words = new Map();
  let report;
  try {
    report = parseLeniently(text, words);
  } catch (error) {
    throw new Error(`${name} is no JSON: ${error.message}`);
  }
  if (report === null || typeof report !== "object" || !Array.isArray(report.tests)) throw new Error(`${name} is no results.json of a test run: it has no list “tests”`);
  const broken = report.tests.findIndex((test) => test === null || typeof test !== "object" || typeof test.nodeid !== "string" || typeof test.outcome !== "string");
  if (broken >= 0) throw new Error(`${name}: tests[${broken}] has no nodeid or no outcome`);
  for (const [word, times] of words) tell(`${name}: ${word}, which JSON does not have, was read as the text “${word}”${times > 1 ? ` (${times})` : ""}`);
  return report;
}

// The expectations of an earlier test as the index of this page has them.
function handlesOf(test) {
  return (test.scenarios ?? []).flatMap((scenario, number) => {
    const only = scenario.transports?.length === 1 ? scenario.transports[0].name : "";
    return (scenario.handles ?? []).map((handle) => ({
      topic: handle.topic, transport: handle.transport ?? only, outcome: handle.outcome, latency: handle.latency_ms, scenario: number,
    }));
  });
}

// The expectations whose messages came, by what makes one the same in both runs.
function matched(handles) {
  const found = new Map();
  const seen = new Map();
  for (const handle of handles) {
    const place = `${handle.scenario}\n${handle.transport}\n${handle.topic}`;
    const nth = seen.get(place) ?? 0;
    seen.set(place, nth + 1);
    if ((handle.outcome === "pass" || handle.outcome === "slow") && typeof handle.latency === "number") found.set(`${nth}\n${place}`, handle);
  }
  return found;
}

function isSlower(before, after, { ratio, floor }) {
  return after > before * ratio && after - before > floor;
}

// The middle; of two the lower.
function median(latencies) {
  return latencies.sort((a, b) => a - b)[Math.floor((latencies.length - 1) / 2)];
}

/** What changed since an earlier report. Of several tests with one id the last counts. */
export function difference(rows, earlier) {
  const before = new Map(earlier.tests.map((test) => [test.nodeid, test]));
  const last = new Map(rows.map((row) => [row.nodeid, row]));
  const found = { broken: [], fixed: [], skipped: [], still: [], slower: [], topics: [], added: [], gone: [] };
  const topics = new Map();
  for (const row of rows) {
    if (last.get(row.nodeid) !== row) continue;
    const old = before.get(row.nodeid);
    const red = isFailure(row.outcome);
    if (old === undefined) {
      found.added.push({ row });
      if (red) found.broken.push({ row, text: "new, and fails" });
      continue;
    }
    const text = `was ${brief(old.outcome, 20)}`;
    if (isFailure(old.outcome)) found[red ? "still" : row.outcome === "skipped" ? "skipped" : "fixed"].push({ row, text });
    else if (red) found.broken.push({ row, text });
    slower(row, old, found.slower, topics);
  }
  for (const [nodeid, test] of before) if (!last.has(nodeid)) found.gone.push({ name: test.name ?? nodeid });
  found.slower.sort((a, b) => b.by - a.by);
  for (const { handle, pairs } of topics.values()) {
    const [then, now] = [0, 1].map((side) => median(pairs.map((pair) => pair[side])));
    if (pairs.length < TOPIC.samples || !isSlower(then, now, TOPIC)) continue;
    found.topics.push({ name: handle.topic, text: `${duration(then)} → ${duration(now)}${handle.transport === "" ? "" : ` on ${brief(handle.transport, 40)}`}, median of ${pairs.length}` });
  }
  return found;
}

function slower(row, old, found, topics) {
  const earlier = matched(handlesOf(old));
  for (const [key, handle] of matched(row.handles)) {
    const was = earlier.get(key);
    if (was === undefined) continue;
    const topic = `${handle.transport}\n${handle.topic}`;
    if (!topics.has(topic)) topics.set(topic, { handle, pairs: [] });
    topics.get(topic).pairs.push([was.latency, handle.latency]);
    const over = handle.outcome === "slow" && was.outcome !== "slow";
    if (!over && !isSlower(was.latency, handle.latency, ONE)) continue;
    found.push({
      row, x: nameIn(handle.scenario, `h${handle.number + 1}`), by: handle.latency / was.latency,
      text: `${duration(was.latency)} → ${duration(handle.latency)} on ${brief(handle.topic, 60)}${over ? ", over its budget now" : ""}`,
    });
  }
}

const SECTIONS = [
  ["broken", "New failures", "fail"], ["fixed", "Fixed", "pass"], ["slower", "Slower", "slow"], ["topics", "Slower topics", "slow"], ["still", "Still failing", "fail"],
  ["skipped", "Failed, now skipped", "skipped"], ["added", "Added", "info"], ["gone", "No longer there", "skipped"],
];

/** The page of the comparison. */
export function showComparison(host, found, earlier, choose) {
  if (found === null) {
    put(host, h("article", { class: "page", "data-page": "compare", "aria-labelledby": "compare-title" }, h("h2", { id: "compare-title" }, "Compare"),
      h("p", { class: "lead" }, "Drop an earlier results.json anywhere on this page, or choose one. It stays on this machine."), choose));
    return;
  }
  const when = earlier.run?.started_at ? ` of ${moment(earlier.run.started_at)}` : "";
  const commit = earlier.run?.git_sha ? `, commit ${brief(earlier.run.git_sha, 12)}` : "";
  put(host, h("article", { class: "page", "data-page": "compare", "aria-labelledby": "compare-title" },
    h("h2", { id: "compare-title" }, "Compared with the run", when, commit),
    h("p", { class: "lead", role: "status" }, `${count(found.broken.length, "new failure")}, ${found.fixed.length} fixed, ${found.slower.length} slower${found.topics.length > 0 ? `, ${count(found.topics.length, "slower topic")}` : ""}, ${found.still.length} still failing${found.skipped.length > 0 ? `, ${found.skipped.length} skipped instead of failing` : ""}.`),
    SECTIONS.map(([name, title, sign]) => (found[name].length === 0 ? null : h("section", { class: `change change-${name}`, "data-change": name, "data-count": found[name].length },
      h("h3", {}, icon(sign), `${title} `, h("span", { class: "size" }, found[name].length.toLocaleString("en-GB"))),
      h("ul", { class: "plain" }, firsts(found[name], 200, ({ row, text, x = "", name }) => h("li", {},
        row === undefined ? bdi(brief(name, 160)) : h("a", link({ t: row.key, page: "", x, n: "", e: "", m: "" }), bdi(brief(row.name, 160))),
        text ? h("span", { class: "facts-line" }, bdi(text)) : null)))))),
    h("p", {}, choose),
    h("p", { class: "note" }, "“Slower” means: a matched message took more than half as long again and over 5 ms more, or is over its budget now. A topic is slower if the median of its messages is, by more than a quarter and over 1 ms. So it is with choreo report diff.")));
}
