// What happened in a scenario, as sequence or as waterfall; both show the same events and the same choice.

import { bdi, button, h, icon, prose, put, styled } from "./dom.js";
import { ancestors, timeline, tone, verb } from "./events.js";
import { fold, messageView } from "./payload.js";
import { ROW, columns, drawing, heads, legend } from "./sequence.js";
import { go, nameIn, state } from "./state.js";
import { brief, count, duration, inline, moment, offset } from "./text.js";
import { axis, axisOf, bandLayer, bands, bar } from "./waterfall.js";

const SHOWN = 500;
const BANDS_SHOWN = 6;

/** The timeline of the scenario `number` of a test. `here` tells whether the state's event belongs to it. */
export function timelineView(scenario, number, run, here) {
  const graph = timeline(scenario, run);
  if (graph.events.length === 0) return h("p", { class: "note" }, icon("info"), "No timeline was kept for this scenario.");
  const stage = scenario.stage !== undefined && scenario.stage !== null;
  const host = h("section", { class: "timeline", "data-field": "timeline", "data-timeline-mounted": "true", "aria-label": "What happened" });
  const view = { graph, scenario, name: (event) => nameIn(number, event.id), run, host, here, all: graph.events.length <= SHOWN, stage, messages: new Map((scenario.messages ?? []).map((message) => [message.id, message])) };
  render(view);
  host.follow = () => render(view);
  return host;
}

function render(view) {
  const { graph, host, here } = view;
  const mode = state().view === "waterfall" ? "waterfall" : "sequence";
  const chosen = here() ? graph.events.find((event) => view.name(event) === state().e) ?? null : null;
  const lit = chosen === null ? new Set() : ancestors(chosen);
  const shown = view.all ? graph.events : graph.events.slice(0, SHOWN);
  const narrow = matchMedia("(max-width: 640px)").matches;
  const held = host.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  const limits = mode === "waterfall" ? bands(view.scenario) : [];
  const spans = limits.slice(0, BANDS_SHOWN);
  const at = mode === "waterfall" ? axisOf(shown, spans) : null;
  host.dataset.mode = mode;
  if (!view.all || graph.events.length > SHOWN) {
    host.dataset.virtualised = "true";
    host.dataset.shown = host.dataset.virtualisedShown = String(shown.length);
    host.dataset.total = host.dataset.virtualisedTotal = String(graph.events.length);
    if (view.all) host.dataset.virtualisedExpanded = "true";
  }
  const rows = h("ol", { class: `events ${mode}` }, shown.map((event) => row(view, event, mode, at, chosen, lit)));
  const body = mode === "sequence"
    ? h("div", { class: "stagebox" }, drawing(graph, shown, lit, narrow), rows)
    : h("div", { class: "stagebox" }, bandLayer(spans, at), rows);
  styled(body, { "--lanes": `${columns(graph.transports, narrow).width}px`, "--row": `${ROW}px` });
  const head = mode === "sequence" ? h("div", { class: "columns" }, heads(graph, narrow)) : axis(spans, at, narrow);
  put(host,
    view.stage ? h("div", { class: "sr", "data-stage-timeline-banner": "true", "data-stage-timeline-events": graph.events.length, "data-stage-timeline-transports": graph.transports.length }, `${count(graph.events.length, "event")} across ${count(graph.transports.length, "transport")}`) : null,
    h("header", { class: "bar-head" }, h("h3", {}, "What happened"), switcher(mode),
      h("span", { class: "hint", "data-field": "timeline-clock-note" }, mode === "waterfall" ? "Long waits are drawn shorter" : null)),
    h("div", { class: "scroll-x", tabindex: "0", role: "group", "aria-label": mode === "sequence" ? "Sequence" : "Waterfall" }, head, body),
    view.all ? null : button(null, {
      class: "quiet", "data-virtualised-expand": "true", "data-virtualised-remaining": graph.events.length - SHOWN,
      click: () => { view.all = true; render(view); },
    }, `Show the other ${count(graph.events.length - SHOWN, "event")}`),
    limits.length > spans.length ? fold(`${count(limits.length - spans.length, "more budget or deadline", "more budgets and deadlines")}, not drawn`, () => listed(limits.slice(spans.length)), { class: "inner", "data-field": "more-bands" }) : null,
    mode === "sequence" ? legend(shown) : null,
    graph.inferred ? h("p", { class: "note" }, icon("info"), "This report has no event ids: causes are inferred from topics and order, and left out where that is not certain.") : null,
    view.scenario.timeline_dropped > 0 ? h("p", { class: "note", "data-field": "timeline-dropped-note" }, icon("warn"), `${count(view.scenario.timeline_dropped, "earlier event")} dropped: the timeline was full.`) : null,
    chosen === null ? null : eventView(view, chosen));
  if (held !== undefined) host.querySelector(`[data-focus="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}

// In words, because so many bands would hide each other.
function listed(limits) {
  return h("ul", { class: "plain" }, limits.map((band) => h("li", {}, band.topic === undefined ? null : [bdi(brief(band.topic, 80), { class: "mono topic" }), " "], bdi(band.text))));
}

function switcher(mode) {
  const choice = (name, title) => button(null, {
    class: "segment", "aria-pressed": String(mode === name), "data-seg": name, "data-focus": `seg ${name}`,
    click: () => go({ view: name === "sequence" ? "" : name }, { replace: true }),
  }, title);
  return h("div", { class: "segments", role: "group", "aria-label": "View" }, choice("sequence", "Sequence"), choice("waterfall", "Waterfall"));
}

// What an event says of itself, or what the near miss that it stands for says.
function detailOf(view, event) {
  if (event.detail && event.detail !== "expect") return event.detail;
  if (event.action !== "mismatched" || event.message === undefined) return "";
  const handle = (view.scenario.handles ?? []).find((one) => one.id === event.handle);
  const differences = handle?.near_misses?.find((miss) => miss.message === event.message)?.differences ?? [];
  if (differences.length !== 1) return differences.length === 0 ? "" : `${count(differences.length, "place")} differ`;
  const [{ path, expected, actual }] = differences;
  return `${path === "" ? "payload" : path}: expected ${typeof expected === "string" ? expected : inline(expected, 40)}, got ${inline(actual, 40)}`;
}

function row(view, event, mode, at, chosen, lit) {
  const detail = detailOf(view, event);
  const picked = chosen === event;
  const open = () => go({ e: picked ? "" : view.name(event) }, { replace: state().e !== "" });
  const words = [verb(event), event.topic ?? "", event.given].filter((word) => word !== "").join(" ");
  const label = h("span", { class: "what" },
    h("span", { class: `verb tone-${tone(event)}`, "data-action": event.action }, verb(event)),
    event.topic === undefined ? null : bdi(brief(event.lands || event.topic, 80), { class: "mono topic" }),
    mode === "waterfall" && view.stage && event.given !== "" ? h("span", { class: "badge" }, bdi(brief(event.given, 40))) : null,
    event.source === "" ? null : h("span", { class: "sr", "data-source": event.source }, `by ${event.source}`),
    mode === "sequence" && detail !== "" ? prose(brief(detail, 110), { class: "detail" }) : null);
  const control = button(`${offset(event.at)} ${words}${detail === "" ? "" : `, ${brief(detail, 120)}`}`, {
    class: "event", "aria-pressed": String(picked), "data-focus": `event ${event.id}`, click: open,
  }, h("span", { class: "time" }, offset(event.at)), mode === "sequence" ? h("span", { class: "space" }) : null, label, mode === "waterfall" ? bar(event, at, lit) : null);
  return h("li", {
    class: `event-row${picked ? " picked" : ""}${lit.has(event.id) ? " lit" : ""}`, "data-event-id": event.id, "data-node-id": event.id,
    "data-parent-id": event.cause?.id ?? "", "data-depth": event.depth, "data-action": event.action, "data-source": event.source,
    "data-transport": event.given, "data-scope-event": String(event.source === "scope"),
  }, control);
}

function eventView(view, event) {
  const message = view.messages.get(event.message);
  const facts = [
    ["Event", `${event.id}: ${verb(event)}`], ["At", `${offset(event.at)}, ${moment(event.wall_clock)}`], ["Topic", event.topic], ["Transport", event.given],
    ["Caused by", event.cause === null ? undefined : `${event.cause.id}: ${verb(event.cause)} ${event.cause.topic ?? ""}, ${duration(event.at - event.cause.at)} before`],
    ["Detail", detailOf(view, event)],
  ].filter(([, value]) => value !== undefined && value !== "");
  return h("section", { class: "event-detail", "aria-label": `Event ${event.id}`, "data-field": "event" },
    button("Close", { class: "quiet close", click: () => go({ e: "" }, { replace: true }) }, icon("fail")),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, bdi(brief(value, 400)))))),
    message === undefined ? null : messageView(message));
}
