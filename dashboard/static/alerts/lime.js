// @ts-check
// The LIME picture: a second, local view of the score. It is never shown as the same thing as the exact reasons.

import { el, icon, replace } from "../lib/dom.js";
import { number, plural } from "../lib/format.js";
import { bars } from "./weights.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {import("./types.js").Explanation} Explanation */
/** @typedef {import("./types.js").View} View */
/** @typedef {{dispose: () => void} | null} Drawn */

const STABLE = 3; // features whose places hold over seeds; the rest is drawn pale

/** @param {Found} found @returns {{node: Element, chart: Drawn}} */
export function lime({ explanation, alert }) {
  const body = el("div", { class: "panel-body" });
  /** @type {{chart: Drawn}} */
  const drawn = { chart: null };
  if (!explanation) replace(body, waiting(alert.status === "random_check"));
  else if (explanation.method === "exact" || !explanation.fused) replace(body, fallback(explanation, drawn));
  else replace(body, views(explanation, drawn));
  const node = el(
    "section",
    { class: "panel", "aria-labelledby": "lime-title" },
    el(
      "header",
      { class: "panel-head" },
      el(
        "h3",
        { id: "lime-title" },
        explanation?.method === "exact" ? "No LIME view" : "LIME: a local approximation",
      ),
      el("p", { class: "panel-meta" }, "what the score answers to, around this payment"),
    ),
    body,
  );
  return { node, chart: { dispose: () => drawn.chart?.dispose() } };
}

/** @param {boolean} check */
function waiting(check) {
  if (check)
    return el(
      "p",
      { class: "empty" },
      "Random checks are not explained by LIME; the exact reasons above hold for them too.",
    );
  return el(
    "div",
    { class: "empty", role: "status" },
    icon("clock"),
    el("strong", null, "Being explained…"),
    el("p", null, "The picture appears here by itself. It needs the worker’s explaining to be on."),
  );
}

/** @param {Explanation} explanation @param {{chart: Drawn}} drawn */
function fallback(explanation, drawn) {
  const place = el("div", { class: "chart lime-chart" });
  drawn.chart = bars(place, explanation.exact.slice(0, 10), "exact contributions", 10);
  return [
    el(
      "p",
      { class: "remark calm" },
      icon("clock"),
      el("span", null, explanation.fallback ?? "LIME gave no view of this alert."),
      el("span", null, " These are the exact contributions by feature instead."),
    ),
    place,
  ];
}

/** @param {Explanation} explanation @param {{chart: Drawn}} drawn */
function views(explanation, drawn) {
  const place = el("div", { class: "chart lime-chart" });
  const said = el("p", { class: "panel-note num" });
  const show = (/** @type {View} */ view) => {
    drawn.chart?.dispose();
    drawn.chart = bars(place, view.features, view.unit, STABLE);
    replace(said, fidelity(view, explanation));
  };
  const choice = explanation.logistic ? switcher(explanation, show) : null;
  show(/** @type {View} */ (explanation.fused));
  return [
    explanation.agrees === false &&
      el(
        "p",
        { class: "remark" },
        icon("warning"),
        el("span", null, explanation.remark ?? "LIME and the exact reasons lead with different features."),
      ),
    choice,
    place,
    said,
  ];
}

/** @param {Explanation} explanation @param {(view: View) => void} show */
function switcher(explanation, show) {
  /** @type {[string, View][]} */
  const offered = [
    ["All four detectors", /** @type {View} */ (explanation.fused)],
    ["Logistic model alone", /** @type {View} */ (explanation.logistic)],
  ];
  const buttons = offered.map(([title, view], i) =>
    el(
      "button",
      {
        type: "button",
        class: "button",
        "aria-pressed": String(i === 0),
        onclick: () => {
          buttons.forEach((button, j) => button.setAttribute("aria-pressed", String(i === j)));
          show(view);
        },
      },
      title,
    ),
  );
  return el("div", { class: "segmented", role: "group", "aria-label": "What is explained" }, buttons);
}

/** @param {View} view @param {Explanation} explanation */
function fidelity(view, { samples }) {
  const probability =
    view.r2_probability === null ? "" : ` (${number(view.r2_probability, { digits: 2 })} of the probability)`;
  const said = (/** @type {number} */ value) => number(value, { digits: 2, sign: true });
  return [
    `R² ${number(view.r2, { digits: 2 })} of the ${view.unit}${probability}, from ${plural(samples, "sample")}.`,
    `The local model says ${said(view.prediction)}, the score’s own value is ${said(view.actual)}.`,
    "Go by the first three features; the pale ones change more with the samples drawn.",
  ].join(" ");
}
