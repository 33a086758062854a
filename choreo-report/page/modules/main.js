// Ties the page together: what the address says is what is shown.

import { difference, readEarlier, showComparison } from "./compare.js";
import { load } from "./data.js";
import { reveal, showTest } from "./detail.js";
import { bdi, button, h, prose, put } from "./dom.js";
import { keepMarked, seek } from "./highlight.js";
import { help, listen } from "./keys.js";
import { showLatency } from "./latency.js";
import { TestList } from "./list.js";
import { Search } from "./search.js";
import { address, asIfAt, go, onChange, state } from "./state.js";
import { brief, count, isFailure } from "./text.js";
import { theme } from "./theme.js";
import { banner, showRun, showVerdict, tally } from "./verdict.js";

const PAGES = [["", "Results"], ["latency", "Latency"], ["compare", "Compare"], ["run", "Run"]];
const PILLS = [["failed", "failed"], ["errored", "error"], ["slow", "slow"], ["passed", "passed"], ["skipped", "skipped"]];

/** So many failures are printed in full; of further ones, the causes. */
const PRINTED = 200;

// Whether arrows move what the focus is in: a wide timeline, a long line of a payload.
function scrolls(target) {
  const box = target.closest('[tabindex="0"]');
  return box !== null && box.scrollWidth > box.clientWidth;
}

/** Unfolds what proves a failure. Returns what folds it again. */
function unfold(host) {
  const folded = () => [...host.querySelectorAll("details.scenario, .card.red details")]
    .filter((one) => !one.open && (!one.matches(".scenario") || isFailure(one.dataset.verdict)));
  const opened = [];
  for (let found = folded(); found.length > 0; found = folded()) {
    found.forEach((details) => {
      // By itself it builds when it is told that it is open, which is after all has been printed.
      details.buildNow();
      details.open = true;
    });
    opened.push(...found);
  }
  return () => opened.forEach((details) => { details.open = false; });
}

class Page {
  constructor(report) {
    this.report = report;
    // A scenario of Choreo is one test; tests of other frameworks hold several.
    this.noun = report.run.python_version ? "test" : "scenario";
    this.main = document.getElementById("main");
    this.input = document.getElementById("search");
    this.status = document.getElementById("search-count");
    this.markMain = keepMarked(this.main);
    this.list = new TestList(document.getElementById("list"), report, this.noun);
    this.search = new Search(report, () => this.listChanged());
    this.earlier = null;
    this.shown = null;
    this.failures = new Map();
    this.paper = h("div", { class: "paper" });
    this.main.after(this.paper);
    this.dialog = help();
  }

  start() {
    showVerdict(this.report);
    this.pills();
    this.input.addEventListener("input", () => go({ q: this.input.value }, { replace: true }));
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "ArrowDown") return;
      event.preventDefault();
      const first = this.list.first();
      if (first !== null) this.open(first);
      this.list.focusSelected();
    });
    document.getElementById("skip").addEventListener("click", (event) => {
      event.preventDefault();
      this.main.focus();
    });
    document.getElementById("help").addEventListener("click", () => this.dialog.showModal());
    document.getElementById("back-to-list").addEventListener("click", () => document.getElementById("side").scrollIntoView());
    const turn = theme();
    this.keys(turn);
    this.dropping();
    this.printing();
    onChange((now, before) => this.changed(now, before));
    matchMedia("(max-width: 640px)").addEventListener("change", () => this.follow?.());
    document.getElementById("app").hidden = false;
    this.changed(state(), null);
    document.documentElement.dataset.ready = "true";
    this.readFailures();
  }

  /** Reads the failures ahead: a browser that prints waits for nothing. */
  async readFailures() {
    for (const row of this.report.rows.filter(({ outcome }) => isFailure(outcome)).slice(0, PRINTED)) {
      try {
        this.failures.set(row, await this.report.test(row));
      } catch {
        // Whoever opens it is told; on paper stands its cause.
      }
    }
    document.documentElement.dataset.printable = "true";
  }

  printing() {
    let fold = () => {};
    window.addEventListener("beforeprint", () => {
      const here = this.page === "";
      const others = here ? this.list.rows.filter((row) => isFailure(row.outcome) && row !== this.shown) : [];
      put(this.paper, others.map((row) => this.printed(row)));
      // They are there a second time.
      this.paper.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
      unfold(this.paper);
      fold = unfold(this.main);
    });
    window.addEventListener("afterprint", () => {
      put(this.paper);
      fold();
    });
  }

  printed(row) {
    const host = h("section", {});
    const test = this.failures.get(row);
    if (test !== undefined) asIfAt(row.key, () => showTest(host, row, test, this.report));
    else put(host, h("h2", {}, bdi(brief(row.name, 300))), row.causes.map(({ text }) => h("p", {}, prose(brief(text, 600)))), h("p", { class: "note" }, "Its details are on the page only."));
    return host;
  }

  pills() {
    const counts = tally(this.report.rows);
    put(document.getElementById("pills"), PILLS.filter(([name]) => counts.get(name) > 0).map(([name, word]) => button(null, {
      class: `pill pill-${name}`, "data-pill": name, "aria-pressed": "false", click: () => this.toggle(name),
    }, h("span", { class: "dot", "aria-hidden": "true" }), h("strong", {}, counts.get(name).toLocaleString("en-GB")), ` ${word}`)));
  }

  toggle(name) {
    const on = state().q.split(/\s+/).includes(`outcome:${name}`);
    const rest = state().q.split(/\s+/).filter((word) => word !== "" && !/^outcome:(passed|failed|errored|slow|skipped)$/.test(word));
    go({ q: [...(on ? [] : [`outcome:${name}`]), ...rest].join(" ") });
  }

  open(row, more = {}) {
    go({ t: row.key, page: "", x: "", n: "", e: "", m: "", ...more });
  }

  changed(now, before) {
    if (before === null || now.q !== before.q) this.searchChanged(now);
    const moved = before === null || ["t", "page"].some((name) => now[name] !== before[name]);
    if (moved) this.show();
    else {
      this.follow?.();
      if (now.x !== before.x && now.n === before.n) reveal(this.main, now);
    }
    this.tabs();
  }

  searchChanged(now) {
    if (this.input.value !== now.q) this.input.value = now.q;
    this.search.set(now.q);
    seek(this.search.query.words.filter((word) => !word.not).map((word) => word.text));
    this.markMain();
    document.querySelectorAll("[data-pill]").forEach((pill) => pill.setAttribute("aria-pressed", String(now.q.split(/\s+/).includes(`outcome:${pill.dataset.pill}`))));
    this.listChanged();
    if (state().page === "latency") this.show();
  }

  listChanged() {
    const filtered = !this.search.query.empty;
    this.list.show((row) => this.search.has(row), filtered);
    const { query, done } = this.search;
    const found = count(this.list.rows.length, this.noun);
    const rest = done < 1 ? `, looking through the details: ${Math.round(done * 100)} %` : "";
    put(this.status, query.problems.length > 0 ? query.problems[0] : filtered ? `${found}${rest}` : "");
    if (state().t === "" && state().page === "") this.show();
    else this.list.select(this.list.selected);
  }

  tabs() {
    const { page } = this;
    put(document.getElementById("tabs"), PAGES.map(([name, title]) => h("a", {
      href: address({ page: name === "" && page !== "" ? "results" : name }), "aria-current": name === page ? "page" : null, class: "tab",
    }, title)));
  }

  /** What is shown when the address names nothing: the first failure, or on a green run the latencies. */
  wanted() {
    const { t, page } = state();
    if (page !== "" && page !== "results") return { page };
    if (t !== "") {
      const row = this.report.find(t);
      return row === null ? { page: "", missing: t } : { page: "", row };
    }
    const first = this.list.first();
    const green = !this.report.rows.some((row) => isFailure(row.outcome));
    if (page === "" && green && this.report.rows.length > 0 && this.search.query.empty) return { page: "latency" };
    return { page: "", row: first };
  }

  async show() {
    const wanted = this.wanted();
    this.page = wanted.page;
    this.tabs();
    if (wanted.page === "" && wanted.row !== undefined && wanted.row !== null && wanted.row === this.shown) return;
    this.follow = null;
    this.shown = wanted.row ?? null;
    document.documentElement.dataset.page = wanted.page || "results";
    if (wanted.page === "latency") showLatency(this.main, this.list.rows, { filtered: !this.search.query.empty, noun: this.noun });
    else if (wanted.page === "run") showRun(this.main, this.report);
    else if (wanted.page === "compare") this.showCompared();
    else if (wanted.missing !== undefined) put(this.main, h("p", { class: "lead empty" }, `This report has no ${this.noun} “${brief(wanted.missing, 200)}”.`));
    else if (wanted.row === null) put(this.main, h("p", { class: "lead empty" }, this.report.rows.length === 0 ? `No ${this.noun} ran: the selection of this run was empty, or it ended before the first began.` : `No ${this.noun} matches the search.`));
    else await this.showRow(wanted.row);
    if (wanted.row === undefined) this.list.select(null);
  }

  async showRow(row) {
    this.list.select(row);
    let test;
    try {
      test = await this.report.test(row);
    } catch (error) {
      put(this.main, h("p", { class: "banner bad", role: "alert" }, `The details of ${brief(row.name, 100)} cannot be read: ${error.message}`));
      return;
    }
    if (this.shown !== row) return;
    this.follow = showTest(this.main, row, test, this.report);
    if (!reveal(this.main, state()) && this.main.getBoundingClientRect().top < 0) this.main.scrollIntoView();
  }

  keys(turn) {
    const to = (row) => {
      if (row === null) return false;
      this.open(row);
      if (document.getElementById("list").contains(document.activeElement)) this.list.focusSelected();
      return true;
    };
    const near = (by) => {
      const cards = [...this.main.querySelectorAll(".misses")];
      const panel = cards.find((card) => card.contains(document.activeElement)) ?? cards[0];
      if (panel === undefined || panel.querySelector(`[data-step="${by}"]`) === null) return false;
      panel.stepBy(by);
      return true;
    };
    const inList = (event, by) => document.getElementById("list").contains(event.target) && to(this.list.beside(by, false)) && this.list.focusSelected();
    const inEvents = (event, by) => {
      const here = event.target.closest?.(".event-row");
      if (!here) return false;
      const other = by > 0 ? here.nextElementSibling : here.previousElementSibling;
      other?.querySelector("button")?.focus();
      return true;
    };
    listen(new Map([
      ["j", () => to(this.list.beside(1, false))], ["k", () => to(this.list.beside(-1, false))],
      ["n", () => to(this.list.beside(1, true))], ["p", () => to(this.list.beside(-1, true))],
      ["ArrowDown", (event) => inEvents(event, 1) || inList(event, 1) !== false], ["ArrowUp", (event) => inEvents(event, -1) || inList(event, -1) !== false],
      ["ArrowLeft", (event) => !scrolls(event.target) && near(-1)], ["ArrowRight", (event) => !scrolls(event.target) && near(1)],
      ["/", () => this.input.select()], ["?", () => this.dialog.showModal()], ["t", turn],
      ["v", () => go({ view: state().view === "waterfall" ? "" : "waterfall" }, { replace: true })],
      ["Escape", () => {
        if (document.activeElement === this.input) this.input.blur();
        else if (state().e !== "") go({ e: "" }, { replace: true });
        else return false;
        return true;
      }],
    ]));
  }

  showCompared() {
    const found = this.earlier === null ? null : difference(this.report.rows, this.earlier);
    const choose = h("label", { class: "action choose" }, "Choose a results.json", h("input", {
      type: "file", accept: ".json,application/json", class: "sr", "data-filter": "earlier", change: (event) => this.compareWith(event.target.files[0]),
    }));
    showComparison(this.main, found, this.earlier, choose);
  }

  async compareWith(file) {
    if (file === undefined) return;
    document.querySelectorAll("#banners .from-file").forEach((old) => old.remove());
    const tell = (text, kind) => banner(text, kind).classList.add("from-file");
    try {
      this.earlier = readEarlier(await file.text(), file.name, tell);
    } catch (error) {
      tell(error.message, "bad");
      return;
    }
    if (state().page === "compare") this.showCompared();
    else go({ page: "compare" });
  }

  dropping() {
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      document.documentElement.dataset.dragging = "true";
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) delete document.documentElement.dataset.dragging;
    });
    document.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      delete document.documentElement.dataset.dragging;
      this.compareWith(event.dataTransfer.files[0]);
    });
  }
}

async function open() {
  try {
    const report = await load();
    const page = new Page(report);
    page.start();
  } catch (error) {
    document.documentElement.dataset.failed = "true";
    banner(`This report cannot be shown: ${error.message}`, "bad");
  }
}

open();
