// The language of the search box: words, and filters such as `topic:orders` or `slower:20ms`.

const UNITS = new Map([["us", 0.001], ["µs", 0.001], ["ms", 1], ["s", 1000], ["", 1]]);
export const FILTERS = ["topic", "outcome", "transport", "tag", "slower", "cause", "file", "id"];

/** Takes a query apart. What it cannot read is said in `problems`. */
export function parse(text) {
  const filters = [];
  const words = [];
  const problems = [];
  for (const [, minus, name, quoted, bare] of text.matchAll(/(-?)(?:(\w+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = quoted ?? bare;
    const known = name !== undefined && FILTERS.includes(name.toLowerCase());
    if (!known) {
      const word = (name === undefined ? "" : `${name}:`) + value;
      if (word !== "") words.push({ text: word.toLowerCase(), not: minus === "-" });
    } else if (name.toLowerCase() === "slower") {
      const match = /^([\d.]+)\s*(us|µs|ms|s)?$/i.exec(value);
      if (match === null || Number.isNaN(Number(match[1]))) problems.push(`slower:${value} is no duration; write slower:20ms`);
      else filters.push({ name: "slower", value: Number(match[1]) * UNITS.get((match[2] ?? "").toLowerCase()), not: minus === "-" });
    } else {
      filters.push({ name: name.toLowerCase(), value: value.toLowerCase(), not: minus === "-" });
    }
  }
  return { filters, words, problems, empty: filters.length === 0 && words.length === 0 };
}

/** The value of a filter that looks for `text`: between quotes there is no quote, so the longest part without one. */
export function quoted(text) {
  if (!/^$|[\s"]/.test(text)) return text;
  const parts = text.split('"').sort((one, other) => other.length - one.length);
  return `"${parts[0]}"`;
}

const SAME_OUTCOME = new Map([
  ["fail", "failed"], ["error", "errored"], ["pass", "passed"], ["skip", "skipped"],
]);

function outcomeMatches(row, value) {
  return row.outcome === (SAME_OUTCOME.get(value) ?? value) || row.word === value;
}

const TESTS = new Map([
  ["topic", (row, value) => row.handles.some((handle) => handle.topic.toLowerCase().includes(value))
    || row.ids.some((id) => id.startsWith("topic ") && id.slice(6).toLowerCase().includes(value))],
  ["outcome", (row, value) => value.split(",").some((one) => outcomeMatches(row, one))],
  ["transport", (row, value) => row.transports.some((name) => name.toLowerCase().includes(value))],
  ["tag", (row, value) => row.tags.some((tag) => tag.toLowerCase().includes(value))],
  ["slower", (row, value) => row.handles.some((handle) => handle.latency > value)],
  ["file", (row, value) => row.file.toLowerCase().includes(value)],
  ["id", (row, value) => row.ids.some((id) => id.toLowerCase().includes(value))],
]);

/** Whether a test passes the filters of a query. */
export function passes(row, query, groups) {
  return query.filters.every(({ name, value, not }) => {
    const is = name === "cause"
      ? row.causes.some((cause) => groups[cause.group].kind.replaceAll("_", "-").includes(value.replaceAll("_", "-")))
      : TESTS.get(name)(row, value);
    return is !== not;
  });
}

/** Whether the index alone shows that a test holds a word. */
export function mentions(row, word) {
  row.text ??= [
    row.nodeid, row.name, row.file, row.outcome, row.word, ...row.tags, ...row.transports, ...row.ids,
    ...row.handles.map((handle) => handle.topic),
    // As it was written, and as it is shown.
    ...row.causes.flatMap(({ text }) => [text, text.replaceAll("`", "")]),
  ].join("\n").toLowerCase();
  return row.text.includes(word);
}
