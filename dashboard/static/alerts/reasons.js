// @ts-check
// The exact reasons of a score, as steps that lead from what every payment shares to the total.

import { el } from "../lib/dom.js";
import { number, words } from "../lib/format.js";
import { unitWords } from "./marks.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {{title: string, code: string | null, text: string, from: number, to: number, kind: "sum" | "raises" | "lowers"}} Step */

/** @param {Found} found */
export function reasons({ assessment }) {
  const steps = stepsOf(assessment);
  const low = Math.min(0, ...steps.map((step) => Math.min(step.from, step.to)));
  const high = Math.max(0, ...steps.map((step) => Math.max(step.from, step.to)));
  const unit = unitWords(assessment.score_kind);
  return el(
    "section",
    { class: "panel detail-part wide-part", "aria-labelledby": "reasons-title" },
    el(
      "header",
      { class: "panel-head" },
      el("h3", { id: "reasons-title" }, "Why: exact reasons"),
      el("p", { class: "panel-meta" }, `contributions in ${unit}; they add up`),
    ),
    el(
      "ol",
      { class: "steps panel-body" },
      steps.map((step) => row(step, low, high - low || 1)),
    ),
  );
}

/** @param {Found["assessment"]} assessment @returns {Step[]} */
function stepsOf({ baseline, other, statistic, reasons: given, score_kind }) {
  let at = baseline;
  /** @type {Step[]} */
  const steps = [
    { title: "Baseline", code: null, text: "what every payment shares", from: 0, to: baseline, kind: "sum" },
  ];
  const add = (
    /** @type {string} */ title,
    /** @type {string | null} */ code,
    /** @type {string} */ text,
    /** @type {number} */ by,
  ) => {
    steps.push({ title, code, text, from: at, to: at + by, kind: by < 0 ? "lowers" : "raises" });
    at += by;
  };
  for (const { code, contribution, text } of given) add(words(code), code, text, contribution);
  add("Everything else", null, "causes too small to be listed, and what lowers the score", other);
  steps.push({
    title: "Total",
    code: null,
    text: `${unitWords(score_kind)} of this payment`,
    from: 0,
    to: statistic,
    kind: "sum",
  });
  return steps;
}

/** @param {Step} step @param {number} low @param {number} width */
function row({ title, code, text, from, to, kind }, low, width) {
  const css = {
    "--from": (Math.min(from, to) - low) / width,
    "--size": Math.abs(to - from) / width,
    "--zero": -low / width,
  };
  const value = to - from;
  return el(
    "li",
    { class: ["step", `step-${kind}`], title: code },
    el("div", { class: "step-said" }, el("strong", null, title), el("span", { class: "muted" }, text)),
    el("div", { class: "step-track", css, "aria-hidden": "true" }),
    el("span", { class: "step-value num" }, number(value, { digits: 2, sign: kind !== "sum" })),
  );
}
