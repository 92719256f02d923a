// @ts-check
// The measured points that the slider stands on: of a backtest where there is one, else of the bundle's training.

import { NONE, money, number, percent, plural, score } from "../lib/format.js";
import { aDay, days } from "./words.js";

/** @typedef {import("./view.js").Bundle} Bundle */
/** @typedef {import("./view.js").Report} Report */
/** @typedef {{at: number, x: number, name: string, says: string, cells: string[]}} Point */
/** @typedef {{name: string, kind: "" | "dashed is-second" | "is-neutral", of: (number | null)[], axis: (value: number) => string}} Line */
/** @typedef {{points: Point[], lines: Line[], start: number, label: string, range: string, axis: string, help: string, heads: string[], mark: {x: number, name: string}}} Trade mark: what is in force */

/**
 * Alerts a day against value and customers.
 * @param {Report} report
 * @returns {Trade | null}
 */
export function fromReport(report) {
  const { workloads, in_force, bundle, days: length } = report;
  if (!workloads.length) return null;
  const labelled = report.frauds > 0;
  const range = `${report.same_bundle === false ? `bundle ${bundle.version}, ` : ""}payments after training, ${days(report.from, report.to)}`;
  const points = workloads.map((one, at) => {
    const { reach } = one;
    const alerts = `${aDay(one.alerts_a_day)} ${one.alerts_a_day === 1 ? "alert" : "alerts"} a day`;
    const says = !labelled
      ? `At ${alerts} you alert ${percent(reach.share)} of payments. Without labels nobody knows how many frauds that finds.`
      : `At ${alerts} you catch ${percent(reach.value_detected)} of fraud value and bother ${aDay(one.genuine_customers_a_day)} genuine ${one.genuine_customers_a_day === 1 ? "customer" : "customers"} a day.`;
    const caught = reach.value_detected === null ? null : reach.value_detected * report.fraud_amount;
    return {
      at,
      x: one.alerts_a_day,
      name: `${aDay(one.alerts_a_day)} a day`,
      says,
      cells: [
        aDay(one.alerts_a_day), percent(reach.value_detected), caught === null ? NONE : money(caught / length, bundle.base_currency), percent(reach.recall), percent(reach.precision),
        aDay(one.genuine_customers_a_day), one.genuine_customers === null ? NONE : number(one.genuine_customers), percent(reach.false_positive_rate), percent(reach.share), score(one.least_score),
      ],
    };
  });
  return {
    points,
    lines: [
      { name: "fraud value caught", kind: "", of: workloads.map((one) => one.reach.value_detected), axis: aDay },
      { name: "frauds found (recall)", kind: "dashed is-second", of: workloads.map((one) => one.reach.recall), axis: aDay },
      { name: "alerts that are fraud (precision)", kind: "is-neutral", of: workloads.map((one) => one.reach.precision), axis: aDay },
    ],
    start: nearest(workloads.map((one) => one.alerts_a_day), in_force.alerts_a_day),
    label: "Alerts a day",
    range,
    axis: "alerts a day, log scale",
    help: `Each stop was measured by the backtest ${report.file} over ${number(length, { digits: 0 })} days: the highest scores, whatever their account’s maturity; nothing lies between stops. The bundle’s own thresholds gave ${aDay(in_force.alerts_a_day)} payments at high or above a day. A genuine customer is bothered on a day on which a genuine payment of theirs is alerted and no fraud of theirs is. Of the labelled ${plural(report.labelled, "payment")}, ${number(report.frauds)} are frauds.`,
    heads: ["Alerts a day", "Fraud value caught", "Caught a day", "Frauds found (recall)", "Precision", "Genuine customers bothered a day", "… different ones in all", "False-positive rate", "Share of payments", "From score"],
    mark: { x: in_force.alerts_a_day, name: "the bundle’s thresholds" },
  };
}

/**
 * Shares of payments against recall and precision, as training measured them.
 * @param {Bundle} bundle
 * @returns {Trade | null}
 */
export function fromBundle(bundle) {
  const all = bundle.operating_points;
  if (!all.length) return null;
  return {
    points: all.map((one, at) => ({
      at,
      x: one.share,
      name: percent(one.share),
      says: `Alerting the riskiest ${percent(one.share)} of payments finds ${percent(one.recall)} of frauds; ${percent(one.precision)} of the alerts are fraud, and ${percent(one.false_positive_rate)} of genuine payments are bothered.`,
      cells: [percent(one.share), percent(one.recall), percent(one.precision), percent(one.false_positive_rate), score(one.score)],
    })),
    lines: [
      { name: "frauds found (recall)", kind: "dashed is-second", of: all.map((one) => one.recall), axis: percent },
      { name: "alerts that are fraud (precision)", kind: "is-neutral", of: all.map((one) => one.precision), axis: percent },
    ],
    start: nearest(all.map((one) => one.share), bundle.budgets.high),
    label: "Share of payments alerted",
    range: `labelled reference payments of training, ${days(bundle.first_event_time, bundle.last_event_time)}`,
    axis: "share of payments alerted, log scale",
    help: "Each stop was measured on the labelled reference payments of training, which the detectors had not seen; nothing lies between stops. Alerts a day, fraud value and customers need a backtest.",
    heads: ["Share of payments", "Frauds found (recall)", "Precision", "False-positive rate", "From score"],
    mark: { x: bundle.budgets.high, name: "the alert budget" },
  };
}

/** @param {number[]} values rising @param {number} wanted */
function nearest(values, wanted) {
  return values.reduce((best, value, at) => (Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? at : best), 0);
}
