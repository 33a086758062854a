// Light, dark, or as the system has it.

const KEY = "choreo-theme";
const ORDER = ["auto", "light", "dark"];

function stored() {
  try {
    const name = localStorage.getItem(KEY);
    return ORDER.includes(name) ? name : "auto";
  } catch {
    return "auto";
  }
}

function show(name) {
  document.documentElement.dataset.theme = name;
  const control = document.getElementById("theme");
  control.setAttribute("aria-label", `Colours: ${name}`);
  control.dataset.theme = name;
  control.querySelector(".theme-name").textContent = name;
}

/** Sets up the button; returns what its key does. */
export function theme() {
  show(stored());
  const next = () => {
    const name = ORDER[(ORDER.indexOf(document.documentElement.dataset.theme) + 1) % ORDER.length];
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // A browser that keeps nothing still shows it.
    }
    show(name);
  };
  document.getElementById("theme").addEventListener("click", next);
  return next;
}
