// This run beside an earlier one, from a results.json that the reader gives.

import { bdi, h, icon, put } from "./dom.js";
import { address } from "./state.js";
import { brief, count, duration, isFailure, moment } from "./text.js";

/** Half as slow again, and by more than a millisecond: less is noise. */
const SLOWER = 1.5;
const NOISE_MS = 1;

/** Reads an earlier report. Says in plain words what is wrong with a file that is none. */
export function readEarlier(text, name) {
  let report;
  try {
    report = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is no JSON: ${error.message}`);
  }
  if (report === null || typeof report !== "object" || !Array.isArray(report.tests)) throw new Error(`${name} is no results.json of a test run: it has no list “tests”`);
  const broken = report.tests.findIndex((test) => test === null || typeof test !== "object" || typeof test.nodeid !== "string" || typeof test.outcome !== "string");
  if (broken >= 0) throw new Error(`${name}: tests[${broken}] has no nodeid or no outcome`);
  return report;
}

/** What changed since an earlier report. */
export function difference(rows, earlier) {
  const before = new Map();
  for (const test of earlier.tests) if (!before.has(test.nodeid)) before.set(test.nodeid, test);
  const found = { broken: [], fixed: [], still: [], slower: [], added: [], gone: [] };
  const seen = new Set();
  for (const row of rows) {
    seen.add(row.nodeid);
    const old = before.get(row.nodeid);
    const red = isFailure(row.outcome);
    if (old === undefined) {
      found.added.push({ row });
      if (red) found.broken.push({ row, text: "new, and fails" });
      continue;
    }
    if (red && isFailure(old.outcome)) found.still.push({ row });
    else if (red) found.broken.push({ row, text: `was ${brief(old.outcome, 20)}` });
    else if (isFailure(old.outcome) && row.outcome !== "skipped") found.fixed.push({ row, text: `was ${brief(old.outcome, 20)}` });
    const late = slowest(row, old);
    if (late !== null) found.slower.push({ row, text: `${duration(late.old)} → ${duration(late.now)} on ${brief(late.topic, 60)}`, by: late.now / late.old });
  }
  for (const [nodeid, test] of before) if (!seen.has(nodeid)) found.gone.push({ name: test.name ?? nodeid });
  found.slower.sort((a, b) => b.by - a.by);
  return found;
}

// The expectation that became slower by the largest factor.
function slowest(row, old) {
  const earlier = new Map();
  (old.scenarios ?? []).forEach((scenario, s) => (scenario.handles ?? []).forEach((handle, i) => earlier.set(`${s} ${i} ${handle.topic}`, handle)));
  let worst = null;
  for (const handle of row.handles) {
    const was = earlier.get(`${handle.scenario} ${handle.number} ${handle.topic}`);
    if (was === undefined || ![handle.outcome, was.outcome].every((outcome) => outcome === "pass" || outcome === "slow")) continue;
    const [then, now] = [was.latency_ms, handle.latency];
    if (!(then > 0) || !(now >= then * SLOWER) || now - then < NOISE_MS) continue;
    if (worst === null || now / then > worst.now / worst.old) worst = { old: then, now, topic: handle.topic };
  }
  return worst;
}

const SECTIONS = [
  ["broken", "New failures", "fail"], ["fixed", "Fixed", "pass"], ["slower", "Slower", "slow"], ["still", "Still failing", "fail"], ["added", "Added", "info"], ["gone", "No longer there", "skipped"],
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
    h("p", { class: "lead", role: "status" }, `${count(found.broken.length, "new failure")}, ${found.fixed.length} fixed, ${found.slower.length} slower, ${found.still.length} still failing.`),
    SECTIONS.map(([name, title, sign]) => (found[name].length === 0 ? null : h("section", { class: `change change-${name}`, "data-change": name, "data-count": found[name].length },
      h("h3", {}, icon(sign), `${title} `, h("span", { class: "size" }, found[name].length.toLocaleString("en-GB"))),
      h("ul", { class: "plain" }, found[name].slice(0, 200).map(({ row, text, name: gone }) => h("li", {},
        row === undefined ? bdi(brief(gone, 160)) : h("a", { href: address({ t: row.key, page: "", x: "", n: "", e: "", m: "" }) }, bdi(brief(row.name, 160))),
        text ? h("span", { class: "facts-line" }, bdi(text)) : null)),
      found[name].length > 200 ? h("li", {}, `and ${count(found[name].length - 200, "more")}`) : null)))),
    h("p", {}, choose),
    h("p", { class: "note" }, "“Slower” means: a matched message took at least half as long again, and over a millisecond more.")));
}
