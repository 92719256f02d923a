// @ts-check
// Detectors beside the fused score, and the metrics: of a backtest where there is one, else of training.

import { byId, el, replace } from "../lib/dom.js";
import { NONE, money, number, percent, words } from "../lib/format.js";
import { figures, region, table } from "../lib/table.js";
import { between, days, ratio } from "./words.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Report} Report */

const SHARES = /^(recall|share)_/;
const DETECTOR = /^average_precision_/;
/** @type {Record<string, string>} */
const TITLES = {
  roc_auc: "ROC AUC",
  brier: "Brier score",
  brier_of_base_rate: "Brier score of the fraud rate",
  said_over_found: "Probability said / found",
  share_medium: "Payments at medium or above",
  share_high: "Payments at high or above",
  share_critical: "Payments at critical",
  recall_medium: "Recall at medium or above",
  recall_high: "Recall at high or above",
  recall_critical: "Recall at critical",
};
/** @type {Record<string, string>} */
const MEANINGS = {
  average_precision: "chance gives the fraud rate",
  roc_auc: "0.5 is chance, 1 is perfect",
  brier: "0 is best",
  brier_of_base_rate: "what saying it every time would score",
  said_over_found: "1 is right",
  recall_high: "frauds found",
};

/** @param {View} view */
export function detectorsPanel({ bundle, report }) {
  const weights = new Map((bundle?.weights ?? []).map((one) => [one.name, one.weight]));
  byId("detectors-range").textContent = report ? `payments after training, ${days(report.from, report.to)}` : "";
  const backtested = new Map((report?.detectors ?? []).map((one) => [one.name, one]));
  const all = bundle ? bundle.weights : (report?.detectors ?? []);
  const head = [
    "Detector",
    ...figures("Weight", "Average precision", ...(report ? ["95 % interval", "Fused score there"] : [])),
  ];
  const rows = all.map((one) => {
    const told = backtested.get(one.name);
    const weight = weights.has(one.name) ? number(weights.get(one.name), { digits: 3 }) : NONE;
    if (!report) return [one.title, weight, ratio(bundle?.metrics[`average_precision_${one.name}`])];
    return [
      one.title,
      weight,
      ratio(told?.average_precision),
      between(told?.interval ?? null),
      ratio(told?.fused_average_precision),
    ];
  });
  replace(
    byId("detectors"),
    region("Table: Detectors", table({ head, rows })),
    el(
      "p",
      { class: "panel-note" },
      "Weight: what a detector counts in the fused score; 0 is not used. " +
        "Average precision: of its score alone, on payments where it speaks; chance gives the fraud rate.",
    ),
  );
}

/** @param {View} view */
export function metricsPanel({ bundle, report }) {
  byId("metrics-range").textContent = report
    ? `payments after training, ${days(report.from, report.to)}`
    : "on reference payments of training";
  const rows = report ? ofReport(report) : ofTraining(bundle?.metrics ?? {});
  replace(
    byId("metrics"),
    rows.length
      ? region("Table: Metrics", table({ head: ["Metric", ...figures("Value"), { cells: "muted" }], rows }))
      : el("p", { class: "empty" }, "Without labels nothing was measured."),
    report &&
      el(
        "p",
        { class: "panel-note" },
        `From ${report.file}, a backtest of ${report.source.name}` +
          `${report.source.others_genuine ? ", where payments without a label count as genuine" : ""}.`,
      ),
  );
}

/** @param {Report} report */
function ofReport(report) {
  const { reach, budget } = report.in_force;
  const rows = [
    [
      "Payments, frauds",
      `${number(report.payments)}, ${number(report.frauds)}`,
      `${percent(report.fraud_rate)} of labelled; ` +
        `${money(report.fraud_amount, report.bundle.base_currency)} of fraud`,
    ],
    [
      "Average precision",
      ratio(report.average_precision),
      `95 % interval ${between(report.average_precision_interval)}`,
    ],
    ["ROC AUC", ratio(report.roc_auc), "0.5 is chance, 1 is perfect"],
    [`Card precision at ${report.cards}`, ratio(report.card_precision), "accounts looked at a day"],
    ["At high or above: payments", percent(reach.share), `budget ${percent(budget)}`],
    ["At high or above: precision", percent(reach.precision), "alerts that are fraud"],
    ["At high or above: recall", percent(reach.recall), "frauds found"],
    ["At high or above: value detected", percent(reach.value_detected), "of the amount of fraud"],
  ];
  if (report.honesty) {
    rows.push(
      [
        "Brier score",
        ratio(report.honesty.brier),
        `always saying the fraud rate: ${ratio(report.honesty.brier_of_base_rate)}`,
      ],
      ["Calibration slope", ratio(report.honesty.calibration_slope), "1 is right; below 1 too extreme"],
      ["Probability said / found", ratio(report.honesty.mean_p_to_rate), "1 is right"],
    );
  }
  return rows;
}

/** @param {Record<string, number>} metrics */
function ofTraining(metrics) {
  const told = Object.entries(metrics).filter(([name]) => !DETECTOR.test(name));
  return told.map(([name, value]) => [
    TITLES[name] ?? words(name),
    SHARES.test(name) ? percent(value) : ratio(value),
    MEANINGS[name] ?? "",
  ]);
}
