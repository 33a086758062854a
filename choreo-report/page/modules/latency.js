// How long things took: a histogram against the budget per topic, and the slowest expectations.

import { bdi, h, prose, put, s } from "./dom.js";
import { link, nameIn } from "./state.js";
import { brief, count, duration } from "./text.js";

const BINS = 30;
// The width that the label of a budget needs.
const LABEL = 90;
const TOPICS_SHOWN = 60;
const SLOWEST_SHOWN = 20;
const BUDGETS_DRAWN = 4;

/** The latencies of matched messages by topic and transport; what never came is not a latency. */
export function byTopic(rows) {
  const topics = new Map();
  for (const row of rows) {
    for (const handle of row.handles) {
      if ((handle.outcome !== "pass" && handle.outcome !== "slow") || typeof handle.latency !== "number") continue;
      const key = `${handle.transport}\n${handle.topic}`;
      if (!topics.has(key)) topics.set(key, { topic: handle.topic, transport: handle.transport, latencies: [], budgets: new Set(), over: 0 });
      const found = topics.get(key);
      found.latencies.push(handle.latency);
      if (typeof handle.budget === "number") found.budgets.add(handle.budget);
      if (handle.outcome === "slow") found.over += 1;
    }
  }
  for (const found of topics.values()) {
    found.latencies.sort((a, b) => a - b);
    found.worst = found.latencies[found.latencies.length - 1];
    found.budget = found.budgets.size === 0 ? null : Math.min(...found.budgets);
  }
  const pressure = (found) => (found.budget === null ? 0 : found.worst / found.budget);
  return [...topics.values()].sort((a, b) => pressure(b) - pressure(a) || b.worst - a.worst);
}

function quantile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)];
}

function histogram({ latencies, budgets, topic, over }) {
  const low = Math.max(0.001, Math.min(latencies[0], ...budgets) * 0.85);
  const high = Math.max(low * 1.5, latencies[latencies.length - 1], ...budgets) * 1.08;
  const at = (value) => Math.log(Math.max(value, low) / low) / Math.log(high / low);
  const bins = new Array(BINS).fill(0);
  for (const value of latencies) bins[Math.min(BINS - 1, Math.floor(at(value) * BINS))] += 1;
  const most = Math.max(...bins);
  const least = budgets.size === 0 ? Infinity : Math.min(...budgets);
  const W = 300;
  const H = 46;
  const said = `${topic}: ${latencies.length} latencies from ${duration(latencies[0])} to ${duration(latencies[latencies.length - 1])}${over > 0 ? `, ${over} over budget` : ""}`;
  const svg = s("svg", { class: "histogram", viewBox: `0 0 ${W} ${H + 20}`, role: "img", "aria-label": brief(said, 300) });
  bins.forEach((size, i) => {
    if (size === 0) return;
    const height = Math.max(3, (size / most) * H);
    const beyond = low * (high / low) ** ((i + 0.5) / BINS) > least;
    svg.append(s("rect", { class: beyond ? "column beyond" : "column", x: (i * W) / BINS + 1, width: W / BINS - 2, y: H - height, height, rx: 1.5 }));
  });
  svg.append(s("line", { class: "floor", x1: 0, x2: W, y1: H, y2: H }));
  const shown = [...budgets].sort((one, other) => one - other).slice(0, BUDGETS_DRAWN);
  const labels = [];
  for (const budget of shown) {
    const x = at(budget) * W;
    svg.append(s("line", { class: "budget", x1: x, x2: x, y1: 0, y2: H + 4, "data-budget": budget }));
    const last = labels[labels.length - 1];
    // Two labels that would touch are one.
    if (last !== undefined && x - last.x < LABEL) last.budgets.push(budget);
    else labels.push({ x, budgets: [budget] });
  }
  for (const label of labels) {
    const { x } = label;
    const text = `budget ${label.budgets.map((budget) => duration(budget)).join(", ")}`;
    const half = (LABEL / 2) * Math.min(2, label.budgets.length);
    const anchor = x > W - half ? "end" : x < half ? "start" : "middle";
    svg.append(s("text", { class: "budget-text", x: anchor === "end" ? W : anchor === "start" ? 0 : x, y: H + 16, "text-anchor": anchor }, text));
  }
  if (shown.every((budget) => at(budget) * W > 170)) svg.append(s("text", { class: "axis-text", x: 0, y: H + 16 }, duration(low)));
  return svg;
}

/** The page of latencies. */
export function showLatency(host, rows, { filtered, noun }) {
  const topics = byTopic(rows);
  const timed = rows.flatMap((row) => row.handles.map((handle) => ({ row, handle })))
    .filter(({ handle }) => (handle.outcome === "pass" || handle.outcome === "slow") && typeof handle.latency === "number")
    .sort((a, b) => b.handle.latency - a.handle.latency);
  const slow = timed.slice(0, SLOWEST_SHOWN);
  put(host, h("article", { class: "page", "data-page": "latency", "aria-labelledby": "latency-title" },
    h("h2", { id: "latency-title" }, "Latency"),
    h("p", { class: "lead" }, topics.length === 0 ? "No matched message with a latency." : prose(`From the trigger, or the message that \`since\` names, to the arrival of the matching message${filtered ? `, in the ${count(rows.length, noun)} that the search leaves` : ""}. What never arrived is not counted.`)),
    h("div", { class: "topics" }, topics.slice(0, TOPICS_SHOWN).map((found) => h("section", { class: "topic-card", "data-topic": found.topic.slice(0, 2000), "data-over": found.over },
      h("h3", {}, bdi(brief(found.topic, 100), { class: "mono" }), found.transport ? h("span", { class: "badge" }, bdi(brief(found.transport, 40))) : null),
      h("p", { class: "facts-line" }, [count(found.latencies.length, "message"), `median ${duration(quantile(found.latencies, 0.5))}`, found.latencies.length >= 20 ? `p95 ${duration(quantile(found.latencies, 0.95))}` : null, `worst ${duration(found.worst)}`,
        found.budgets.size > BUDGETS_DRAWN ? `${count(found.budgets.size - BUDGETS_DRAWN, "larger budget")} not drawn` : null].filter(Boolean).join(" · "),
        found.over > 0 ? h("strong", { class: "over-text" }, ` · ${found.over} over budget`) : null),
      histogram(found)))),
    topics.length > TOPICS_SHOWN ? h("p", { class: "note" }, `${topics.length - TOPICS_SHOWN} further topics: narrow them with topic: in the search.`) : null,
    slow.length === 0 ? null : [h("h2", {}, "Slowest expectations", timed.length > slow.length ? h("span", { class: "facts-line" }, ` ${slow.length} of ${count(timed.length, "that passed", "that passed")}`) : null),
      h("div", { class: "scroll-x", tabindex: "0", role: "group", "aria-label": "Slowest expectations" }, h("table", { class: "slowest", "data-field": "slowest" },
        h("thead", {}, h("tr", {}, ["Latency", "Budget", "Topic", noun[0].toUpperCase() + noun.slice(1)].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, slow.map(({ row, handle }) => h("tr", { "data-outcome": handle.outcome },
          h("td", { class: "num" }, duration(handle.latency)), h("td", { class: "num" }, handle.budget === null ? "–" : duration(handle.budget)),
          h("td", {}, bdi(brief(handle.topic, 80), { class: "mono" })),
          h("td", {}, h("a", link({ t: row.key, page: "", x: nameIn(handle.scenario, `h${handle.number + 1}`), n: "", e: "", m: "" }), bdi(brief(row.name, 100)))))))))]));
}
