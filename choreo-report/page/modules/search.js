// Which tests the search box leaves: at once by the index, then by looking through the details.

import { mentions, parse, passes } from "./query.js";

/** How often a search that goes on shows what it has found. */
const TELL_MS = 250;

/** A running search. `changed` is called when details brought further tests. */
export class Search {
  constructor(report, changed) {
    this.report = report;
    this.changed = changed;
    this.text = null;
    this.query = parse("");
    this.deep = [];
    this.done = 1;
  }

  /** Looks for something else. */
  set(text) {
    if (text === this.text) return;
    this.text = text;
    this.query = parse(text);
    this.deep = this.query.words.map(() => new Set());
    this.done = this.query.words.length === 0 ? 1 : 0;
    if (this.done === 0) this.timer = this.lookDeeper(text);
  }

  async lookDeeper(text) {
    const alive = () => this.text === text;
    // A key pressed meanwhile makes this search one of the past.
    await new Promise((resume) => setTimeout(resume, 120));
    let told = performance.now();
    for (const [position, word] of this.query.words.entries()) {
      if (!alive()) return;
      const share = 1 / this.deep.length;
      await this.report.searchDetails(word.text, alive, (hits, part) => {
        hits.forEach((hit) => this.deep[position].add(hit));
        this.done = (position + part) * share;
        // Filtering a long list again for every chunk would take longer than the search.
        if (performance.now() - told < TELL_MS) return;
        this.changed();
        told = performance.now();
      });
    }
    if (!alive()) return;
    this.done = 1;
    this.changed();
  }

  /** Whether a test is among what was looked for, as far as is known by now. */
  has(row) {
    return passes(row, this.query, this.report.groups) && this.query.words.every(
      (word, position) => (mentions(row, word.text) || this.deep[position].has(row.index)) !== word.not,
    );
  }
}
