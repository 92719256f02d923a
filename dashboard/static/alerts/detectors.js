// @ts-check
// What each of the four detectors says by itself, and how rarely it says as much.

import { el } from "../lib/dom.js";
import { number, oneIn } from "../lib/format.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {import("./types.js").Detector} Detector */

const RAREST = 5; // decades of rarity that fill a bar: one payment in 100,000

/** @param {Found} found */
export function detectors({ detectors: given }) {
  return el(
    "section",
    { class: "panel detail-part", "aria-labelledby": "detectors-title" },
    el(
      "header",
      { class: "panel-head" },
      el("h3", { id: "detectors-title" }, "Four detectors"),
      el("p", { class: "panel-meta" }, "payments at least this strange, in the reference"),
    ),
    el("ul", { class: "detectors panel-body" }, given.map(row)),
  );
}

/** @param {Detector} detector */
function row({ title, score, tail }) {
  return el(
    "li",
    null,
    el(
      "div",
      { class: "detector-line" },
      el("strong", { class: "detector-name" }, title),
      el("span", { class: "num muted" }, score === null ? "silent" : `score ${number(score, { digits: 2 })}`),
    ),
    el("div", { class: "bullet plain", css: { "--share": rarity(tail) }, "aria-hidden": "true" }),
    el("p", { class: "muted num" }, said(score, tail)),
  );
}

/** @param {number | null} score @param {number | null} tail */
function said(score, tail) {
  if (score === null) return "It cannot speak about this payment; the others count more.";
  return tail === null ? "How rare this is, is not known." : oneIn(tail);
}

/** @param {number | null} tail @returns {number} 0 to 1 */
function rarity(tail) {
  if (tail === null) return 0;
  return Math.min(1, -Math.log10(Math.max(tail, 10 ** -RAREST)) / RAREST);
}
