// The keyboard.

import { button, h, icon } from "./dom.js";

const HELP = [
  ["j  k", "next and previous in the list"], ["n  p", "next and previous failure"],
  ["↑  ↓", "up and down in the list or the timeline"], ["Enter", "open; in the search, the first that is found"],
  ["←  →", "closer and further near miss"],
  ["v", "sequence or waterfall"], ["/", "search"], ["Esc", "leave the search, close"], ["t", "light, dark, automatic"], ["?", "these keys"],
];

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Lets `actions`, a map from keys to functions, be called by keys. */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) && event.key !== "Escape") return;
    if (document.querySelector("dialog[open]") !== null) return;
    const action = actions.get(event.key);
    if (action === undefined || action(event) === false) return;
    event.preventDefault();
  });
}

/** The list of keys. */
export function help() {
  const dialog = h("dialog", { class: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keys"),
    h("dl", {}, HELP.map(([keys, text]) => h("div", {}, h("dt", {}, keys.split("  ").map((key) => h("kbd", {}, key))), h("dd", {}, text)))),
    h("h3", {}, "Search"),
    h("p", {}, "Words are looked for in names, topics, payloads, ids and errors. Filters: ",
      ["topic:orders", "outcome:timeout", "transport:nats", "tag:slow", "slower:20ms", "cause:late", "file:bridge", "id:4f2a"].flatMap((text) => [h("code", {}, text), " "]), "; a minus before one turns it round."),
    button("Close", { class: "quiet close", click: () => dialog.close() }, icon("fail")));
  document.body.append(dialog);
  return dialog;
}
