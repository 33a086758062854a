// Elements. Text becomes text nodes only; nothing here parses markup.

import { count } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element: attributes (functions are listeners; null and false are left out) and children. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(element, child);
    else element.append(child);
  }
}

/** Replaces what is in an element. */
export function put(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

/** What `build` makes of the first `most` items, and a line that says how many more there are and shows them. */
export function firsts(items, most, build, tag = "li") {
  const shown = items.slice(0, most).map(build);
  if (items.length <= most) return shown;
  const show = () => rest.replaceWith(...items.slice(most).map((item, i) => build(item, most + i)));
  const rest = h(tag, { class: "more" }, button(null, { class: "quiet", click: show }, `and ${count(items.length - most, "more", "more")}`));
  return [...shown, rest];
}

/** Sets a style property through the object model, which the content policy allows. */
export function styled(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
  return element;
}

const SHAPES = {
  pass: ["M3.5 8.5l3 3 6-7"],
  slow: ["M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z", "M8 5v3.2l2.2 1.6"],
  fail: ["M4 4l8 8", "M12 4l-8 8"],
  timeout: ["M4.5 2.5h7", "M4.5 13.5h7", "M5 2.5c0 3 3 4 3 5.5s-3 2.500-3 5.500", "M11 2.500c0 3-3 4-3 5.500s3 2.500 3 5.500"],
  error: ["M9 1.500L3.500 9H8l-1 5.500L12.500 7H8z"],
  skipped: ["M4 8h8"],
  left: ["M10 3.500L5.500 8l4.500 4.500"],
  right: ["M6 3.500L10.500 8 6 12.500"],
  down: ["M3.500 6L8 10.500 12.500 6"],
  search: ["M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9z", "M10.500 10.500L14 14"],
  copy: ["M5.500 5.500h8v8h-8z", "M10.500 5.500v-3h-8v8h3"],
  link: ["M6.500 9.500l3-3", "M7.500 4.500l1.500-1.500a2.800 2.800 0 0 1 4 4L11.500 8.500", "M8.500 11.500L7 13a2.800 2.800 0 0 1-4-4l1.500-1.500"],
  warn: ["M8 2L1.500 13.500h13z", "M8 6.500v3.500", "M8 11.800v.4"],
  info: ["M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11z", "M8 7.200V11", "M8 5v.4"],
};
const ICON_OF = new Map([
  ["passed", "pass"], ["failed", "fail"], ["errored", "error"], ["pending", "timeout"],
]);

/** A drawn sign, hidden from screen readers: what it says is said in words beside it. */
export function icon(name) {
  const key = ICON_OF.get(name) ?? name;
  const shapes = Object.hasOwn(SHAPES, key) ? SHAPES[key] : SHAPES.info;
  return s("svg", { class: `icon icon-${key}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, shapes.map((d) => s("path", { d })));
}

/** A button that is no form control. */
export function button(label, attributes, ...children) {
  return h("button", { type: "button", ...attributes, ...(label === null ? {} : { "aria-label": label }) }, ...children);
}

/** Text whose direction does not spill into what stands around it. */
export function bdi(text, attributes) {
  return h("bdi", attributes, text);
}

/** A sentence in which names stand between backquotes, as failure texts have them. */
export function prose(text, attributes) {
  return h("bdi", attributes, text.split(/`([^`]{1,300})`/).map((part, i) => (i % 2 === 1 ? h("code", {}, part) : part)));
}

/** Puts text on the clipboard; also where a page opened from disk may not use the modern way. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "off-screen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
