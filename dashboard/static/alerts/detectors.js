// @ts-check
// What each of the four detectors says by itself, and how rarely it says as much.

import { el } from "../lib/dom.js";
import { number, oneIn, percent } from "../lib/format.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {import("./types.js").Detector} Detector */
/** @typedef {import("./types.js").Split} Split */

const SHOWN = 2;
const RAREST = 5; // decades of rarity that fill a bar: one payment in 100,000

/** @param {Found} found */
export function detectors({ detectors: given, assessment, explanation }) {
  // An assessment below level medium, a random check for instance, has none.
  const splits = assessment.approximate?.length ? assessment.approximate : (explanation?.approximate ?? []);
  return el(
    "section",
    { class: "panel", "aria-labelledby": "detectors-title" },
    el(
      "header",
      { class: "panel-head" },
      el("h3", { id: "detectors-title" }, "Four detectors"),
      el("p", { class: "panel-meta" }, "payments at least this strange, in the reference"),
    ),
    el("ul", { class: "detectors panel-body" }, given.map((one) => row(one, splits.find((split) => split.detector === one.name)))),
  );
}

/** @param {Detector} detector @param {Split | undefined} split */
function row({ title, score, tail }, split) {
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
    split ? el("p", { class: "muted" }, `Approximately: ${shares(split)}.`) : null,
  );
}

/** @param {number | null} score @param {number | null} tail */
function said(score, tail) {
  if (score === null) return "It cannot speak about this payment; the others count more.";
  return tail === null ? "How rare this is, is not known." : oneIn(tail);
}

/** The detector is no sum over features, so that this is no more than a hint. @param {Split} split */
const shares = ({ features }) =>
  features
    .slice(0, SHOWN)
    .map(({ text, share }) => `${percent(share)} from ${text}`)
    .join("; ");

/** @param {number | null} tail @returns {number} 0 to 1 */
function rarity(tail) {
  if (tail === null) return 0;
  return Math.min(1, -Math.log10(Math.max(tail, 10 ** -RAREST)) / RAREST);
}
