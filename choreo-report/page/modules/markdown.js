// A test as Markdown, for an issue or a message to a colleague.

import { nearMisses } from "./misses.js";
import { brief, caseRow, count, duration, inline, isFailure, offset } from "./text.js";

function code(text) {
  const runs = [...String(text).matchAll(/`+/g)].map((run) => run[0].length);
  const fence = "`".repeat(Math.max(0, ...runs) + 1);
  return fence.length === 1 ? `\`${text}\`` : `${fence} ${text} ${fence}`;
}

function block(text) {
  const runs = [...String(text).matchAll(/`{3,}/g)].map((run) => run[0].length);
  const fence = "`".repeat(Math.max(2, ...runs) + 1);
  return `${fence}text\n${text}\n${fence}`;
}

// What an issue has room for.
const CAUSES = 10;
const DIFFERENCES = 30;
const EVENTS = 20;

const more = (number) => `and ${count(number, "more", "more").replace("\u00a0", " ")}`;

const cell = (text) => code(text).replaceAll("|", "\\|");

/** The Markdown of a test: `entry` is its row of the index, `test` its details. */
export function markdown(entry, test, run) {
  const lines = [`### ${code(brief(entry.name, 300))}: ${entry.word}`, ""];
  const where = test.location ? `${test.location.file}:${test.location.line}` : test.file;
  const facts = [where, caseRow(test), duration(test.duration_ms).replace("\u00a0", " "), run.git_sha ? `at ${run.git_sha.slice(0, 12)}` : "", run.git_branch ?? ""];
  lines.push(facts.filter(Boolean).join(", "), "");
  for (const cause of entry.causes.slice(0, CAUSES)) lines.push(`**${cause.text.replaceAll("*", "\\*")}**`, "");
  const causes = entry.causes.length + entry.further - CAUSES;
  if (causes > 0) lines.push(more(causes), "");
  for (const scenario of test.scenarios ?? []) {
    const messages = new Map((scenario.messages ?? []).map((message) => [message.id, message]));
    for (const handle of scenario.handles ?? []) {
      if (!isFailure(handle.verdict ?? handle.outcome)) continue;
      lines.push(`Expected on ${code(brief(handle.topic, 200))}: ${code(brief(handle.matcher_description, 300))}`, "");
      const closest = nearMisses(handle, messages)[0];
      if (closest?.differences.length > 0) {
        lines.push("| field | expected | received |", "|---|---|---|");
        for (const difference of closest.differences.slice(0, DIFFERENCES)) {
          lines.push(`| ${cell(difference.path)} | ${cell(difference.expectedText ?? inline(difference.expected, 200))} | ${difference.kind === "missing" ? "missing" : cell(difference.actualText ?? inline(difference.actual, 200))} |`);
        }
        lines.push("");
        if (closest.differences.length > DIFFERENCES) lines.push(more(closest.differences.length - DIFFERENCES), "");
      }
    }
    if (scenario.timeline?.length > 0 && isFailure(scenario.verdict ?? scenario.outcome)) {
      const all = scenario.timeline.length;
      const events = scenario.timeline.slice(-EVENTS).map((event) => `${offset(event.offset_ms).replace("\u00a0", " ").padStart(10)}  ${event.action.padEnd(12)} ${event.topic ?? ""}${event.transport ? ` [${event.transport}]` : ""}  ${event.detail ?? ""}`.trimEnd());
      lines.push(`<details><summary>timeline${all > EVENTS ? `, the last ${EVENTS} of ${all} events` : ""}</summary>`, "", block(events.join("\n")), "", "</details>", "");
    }
  }
  if (test.rerun) lines.push("Run it again:", "", block(test.rerun).replace("```text", "```sh"), "");
  return lines.join("\n");
}
