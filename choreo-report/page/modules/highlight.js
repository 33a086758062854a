// Hits of the search, marked where the words of a report are shown.

import { h } from "./dom.js";

// What came from the run stands in these; the page's own words do not.
const PLACES = "bdi, dd, pre, .payload";
// Drawings hold no markup, and what is read out when it changes would be read again.
const OTHERS = "svg, [role=status], [role=alert]";
// Further ones would only slow the page down.
const MOST = 2000;

let wanted = null;

/** What to mark from now on: words in lower case. */
export function seek(words) {
  const escaped = [...words].sort((one, other) => other.length - one.length).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  wanted = escaped.length === 0 ? null : new RegExp(escaped.join("|"), "giu");
}

/** Marks the hits in an element, and no others. */
export function mark(root) {
  for (const old of root.querySelectorAll("mark")) {
    const parent = old.parentNode;
    old.replaceWith(...old.childNodes);
    parent.normalize();
  }
  if (wanted === null) return;
  let left = MOST;
  for (const nodes of texts(root)) left -= markText(nodes, left);
}

/** Marks the hits in an element also in what is shown there later. Returns what marks it anew. */
export function keepMarked(root) {
  const observer = new MutationObserver(() => again());
  const again = () => {
    mark(root);
    observer.takeRecords();
  };
  observer.observe(root, { childList: true, subtree: true });
  return again;
}

// The text nodes of each place: a word may go on in the next one, behind a place where a line may break.
function texts(root) {
  const found = new Map();
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const place = node.parentElement.closest(PLACES);
    if (place === null || node.parentElement.closest(OTHERS) !== null) continue;
    if (!found.has(place)) found.set(place, []);
    found.get(place).push(node);
  }
  return found.values();
}

function markText(nodes, most) {
  const text = nodes.map((node) => node.data).join("");
  const hits = [];
  for (const hit of text.matchAll(wanted)) {
    if (hits.length >= most) break;
    hits.push([hit.index, hit.index + hit[0].length]);
  }
  let from = 0;
  for (const node of nodes) {
    const { data } = node;
    const parts = [];
    let at = 0;
    for (const [begin, end] of hits) {
      const [first, last] = [Math.max(begin - from, 0), Math.min(end - from, data.length)];
      if (first >= last) continue;
      parts.push(data.slice(at, first), h("mark", {}, data.slice(first, last)));
      at = last;
    }
    if (at > 0) node.replaceWith(...parts, data.slice(at));
    from += data.length;
  }
  return hits.length;
}
