// One message, whole: where it went, its key and headers, its payload as a tree or as text.

import { bdi, button, copyText, h, icon, put } from "./dom.js";
import { bytes, brief, count, inline, offset, visible } from "./text.js";

const TEXT_SHOWN = 4000;
const ITEMS_SHOWN = 200;
const REDACTED = /^<redacted(?:[ :][^<>]{0,80})?>$/;

/** A long text, cut, with a button that shows the rest. */
export function longText(text, shown = TEXT_SHOWN, attributes = {}) {
  const box = h("span", attributes, visible(text.slice(0, shown)));
  if (text.length > shown) {
    box.append("… ", button(null, {
      class: "quiet", click: () => put(box, visible(text)),
    }, `show all ${text.length.toLocaleString("en-GB")} characters`));
  }
  return box;
}

function leaf(value) {
  if (typeof value === "string" && REDACTED.test(value)) {
    return h("span", { class: "redacted", title: "taken out by redaction" }, value.slice(1, -1));
  }
  if (typeof value === "string") return longText(JSON.stringify(value), TEXT_SHOWN, { class: "j-string" });
  return h("span", { class: `j-${value === null ? "null" : typeof value}` }, String(value));
}

/**
 * A JSON value as a tree. `marks` is a map from paths (`order.items[0].qty`) to a class; marked places are set
 * apart.
 */
export function tree(value, marks = new Map(), path = "", comma = "") {
  const mark = marks.get(path);
  if (value === null || typeof value !== "object") {
    return h("span", mark ? { class: `mark ${mark}` } : {}, leaf(value), comma);
  }
  const list = Array.isArray(value);
  const entries = list ? value.map((item, i) => [`${path}[${i}]`, null, item])
    : Object.entries(value).map(([key, item]) => [path === "" ? key : `${path}.${key}`, key, item]);
  const [opening, closing] = list ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return h("span", mark ? { class: `mark ${mark}` } : {}, opening + closing + comma);
  const lines = (part) => part.map(([at, key, item], i) => h("div", { class: "line" },
    key === null ? null : [bdi(visible(JSON.stringify(brief(key, 300))), { class: `j-key${marks.get(at) ? ` mark ${marks.get(at)}` : ""}` }), ": "],
    tree(item, marks, at, i + 1 < part.length ? "," : "")));
  const body = h("div", { class: "level" }, lines(entries.slice(0, ITEMS_SHOWN)));
  if (entries.length > ITEMS_SHOWN) {
    body.append(button(null, { class: "quiet", click: () => put(body, lines(entries)) }, `show all ${count(entries.length, "entry", "entries")}`));
  }
  return h("span", mark ? { class: `mark ${mark}` } : {}, opening, body, closing, comma);
}

/** A payload: a tree that can be switched to text, with a copy button. */
export function payloadView(value, marks) {
  const structured = value !== null && typeof value === "object";
  const text = () => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
  const body = h("div", { class: "payload mono", tabindex: "0", role: "group", "aria-label": "Payload" }, tree(value, marks));
  const said = h("span", { class: "said", role: "status" });
  const tools = h("div", { class: "payload-tools" },
    structured ? rawSwitch(body, value, marks, text) : null,
    button(null, { class: "quiet", click: async () => put(said, (await copyText(text())) ? "Copied" : "Could not copy") }, icon("copy"), "Copy"), said);
  return h("div", { class: "payload-box" }, tools, body);
}

function rawSwitch(body, value, marks, text) {
  let raw = false;
  const toggle = button(null, {
    class: "quiet", "aria-pressed": "false", click: () => {
      raw = !raw;
      toggle.setAttribute("aria-pressed", String(raw));
      put(body, raw ? longText(text(), 50_000) : tree(value, marks));
    },
  }, "As text");
  return toggle;
}

function table(title, pairs) {
  const entries = Object.entries(pairs ?? {});
  if (entries.length === 0) return null;
  return h("section", { class: "pairs" }, h("p", { class: "sub5" }, title), h("dl", {}, entries.map(([name, value]) => h("div", {},
    h("dt", {}, bdi(brief(name, 120))),
    h("dd", {}, typeof value === "string" ? leafText(value) : inline(value, 1000))))));
}

function leafText(value) {
  return REDACTED.test(value) ? leaf(value) : longText(value, 1000);
}

/** One line about a message: topic, transport, when, key, size. */
export function messageFacts(message) {
  const facts = [message.id, message.transport, offset(message.offset_ms)];
  if (message.key !== undefined && message.key !== null) facts.push(`key ${inline(message.key, 60)}`);
  const headers = Object.keys(message.headers ?? {}).length;
  if (headers > 0) facts.push(count(headers, "header"));
  if (typeof message.size === "number") facts.push(bytes(message.size));
  return facts.filter((fact) => fact !== undefined && fact !== "").join(" · ");
}

/** All of a message. */
export function messageView(message, marks) {
  const facts = [
    ["Topic", message.topic], ["Transport", message.transport],
    ["Direction", message.direction === "out" ? "sent by the test" : message.direction === "in" ? "received" : undefined],
    ["At", typeof message.offset_ms === "number" ? offset(message.offset_ms) : undefined],
    ["Key", message.key === null ? undefined : message.key], ["Answer to", message.reply_to],
    ["Size", typeof message.size === "number" ? bytes(message.size) : undefined],
  ].filter(([, value]) => value !== undefined && value !== "");
  return h("div", { class: "message", "data-message-id": message.id },
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, bdi(typeof value === "string" ? longText(value, 500) : inline(value, 500)))))),
    table("Headers", message.headers), table("Metadata", message.metadata),
    h("p", { class: "sub5" }, "Payload", message.encoding === "base64" ? " (base64)" : ""),
    message.truncated ? h("p", { class: "note" }, icon("warn"), "The payload was longer than the report keeps; this is its beginning.") : null,
    message.payload === undefined ? h("p", { class: "note" }, "The payload was not kept.") : payloadView(readable(message), marks));
}

/** The payload of a message, as a value where it is JSON. */
export function readable(message) {
  if (message.encoding !== "json" || typeof message.payload !== "string" || message.truncated) return message.payload;
  try {
    return JSON.parse(message.payload);
  } catch {
    return message.payload;
  }
}

/** A fold that builds what it holds when it is opened first. */
export function fold(title, build, attributes = {}) {
  const { open, ...rest } = attributes;
  const details = h("details", rest, h("summary", {}, icon("right"), title));
  const once = () => {
    details.removeEventListener("toggle", once);
    if (details.childElementCount === 1) details.append(build());
  };
  details.addEventListener("toggle", once);
  details.buildNow = once;
  if (open) {
    details.open = true;
    once();
  }
  return details;
}
