// @ts-check
// The words and marks of levels, kinds and dispositions: shape and word first, colour beside them.

import { el, icon } from "../lib/dom.js";
import { words } from "../lib/format.js";

/** @typedef {import("./types.js").Level} Level */
/** @typedef {import("./types.js").Disposition} Disposition */

/** @type {Record<Disposition, string>} */
export const DISPOSITIONS = {
  confirmed_fraud: "Confirmed fraud",
  false_positive: "False positive",
  inconclusive: "Inconclusive",
};

const ACTIONS = { approve: "approve", review: "review", step_up: "ask for a second factor", decline: "decline" };

export const CHECK_WORDS =
  "Random check: chosen by chance among payments that raised no alert, so that the share of frauds nobody was alerted of can be known.";

/** @param {Level} level */
export const levelBadge = (level) =>
  el("span", { class: ["badge", `level-${level}`] }, icon(`level-${level}`), level);

export const checkBadge = () =>
  el("span", { class: "badge accent", title: CHECK_WORDS }, icon("dice"), "random check");

/** @param {Disposition | null} disposition */
export function dispositionBadge(disposition) {
  if (!disposition) return null;
  const picture = { confirmed_fraud: "warning", false_positive: "check", inconclusive: "question" }[disposition];
  return el("span", { class: "badge outline" }, icon(picture), DISPOSITIONS[disposition].toLowerCase());
}

/** @param {string} action */
export const actionWords = (action) =>
  /** @type {Record<string, string>} */ (ACTIONS)[action] ?? words(action).toLowerCase();

/** What a score of this kind is. @param {string} kind */
export function scoreWords(kind) {
  if (kind === "probability") return "calibrated probability, percent";
  return kind === "rarity" ? "rarity, 0–100; not a probability" : "rarity with feedback, 0–100; not a probability";
}

/** What the contributions are measured in. @param {string} kind */
export const unitWords = (kind) => (kind === "probability" ? "log-odds" : "tail statistic");
