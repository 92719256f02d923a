// @ts-check
// Shortcuts. Single keys never act while somebody types or a dialog is open, and can be switched off (WCAG 2.1.4).

import { byId } from "../lib/dom.js";

const KEY = "riskstream-single-keys";
const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]";

/** @typedef {import("./types.js").Disposition} Disposition */

/** @type {Record<string, Disposition>} */
const VERDICTS = { f: "confirmed_fraud", p: "false_positive", i: "inconclusive" };

/** @param {import("./queue.js").Queue} queue @param {import("./detail.js").Detail} detail */
export function listenToKeys(queue, detail) {
  const help = byId("help");
  const single = byId("single-keys");
  single.checked = localStorage.getItem(KEY) !== "off";
  single.addEventListener("change", () => localStorage.setItem(KEY, single.checked ? "on" : "off"));
  byId("open-help").addEventListener("click", () => help.showModal());

  /** @param {string} key @returns {boolean} whether it did something */
  const act = (key) => {
    if (key === "j" || key === "k") queue.list.move(key === "j" ? 1 : -1);
    else if (key === "/") queue.filters.focusSearch();
    else if (key === "?") help.showModal();
    else if (key in VERDICTS) return detail.focusVerdict(VERDICTS[key]);
    else return false;
    return true;
  };

  addEventListener("keydown", (event) => {
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      document.querySelector("dialog[open]")
    )
      return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape") return leave(event, target, detail);
    if (target.matches(TYPING)) return;
    const inList = queue.list.node.contains(target);
    if (inList && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      queue.list.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (single.checked && act(event.key)) event.preventDefault();
  });
}

/** @param {KeyboardEvent} event @param {HTMLElement} target @param {import("./detail.js").Detail} detail */
function leave(event, target, detail) {
  if (target.matches(TYPING)) target.blur();
  else if (detail.id) {
    event.preventDefault();
    detail.close();
  }
}
