// Words and numbers for people. Knows nothing of the document.

const UNITS = [
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
  [1, "ms"],
  [0.001, "µs"],
];

/** A duration in milliseconds with three digits and its unit: `433 µs`, `16.2 ms`, `1.2 s`. */
export function duration(ms) {
  if (typeof ms !== "number" || !Number.isFinite(ms)) return "–";
  if (ms === 0) return "0";
  const size = Math.abs(ms);
  const [scale, unit] = UNITS.find(([least]) => size >= least) ?? UNITS[UNITS.length - 1];
  const value = ms / scale;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${trimZeros(value.toFixed(digits))}\u00a0${unit}`;
}

/** A point on a timeline: `+433 µs`. */
export function offset(ms) {
  return ms === 0 ? "0" : `+${duration(ms)}`;
}

function trimZeros(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** `1 message`, `3 messages`; thousands are set apart. */
export function count(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en-GB")}\u00a0${number === 1 ? noun : plural}`;
}

/** A size in bytes. */
export function bytes(size) {
  if (size < 1024) return count(size, "byte");
  if (size < 1024 * 1024) return `${trimZeros((size / 1024).toFixed(1))}\u00a0KiB`;
  return `${trimZeros((size / 1024 / 1024).toFixed(1))}\u00a0MiB`;
}

// What would be invisible, or would turn the text around it: control characters, the marks that
// override the direction of text, and halves of surrogate pairs.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** The same text with what cannot be seen made visible. */
export function visible(value) {
  const text = typeof value === "string" ? value : String(value ?? "");
  const whole = text.isWellFormed?.() === false ? text.toWellFormed() : text;
  return whole.replace(UNSEEN, (c) => {
    const code = c.codePointAt(0);
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** At most `most` characters, with an ellipsis where something is left out; one line. */
export function brief(value, most = 160) {
  let text = typeof value === "string" ? value : String(value ?? "");
  const cut = text.length > most;
  if (cut) text = text.slice(0, most);
  text = visible(text.replace(/\s+/g, " "));
  return cut ? `${text}…` : text;
}

/** A JSON value on one line, shortened. */
export function inline(value, most = 160) {
  if (value === undefined) return "nothing";
  let text;
  if (typeof value === "string") {
    text = JSON.stringify(value.length > most ? value.slice(0, most) : value);
    return value.length > most ? `${visible(text).slice(0, -1)}…` : visible(text);
  }
  text = JSON.stringify(value);
  return brief(text, most);
}

/** The name of a JSON value's type, as a person says it. */
export function typeName(value) {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "list";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** A local date and time. */
export function moment(text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return brief(text, 60);
  return time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export const OUTCOME_WORDS = new Map([
  ["passed", "passed"],
  ["slow", "slow"],
  ["failed", "failed"],
  ["errored", "error"],
  ["skipped", "skipped"],
  ["pass", "pass"],
  ["fail", "fail"],
  ["timeout", "timeout"],
  ["error", "error"],
  ["pending", "open"],
]);

/** What the kinds of causes are called. */
export const CAUSE_WORDS = new Map([
  ["routing", "Nothing arrived"],
  ["wrong_value", "Wrong value"],
  ["wrong_type", "Wrong type"],
  ["missing_field", "Missing field"],
  ["late", "Too late"],
  ["duplicate", "Duplicate"],
  ["wrong_order", "Wrong order"],
  ["too_few", "Too few"],
  ["forbidden", "Forbidden message"],
  ["reply_failed", "Reply failed"],
  ["broker_lost", "Broker lost"],
  ["publish_failed", "Publish failed"],
  ["interrupted", "Interrupted"],
  ["over_budget", "Over budget"],
  ["skipped", "Skipped"],
  ["other", "Failed"],
]);

/** The row of values of a test, in the words of the failure text; nothing if it is not data-driven. */
export function caseRow(test) {
  if (!test.case) return "";
  const { number, row, file, line } = test.case;
  return row === undefined ? `case: number ${number}, at ${file}:${line}` : `case: row ${row} of ${file}, line ${line}`;
}

/** Whether an outcome, of a test or of a scenario, makes a run red. */
export function isFailure(outcome) {
  return outcome === "failed" || outcome === "errored" || outcome === "fail" || outcome === "timeout" || outcome === "error";
}
