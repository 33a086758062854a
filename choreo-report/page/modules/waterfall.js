// The waterfall: one bar per event, from its cause to itself, on an axis that shortens waits.

import { h, styled } from "./dom.js";
import { tone, triggered } from "./events.js";
import { brief, duration, offset } from "./text.js";

/**
 * A scale from time to 0..1 that gives every wait between two points a width by its logarithm, so that microseconds
 * stay visible beside a deadline.
 */
export function scale(points) {
  const stops = [...new Set(points.filter(Number.isFinite))].sort((a, b) => a - b);
  if (stops.length === 0) return { x: () => 0, stops: [] };
  const widths = stops.slice(1).map((stop, i) => Math.log2(1 + (stop - stops[i]) * 1000) + 0.5);
  const whole = widths.reduce((sum, width) => sum + width, 0) || 1;
  const places = [0];
  widths.forEach((width) => places.push(places[places.length - 1] + width / whole));
  const x = (time) => {
    let i = stops.findIndex((stop) => stop >= time);
    if (i < 0) return 1;
    if (i === 0 || stops[i] === time) return places[i];
    i -= 1;
    return places[i] + (places[i + 1] - places[i]) * ((time - stops[i]) / (stops[i + 1] - stops[i]));
  };
  return { x, stops };
}

// When the message came with which an expectation had all that it asks for.
export function satisfied(handle, scenario) {
  const needed = handle?.matched?.[Math.max(1, handle.wants?.least ?? 1) - 1];
  return scenario.messages?.find((message) => message.id === needed)?.offset_ms;
}

/** Budgets and deadlines of a scenario, as spans of time. */
export function bands(scenario) {
  const found = [];
  const acts = new Map((scenario.acts ?? []).map((act) => [act.index, act]));
  for (const act of acts.values()) {
    if (typeof act.timeout_ms === "number") {
      const from = act.trigger_ms ?? act.start_ms ?? 0;
      found.push({ kind: "deadline", from, to: from + act.timeout_ms, text: `deadline ${duration(act.timeout_ms)}` });
    }
  }
  const started = triggered(scenario);
  if (acts.size === 0 && typeof scenario.timeout_ms === "number") {
    found.push({ kind: "deadline", from: started, to: started + scenario.timeout_ms, text: `deadline ${duration(scenario.timeout_ms)}` });
  }
  // Older reports do not say how long it was to be, only that it was over.
  const over = scenario.timeline?.find((entry) => entry.action === "deadline")?.offset_ms;
  if (found.length === 0 && over !== undefined) found.push({ kind: "deadline", from: started, to: over, text: "deadline" });
  for (const handle of scenario.handles ?? []) {
    const limits = [["budget", handle.budget_ms], ["deadline", handle.deadline_ms]].filter(([, limit]) => typeof limit === "number");
    if (limits.length === 0) continue;
    const before = scenario.handles.find((one) => one.id === handle.since);
    const from = handle.since === undefined ? acts.get(handle.act)?.trigger_ms ?? started : satisfied(before, scenario);
    // A hop that never began has no place in time.
    if (from === undefined) continue;
    const since = handle.since === undefined ? "" : ` since ${brief(before.topic, 40)}`;
    for (const [kind, limit] of limits) {
      found.push({ kind, from, to: from + limit, text: `${kind} ${duration(limit)}${since}`, topic: handle.topic });
    }
  }
  const seen = new Set();
  return found.filter((band) => {
    const key = `${band.kind} ${band.from} ${band.to}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The scale of a scenario's events and bands. */
export function axisOf(shown, spans) {
  return scale([0, ...shown.map((event) => event.at), ...spans.flatMap((band) => [band.from, band.to])]);
}

const percent = (part) => `${(part * 100).toFixed(3)}%`;

/** The axis above the rows: the bands' names, each on a line of its own and the last on top, and times where there is room. */
export function axis(spans, { x, stops }, narrow) {
  const line = h("div", { class: "axis", "aria-hidden": "true" });
  const lines = [...spans].sort((a, b) => b.to - a.to);
  for (const band of spans) {
    const name = h("div", { class: `band-name ${band.kind}`, title: band.text }, h("span", {}, band.text));
    line.append(styled(name, { "--line": lines.indexOf(band), right: percent(1 - x(band.to)) }));
  }
  let free = -1;
  for (const stop of stops) {
    const at = x(stop);
    if (at < free) continue;
    line.append(styled(h("span", { class: "tick" }, offset(stop)), { left: percent(at) }));
    free = at + (narrow ? 0.23 : 0.19);
  }
  return styled(h("div", { class: "columns" }, line), { "--lines": spans.length });
}

/** The bands behind the rows. */
export function bandLayer(spans, { x }) {
  return h("div", { class: "bands", "aria-hidden": "true" }, spans.map((band) => styled(
    h("div", { class: `band ${band.kind}`, "data-band": band.kind }), { left: percent(x(band.from)), width: percent(x(band.to) - x(band.from)) },
  )));
}

/** The bar of one event. */
export function bar(event, { x }, lit) {
  const to = x(event.at);
  const from = event.cause === null ? to : x(event.cause.at);
  return h("span", { class: `track tone-${tone(event)}${lit.has(event.id) ? " lit" : ""}`, "aria-hidden": "true" },
    styled(h("span", { class: "bar", "data-action": event.action }), { left: percent(from), width: percent(to - from) }),
    styled(h("span", { class: "point", "data-action": event.action }), { left: percent(to) }),
    styled(h("span", { class: "when" }, event.cause === null ? offset(event.at) : duration(event.at - event.cause.at)), { left: percent(to) }));
}
