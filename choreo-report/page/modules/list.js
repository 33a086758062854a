// The list of tests: failures grouped by cause, then what was slow, what passed, what was skipped.
// Only the rows in sight are in the document.

import { bdi, button, h, icon, prose, put, styled } from "./dom.js";
import { mark } from "./highlight.js";
import { link } from "./state.js";
import { CAUSE_WORDS, OUTCOME_WORDS, brief, duration } from "./text.js";

const HEIGHTS = { section: 38, group: 66, file: 30, test: 34 };
const SPARE = 400;
// So many tests are all in sight, or nearly: nothing is gained by folding those that passed.
const FEW = 40;
const SECTIONS = [
  ["red", "Failures by cause", (row) => row.outcome === "failed" || row.outcome === "errored"],
  ["slow", "Slow", (row) => row.outcome === "slow"],
  ["passed", "Passed", (row) => row.outcome === "passed"],
  ["skipped", "Skipped", (row) => row.outcome === "skipped"],
];

/** The list in `host`; `noun` is what one test is called. */
export class TestList {
  constructor(host, report, noun) {
    this.report = report;
    this.noun = noun;
    this.open = new Map();
    this.items = [];
    this.tops = [0];
    this.selected = null;
    this.focusKey = null;
    this.sizer = h("ul", { class: "rows", role: "list" });
    this.scroller = h("div", { class: "scroller", "data-field": "list" }, this.sizer);
    put(host, this.scroller);
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
  }

  /** Shows the tests that `has` leaves. */
  show(has, filtered) {
    this.filtered = filtered;
    this.rows = this.report.rows.filter(has);
    this.arrange();
  }

  arrange() {
    const items = [];
    const rows = this.rows;
    const red = rows.some(SECTIONS[0][2]);
    for (const [name, title, belongs] of SECTIONS) {
      const mine = rows.filter(belongs);
      if (mine.length === 0) continue;
      const first = red ? name === "red" : true;
      const opened = this.open.get(name) ?? (first || this.filtered || name === "slow" || (this.report.rows.length <= FEW && !matchMedia("(max-width: 760px)").matches));
      items.push({ kind: "section", name, title, size: mine.length, opened });
      if (!opened) continue;
      if (name === "red" || name === "slow") this.byCause(mine, items);
      else this.byFile(mine, items, name);
    }
    this.items = items;
    this.tops = [0];
    for (const item of items) this.tops.push(this.tops[this.tops.length - 1] + HEIGHTS[item.kind]);
    const height = `${this.tops[this.tops.length - 1]}px`;
    styled(this.sizer, { height });
    styled(this.scroller.parentElement, { "--content": height });
    this.range = null;
    this.draw();
  }

  byCause(rows, items) {
    const groups = new Map();
    for (const row of rows) {
      const number = row.causes[0]?.group ?? -1;
      if (!groups.has(number)) groups.set(number, []);
      groups.get(number).push(row);
    }
    // What most tests suffer from comes first; between equals, what came first.
    for (const [number, members] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
      const id = `group ${number}`;
      const opened = this.open.get(id) ?? true;
      items.push({ kind: "group", name: id, group: this.report.groups[number], size: members.length, opened });
      if (opened) members.forEach((row) => items.push({ kind: "test", row }));
    }
  }

  byFile(rows, items, section) {
    const files = new Map();
    for (const row of rows) {
      if (!files.has(row.file)) files.set(row.file, []);
      files.get(row.file).push(row);
    }
    for (const [file, members] of files) {
      const id = `${section} ${file}`;
      const opened = this.open.get(id) ?? true;
      if (files.size > 1) items.push({ kind: "file", name: id, file, size: members.length, opened });
      if (opened) members.forEach((row) => items.push({ kind: "test", row }));
    }
  }

  at(y) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  draw() {
    const { scrollTop, clientHeight } = this.scroller;
    // A page that is printed, or not laid out yet, still shows its beginning.
    const from = this.at(Math.max(0, scrollTop - SPARE));
    const to = Math.min(this.items.length, this.at(scrollTop + Math.max(clientHeight, 600) + SPARE) + 1);
    const range = `${from} ${to} ${this.selected?.key}`;
    if (this.range === range) return;
    this.range = range;
    const held = this.sizer.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    put(this.sizer, this.items.slice(from, to).map((item, position) => this.element(item, from + position)));
    mark(this.sizer);
    if (held !== null) this.sizer.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  element(item, position) {
    const key = item.kind === "test" ? `test ${item.row.index}` : item.name;
    const content = item.kind === "test" ? this.test(item.row, key) : this.fold(item, key);
    return styled(h("li", { class: `row row-${item.kind}` }, content), {
      top: `${this.tops[position]}px`, height: `${HEIGHTS[item.kind]}px`,
    });
  }

  fold(item, key) {
    const toggle = () => {
      this.open.set(item.name, !item.opened);
      this.arrange();
    };
    const size = h("span", { class: "size" }, item.size.toLocaleString("en-GB"));
    const arrow = icon(item.opened ? "down" : "right");
    const attributes = { click: toggle, "aria-expanded": String(item.opened), "data-key": key };
    if (item.kind === "section") {
      return button(null, { ...attributes, class: `fold section section-${item.name}` }, h("span", { class: "title" }, item.title), size, arrow);
    }
    if (item.kind === "file") {
      return button(null, { ...attributes, class: "fold file" }, arrow, bdi(brief(item.file || "no file"), { class: "title mono" }), size);
    }
    const kind = item.group?.kind ?? "other";
    return button(null, { ...attributes, class: "fold group", "data-cause": kind },
      h("span", { class: "kind" }, CAUSE_WORDS.get(kind) ?? kind), size,
      prose(brief(item.group?.title ?? "No cause is known", 200), { class: "title" }));
  }

  test(row, key) {
    const chosen = row === this.selected;
    return h("a", {
      class: "test", ...link({ t: row.key, page: "", x: "", n: "", e: "", m: "" }), "data-key": key,
      "data-nodeid": row.nodeid.slice(0, 2000), "data-outcome": row.outcome, "data-markers": row.tags.join(" "),
      "data-visible": "true", "data-selected": String(chosen), "aria-current": chosen ? "true" : null,
      tabindex: chosen || this.selected === null ? null : "-1",
    },
    h("span", { class: `sign outcome-${row.word}` }, icon(row.word), h("span", { class: "sr" }, OUTCOME_WORDS.get(row.word) ?? row.word)),
    bdi(brief(row.name, 200) || "(no name)", { class: "name" }),
    h("span", { class: "ms" }, row.outcome === "skipped" ? "" : duration(row.ms)));
  }

  /** Marks a test and brings it into sight. */
  select(row) {
    this.selected = row;
    const position = this.items.findIndex((item) => item.row === row);
    if (position >= 0) {
      const top = this.tops[position];
      const { scrollTop, clientHeight } = this.scroller;
      if (top < scrollTop + 40 || top + HEIGHTS.test > scrollTop + clientHeight - 8) {
        this.scroller.scrollTop = Math.max(0, top - clientHeight / 3);
      }
    }
    this.draw();
  }

  /** The tests in the order of the list. */
  order() {
    return this.items.filter((item) => item.kind === "test").map((item) => item.row);
  }

  /** The first test of the list that makes the run red, else the first. */
  first() {
    const order = this.order();
    return order.find(SECTIONS[0][2]) ?? order[0] ?? null;
  }

  /** The test `step` places after the selected one; with `reds`, counting failures only. */
  beside(step, reds) {
    const order = this.order().filter((row) => !reds || row === this.selected || SECTIONS[0][2](row));
    if (order.length === 0) return null;
    const here = order.indexOf(this.selected);
    if (here < 0) return order[0];
    return order[Math.min(order.length - 1, Math.max(0, here + step))];
  }

  focusSelected() {
    this.sizer.querySelector("[aria-current]")?.focus({ preventScroll: true });
  }
}
