// @ts-check
// Light or dark: the reader's choice, else the system's. Charts ask here for colours, since a canvas knows no CSS.

const KEY = "riskstream-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark"} the theme that is shown */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
}

/** Shows the other theme and remembers it. */
export function toggleTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that forbids storage forgets the choice with the page.
  }
  document.dispatchEvent(new Event("themechange"));
}

/**
 * Calls back whenever another theme is shown.
 * @param {() => void} callback
 * @returns {() => void} stops it
 */
export function onTheme(callback) {
  const ofSystem = () => document.documentElement.dataset.theme || callback();
  document.addEventListener("themechange", callback);
  dark.addEventListener("change", ofSystem);
  return () => {
    document.removeEventListener("themechange", callback);
    dark.removeEventListener("change", ofSystem);
  };
}

/** @typedef {ReturnType<typeof tokens>} Tokens */

/** @type {Map<string, ReturnType<typeof read>>} */
const known = new Map();

/** The colours of the theme that is shown, from the custom properties of style.css. */
export function tokens() {
  const shown = theme();
  let colours = known.get(shown);
  if (!colours) known.set(shown, (colours = read()));
  return colours;
}

function read() {
  const probe = document.createElement("i");
  probe.style.transition = "none";
  document.body.append(probe);
  /** @param {string} name */
  const of = (name) => {
    probe.style.color = `var(${name})`; // resolves light-dark(), which the property's own value does not
    return getComputedStyle(probe).color;
  };
  const colours = {
    text: of("--text"),
    muted: of("--muted"),
    line: of("--line"),
    grid: of("--grid"),
    surface: of("--surface"),
    raised: of("--raised"),
    accent: of("--accent"),
    second: of("--second"),
    neutral: of("--neutral"),
    land: of("--land"),
    raises: of("--raises"),
    lowers: of("--lowers"),
    levels: {
      low: of("--low-mark"),
      medium: of("--medium-mark"),
      high: of("--high-mark"),
      critical: of("--critical-mark"),
    },
    font: getComputedStyle(document.body).fontFamily,
  };
  probe.remove();
  return colours;
}
