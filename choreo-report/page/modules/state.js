// What the reader looks at, as it stands in the address: links, reload and Back all lead here.
//
// q search · t test · page latency|run|compare · view sequence|waterfall · x expectation (or reply) ·
// n near miss · e event · m message
//
// Expectations and events count anew in each scenario of a test: what they are called says which one it is.

const NAMES = ["q", "t", "page", "view", "x", "n", "e", "m"];
const listeners = [];
let current = read();

function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(NAMES.map((name) => [name, given.get(name) ?? ""]));
}

function write(state) {
  const parts = new URLSearchParams();
  for (const name of NAMES) if (state[name] !== "") parts.set(name, state[name]);
  return `#${parts.toString().replaceAll("%3A", ":").replaceAll("%2F", "/")}`;
}

/** What `id` is called in the state: in the first scenario of a test as it is, in the second `2.h1`. */
export function nameIn(scenario, id) {
  return scenario === 0 ? id : `${scenario + 1}.${id}`;
}

/** In which scenario of a test a name is, by its place among them. */
export function scenarioOf(name) {
  return Number(/^(\d+)\./.exec(name)?.[1] ?? 1) - 1;
}

/** The state as it is. */
export function state() {
  return current;
}

/** The address of a state that differs from the present one. */
export function address(change) {
  return write({ ...current, ...change });
}

/** What makes a link lead there. It may stand on the page while the state changes, so it is set anew when it is used. */
export function link(change) {
  const renew = (event) => event.currentTarget.setAttribute("href", address(change));
  return { href: address(change), click: renew, auxclick: renew, contextmenu: renew };
}

/** What `build` gives if the address names a test and nothing in it. */
export function asIfAt(key, build) {
  const before = current;
  current = { ...before, t: key, x: "", n: "", e: "", m: "" };
  try {
    return build();
  } finally {
    current = before;
  }
}

/** The address of a place, whatever is searched for or shown now. */
export function place(change) {
  return write({ ...Object.fromEntries(NAMES.map((name) => [name, ""])), ...change });
}

/** Goes to another state. `replace` leaves no step for Back: for typing, and for steps within a view. */
export function go(change, { replace = false } = {}) {
  const next = { ...current, ...change };
  if (NAMES.every((name) => next[name] === current[name])) return;
  const before = current;
  current = next;
  const target = write(next);
  if (replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  listeners.forEach((listener) => listener(current, before));
}

/** Calls `listener` with the new and the old state whenever it changes, also by Back or a new address. */
export function onChange(listener) {
  listeners.push(listener);
}

function follow() {
  const before = current;
  const next = read();
  if (NAMES.every((name) => next[name] === before[name])) return;
  current = next;
  listeners.forEach((listener) => listener(current, before));
}

window.addEventListener("hashchange", follow);
window.addEventListener("popstate", follow);
