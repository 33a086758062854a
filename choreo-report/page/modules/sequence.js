// The sequence view: time runs down; test, transports and system under test are columns.
// A message goes from column to column; the thick lines between are what caused what.

import { bdi, h, icon, s } from "./dom.js";
import { isEcho, isIgnored, isOutgoing, tone } from "./events.js";
import { brief } from "./text.js";

export const ROW = 30;
const HEAD = 34;

/** Where the columns are, for a list of transports. */
export function columns(transports, narrow) {
  const gap = narrow ? 62 : transports.length > 3 ? 96 : 118;
  const first = narrow ? 26 : 40;
  const x = new Map([["test", first]]);
  transports.forEach((name, i) => x.set(`transport ${name}`, first + gap * (i + 1)));
  x.set("system", first + gap * (transports.length + 1));
  return { x, width: first + gap * (transports.length + 1) + (narrow ? 30 : 44) };
}

/** The drawing behind the rows of the timeline. */
export function drawing(graph, shown, lit, narrow) {
  const { x, width } = columns(graph.transports, narrow);
  const height = shown.length * ROW;
  const place = new Map(shown.map((event, row) => [event.id, row * ROW + ROW / 2]));
  const at = (name) => x.get(name) ?? x.get("test");
  const svg = s("svg", {
    class: "lanes", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true",
    "data-reply-arrow-count": String(shown.filter((event) => event.action === "replied").length),
  });
  for (const [name, column] of x) {
    svg.append(s("line", { class: `lifeline ${name === "system" ? "outside" : ""}`, x1: column, x2: column, y1: 0, y2: height }));
  }
  for (const event of shown) if (event.cause !== null && place.has(event.cause.id)) svg.append(edge(event, place, at, lit));
  for (const event of shown) svg.append(s("g", { class: `step tone-${tone(event)}${lit.has(event.id) ? " lit" : ""}` }, step(event, place.get(event.id), at, width)));
  return svg;
}

/** The names of the columns. */
export function heads(graph, narrow) {
  const { x, width } = columns(graph.transports, narrow);
  const svg = s("svg", { class: "heads", width, height: HEAD, viewBox: `0 0 ${width} ${HEAD}`, role: "img", "aria-label": `Columns: test, ${graph.transports.map((name) => name || "transport").join(", ")}, system under test` });
  const name = (column, text, attributes) => s("text", { x: column, y: HEAD - 10, "text-anchor": "middle", class: "head", ...attributes }, text);
  svg.append(name(x.get("test"), "Test", { class: "head lane", "data-scope-lane": "true", "data-transport": "" }));
  for (const transport of graph.transports) {
    svg.append(name(x.get(`transport ${transport}`), brief(transport || "transport", narrow ? 8 : 14), { class: "head lane", "data-transport": transport }));
  }
  svg.append(name(x.get("system"), narrow ? "SUT" : "System", {}));
  return svg;
}

// A cause is drawn where the message was meanwhile: with the test, on a transport, or in the system.
function edge(event, place, at, lit) {
  const { cause } = event;
  let column = "test";
  const arrived = event.action === "received" || event.action === "correlation_skipped";
  if (isOutgoing(cause) && arrived) column = isEcho(event) ? `transport ${event.transport}` : "system";
  // Waiting for a deadline goes on beside what else the test does.
  const waits = event.action === "deadline";
  const x = at(column) - (waits ? 11 : 0);
  const from = place.get(cause.id);
  const to = place.get(event.id);
  const reply = event.action === "replied" || event.action === "reply_failed" || cause.action === "replied";
  return s("path", {
    class: `edge${waits ? " waits" : ""}${lit.has(event.id) && lit.has(cause.id) ? " lit" : ""}`, d: `M${x},${from} L${x},${to}`,
    "data-edge-from": cause.id, "data-edge-to": event.id,
    "data-reply-link-from": reply ? cause.id : null, "data-reply-link-to": reply ? event.id : null,
  });
}

function arrow(from, to, y, dashed) {
  const ahead = to > from ? 1 : -1;
  return [
    s("path", { class: `arrow${dashed ? " dashed" : ""}`, d: `M${from},${y} L${to},${y}` }),
    s("path", { class: `arrow${dashed ? " pale" : ""}`, d: `M${to - 6 * ahead},${y - 3.5} L${to},${y} L${to - 6 * ahead},${y + 3.5}` }),
  ];
}

function step(event, y, at, width) {
  const test = at("test");
  const transport = at(`transport ${event.transport}`);
  const system = at("system");
  const dot = (column, name) => s("circle", { class: name ?? "dot", cx: column, cy: y, r: 4 });
  switch (event.action) {
    case "published":
    case "replied":
      return [arrow(test, transport, y), arrow(transport, system, y, true), dot(test)];
    case "received":
      if (isEcho(event)) return [arrow(transport, test, y), dot(transport, "dot small")];
      return [arrow(system, transport, y, true), arrow(transport, test, y)];
    case "correlation_skipped":
      return [s("path", { class: "arrow faint", d: `M${transport},${y} L${(transport + test) / 2},${y}` }), cross((transport + test) / 2, y)];
    case "reply_failed":
      return [s("path", { class: "arrow", d: `M${test},${y} L${test + 22},${y}` }), cross(test + 28, y), dot(test)];
    case "matched":
      return [s("circle", { class: "disc", cx: test, cy: y, r: 8 }), s("path", { class: "glyph", d: `M${test - 3.5},${y + 0.5} l2.5,2.5 4.500,-5.500` })];
    case "mismatched":
      return [s("circle", { class: "disc", cx: test, cy: y, r: 8 }), cross(test, y, 3, "glyph")];
    case "deadline":
      return [s("path", { class: "deadline", d: `M0,${y} L${width},${y}` }), s("circle", { class: "disc", cx: test, cy: y, r: 5 })];
    default: {
      const lost = tone(event) === "bad" && event.topic === undefined && event.transport !== "";
      const column = lost ? transport : test;
      return tone(event) === "bad" ? [s("circle", { class: "disc", cx: column, cy: y, r: 8 }), cross(column, y, 3, "glyph")] : [dot(column)];
    }
  }
}

function cross(x, y, size = 4, name = "arrow") {
  return s("path", { class: name, d: `M${x - size},${y - size} l${2 * size},${2 * size} M${x + size},${y - size} l${-2 * size},${2 * size}` });
}

/** What the drawing means. */
export function legend(shown) {
  const item = (mark, text) => h("span", { class: "legend-item" }, mark, bdi(text));
  const line = (name, d, step = "step") => s("svg", { class: "lanes key", width: 26, height: 12, "aria-hidden": "true" }, s("g", { class: step }, s("path", { class: name, d })));
  return h("p", { class: "legend" },
    item(line("arrow", "M1,6 L24,6 M18,2.500 L24,6 L18,9.500"), "seen by the test"),
    item(line("arrow dashed", "M1,6 L24,6"), "not seen: to and from the system"),
    shown.some((event) => event.cause !== null) ? item(line("edge", "M1,6 L24,6"), "led to") : null,
    shown.some(isIgnored) ? item(line("arrow", "M24,6 L8,6 M4,2 L12,10 M12,2 L4,10", "step tone-bad"), "came, and is no scenario’s") : null,
    shown.some((event) => event.action === "mismatched") ? item(icon("fail"), "near miss") : null);
}
