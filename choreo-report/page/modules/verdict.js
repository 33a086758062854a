// The head of the page: the verdict sentence, the counts, what the run was, and what is not whole about it.

import { bdi, h, icon, put, styled } from "./dom.js";
import { brief, count, duration, moment } from "./text.js";

const ORDER = ["failed", "errored", "slow", "passed", "skipped"];

/** The outcomes of all tests, counted from the list and not taken from what the file says of itself. */
export function tally(rows) {
  const counts = new Map(ORDER.map((name) => [name, 0]));
  for (const row of rows) counts.set(row.outcome, (counts.get(row.outcome) ?? 0) + 1);
  return counts;
}

/** What changes in the head once the script runs. */
export function showVerdict(report) {
  const verdict = document.getElementById("verdict");
  document.title = [verdict.textContent, report.run.project_name].filter(Boolean).join(" · ");
  const tone = ["red", "green"].find((name) => verdict.classList.contains(name)) ?? "empty";
  const colour = new Map([["red", "%23c8361d"], ["green", "%232e7d4f"], ["empty", "%23777"]]).get(tone);
  document.getElementById("favicon").setAttribute("href", `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='${colour}'/></svg>`);
  document.querySelectorAll(".run-line time").forEach((time) => put(time, moment(time.getAttribute("datetime"))));
  const counts = tally(report.rows);
  const bar = document.getElementById("proportion");
  const total = report.rows.length;
  put(bar, ORDER.filter((name) => counts.get(name) > 0).map((name) => styled(h("span", { class: `part part-${name}` }), { "flex-grow": String(Math.max(counts.get(name), total / 150)) })));
}

/** Shows a banner above the list. Returns it. */
export function banner(text, kind = "warn") {
  const shown = h("p", { class: `banner ${kind}`, role: kind === "bad" ? "alert" : "status" }, icon(kind === "warn" ? "warn" : "info"), h("span", {}, bdi(text)));
  document.getElementById("banners").append(shown);
  return shown;
}

/** The page about the run itself. */
export function showRun(host, report) {
  const { run } = report;
  const flat = (value) => (Array.isArray(value) ? value.join(" ") : typeof value === "object" && value !== null ? Object.entries(value).map(([name, part]) => `${name} ${part}`).join(", ") : value);
  const rows = [
    ["Project", run.project_name], ["Started", run.started_at && moment(run.started_at)], ["Took", duration(run.duration_ms)],
    ["Command", flat(run.command_line)], ["Commit", run.git_sha && `${run.git_sha}${run.git_dirty ? ", with changes that are not committed" : ""}`], ["Branch", run.git_branch],
    ["Environment", run.environment], ["Transports", run.transports?.join(", ") ?? run.transport], ["Machine", [run.hostname, run.os, run.arch, run.cpus && count(run.cpus, "CPU")].filter(Boolean).join(", ")],
    ["Toolchain", run.toolchain], ["Python", run.python_version], ["Choreo", run.harness_version], ["Reporter", run.reporter_version], ["Report version", report.version],
    ["Seed", run.seed], ["Slow policy", run.slow_policy], ["Processes", flat(run.processes)], ["Workers", flat(run.xdist)],
    ["Redacted", run.redactions && `${count(run.redactions.fields ?? 0, "field")}, ${count(run.redactions.stream_matches ?? 0, "text match", "text matches")}`],
    ["Redaction rules", flat(run.redactions?.rules)],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
  const ci = run.ci;
  put(host, h("article", { class: "page", "data-page": "run", "aria-labelledby": "run-title" }, h("h2", { id: "run-title" }, "This run"),
    h("dl", { class: "facts wide", "data-field": "about" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, bdi(brief(value, 2000))))),
      ci ? h("div", {}, h("dt", {}, "CI"), h("dd", {}, /^https?:\/\//i.test(ci.url ?? "") ? h("a", { href: ci.url, rel: "noreferrer" }, brief(`${ci.provider ?? "CI"} ${ci.job ?? ""} ${ci.run_id ?? ""}`, 200)) : brief(flat(ci), 400))) : null)));
}
