// @ts-check
// What the bundle in use is and rests on.

import { byId, el, replace } from "../lib/dom.js";
import { NONE, dateTime, number, percent } from "../lib/format.js";

/** @typedef {import("./view.js").Bundle} Bundle */

/** @param {Bundle} bundle */
export function bundlePanel(bundle) {
  const { counts, budgets } = bundle;
  const facts = [
    ["Version", el("span", { class: "mono", id: "bundle-version" }, bundle.version)],
    ["Kind of score", bundle.score_kind],
    ["Payments of training", number(counts.payments)],
    ["Accounts", number(counts.accounts)],
    ["Warm-up rows", number(counts.warm_up)],
    ["Rows fitted on", number(counts.fitting)],
    ["Reference rows", number(counts.reference)],
    ["Labelled", number(counts.labelled)],
    ["Known frauds", number(counts.frauds)],
    ["Labels known until", dateTime(bundle.labels_until)],
    ["Labels from", bundle.label_source ?? NONE],
    ["Base currency", bundle.base_currency],
    ["Alert budget critical", `${percent(budgets.critical)} of payments`],
    ["Alert budget high", `${percent(budgets.high)} of payments`],
    ["Alert budget medium", `${percent(budgets.medium)} of payments`],
    ["Calibrated on", bundle.calibration ? `${number(bundle.calibration.rows)} rows, ${number(bundle.calibration.frauds)} frauds` : NONE],
    ["Seed", number(bundle.seed)],
  ];
  replace(
    byId("bundle"),
    el("p", { class: "lead" }, bundle.why),
    bundle.population && el("p", { class: "panel-note" }, bundle.population),
    bundle.weak_logistic && el("p", { class: "panel-note" }, "The logistic model was fitted on labels made from the other detectors: it explains, and counts nothing."),
    el("dl", { class: "facts bundle-facts" }, facts.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value)))),
  );
}
