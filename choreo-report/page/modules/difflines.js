// Differences as a table, shared by expectations and replies.

import { bdi, h } from "./dom.js";
import { actualOf, expectedOf } from "./misses.js";
import { brief, count, inline, typeName } from "./text.js";

/** The table of what differs: field, expected, received. */
export function diffLines(differences) {
  return h("table", { class: "diff", "data-field": "diff", "data-differences": differences.length },
    h("thead", {}, h("tr", {}, ["Field", "Expected", "Received"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, differences.slice(0, 100).map((difference) => {
      const path = difference.path === "<root>" || difference.path === "" ? "whole payload" : difference.path;
      return h("tr", { "data-kind": difference.kind }, h("th", { scope: "row" }, bdi(brief(path, 200), { class: "mono" })),
        h("td", { class: "expected" }, cell(expectedOf(difference), difference, "expected")),
        h("td", { class: "actual" }, cell(actualOf(difference), difference, "actual")));
    })),
    differences.length > 100 ? h("caption", {}, `and ${count(differences.length - 100, "more place")}`) : null);
}

function cell(content, difference, side) {
  if (content.missing) return h("em", { class: "absent" }, "nothing: the field is missing");
  const text = content.text === undefined ? inline(content.value, 400) : brief(content.text, 400);
  const type = difference.kind === "type_mismatch" && content.text === undefined && side === "actual" ? h("span", { class: "type" }, typeName(content.value)) : null;
  return [bdi(text, { class: "mono value" }), type];
}
