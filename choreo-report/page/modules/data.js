// The report's data: an index of all tests, read at once, and their details in compressed chunks,
// read when someone looks.

const KEPT_CHUNKS = 24;

async function inflate(element) {
  const packed = atob(element.textContent.trim());
  const raw = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) raw[i] = packed.charCodeAt(i);
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
}

/** Reads the index. Its form is described where it is written: `src/html/index.rs`. */
export async function load() {
  const element = document.getElementById("choreo-index");
  if (element === null) throw new Error("this file has no index of tests: it was cut short while it was written");
  const all = JSON.parse(await inflate(element));
  const end = all.pop();
  const seen = new Map();
  const rows = all.map((cells, index) => row(cells, index, end, seen));
  return new Report(end, rows);
}

function row(cells, index, end, seen) {
  const [nodeid, name, file, outcome, ms, tags, transports, handles, causes, ids, chunk, word, further] = cells;
  const times = (seen.get(nodeid) ?? 0) + 1;
  seen.set(nodeid, times);
  const key = nodeid.length > 400 ? `row ${index}` : times === 1 ? nodeid : `${nodeid} (${times})`;
  return {
    index, key, nodeid, name, outcome, ms, chunk, ids,
    word: word ?? outcome,
    file: end.files[file],
    tags: tags.map((i) => end.tags[i]),
    transports: transports.map((i) => end.transports[i]),
    handles: handles.map(([topic, transport, verdict, latency, budget, scenario, number]) => ({
      topic: end.topics[topic], transport: transport === null ? "" : end.transports[transport],
      outcome: verdict, latency, budget, scenario, number,
    })),
    causes: causes.map(([group, scenario, part, number, text]) => ({ group, scenario, part, number, text })),
    // Causes that the index has no room for.
    further,
    text: null,
  };
}

class Report {
  constructor(end, rows) {
    this.run = end.run;
    this.version = end.schema_version;
    this.groups = end.groups.map(([kind, title, topic, path]) => ({ kind, title, topic, path }));
    this.chunks = end.chunks;
    this.rows = rows;
    this.byKey = new Map(rows.map((entry) => [entry.key, entry]));
    this.lines = new Map();
  }

  /** The test that a key of a link names. */
  find(key) {
    return this.byKey.get(key) ?? null;
  }

  /** The lines of a chunk, one test each, still as text. */
  async chunk(number) {
    if (!this.lines.has(number)) {
      const element = document.getElementById(`choreo-chunk-${number}`);
      if (element === null) throw new Error(`part ${number} of the details is missing in this file`);
      this.lines.set(number, inflate(element).then((text) => text.split("\n")));
      if (this.lines.size > KEPT_CHUNKS) this.lines.delete(this.lines.keys().next().value);
    }
    return this.lines.get(number);
  }

  /** Everything about one test. */
  async test(entry) {
    const lines = await this.chunk(entry.chunk);
    return JSON.parse(lines[entry.index - this.chunks[entry.chunk]]);
  }

  /**
   * Looks for a text in all details, chunk by chunk. Calls `found` with the rows of each chunk that hold it and
   * with the part that is done; stops when `alive` says so.
   */
  async searchDetails(text, alive, found) {
    const needle = text.toLowerCase();
    const escaped = JSON.stringify(needle).slice(1, -1);
    for (let number = 0; number < this.chunks.length; number += 1) {
      const lines = await this.chunk(number);
      if (!alive()) return;
      const hits = [];
      lines.forEach((line, position) => {
        if (line !== "" && line.toLowerCase().includes(escaped) && holds(JSON.parse(line), needle)) {
          hits.push(this.chunks[number] + position);
        }
      });
      found(hits, (number + 1) / this.chunks.length);
      // Let the page breathe, but not after every chunk: browsers stretch such pauses.
      if (number % 8 === 7) await new Promise((resume) => setTimeout(resume));
      if (!alive()) return;
    }
  }
}

// Below these, keys are the user's and count as text; elsewhere they are the format's.
const USERS_OWN = new Set(["payload", "actual", "expected", "headers", "metadata"]);

function holds(value, needle, own = false) {
  if (value === null || typeof value === "boolean") return false;
  if (typeof value !== "object") return String(value).toLowerCase().includes(needle);
  if (Array.isArray(value)) return value.some((item) => holds(item, needle, own));
  return Object.entries(value).some(
    ([key, item]) => (own && key.toLowerCase().includes(needle)) || holds(item, needle, own || USERS_OWN.has(key)),
  );
}
