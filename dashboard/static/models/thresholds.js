// @ts-check
// From which score on a payment reaches a level, by how much is known of its account, and what that did in
// training.

import { byId, el, icon, replace } from "../lib/dom.js";
import { number, percent, score } from "../lib/format.js";
import { figures, region, table } from "../lib/table.js";

/** @typedef {import("./view.js").Bundle} Bundle */
/** @typedef {import("./view.js").Threshold} Threshold */

const ENOUGH_ROWS = 1000;
const GIVEN = ["Budget", "From score"];
const MEASURED = ["Nearest measured score", "Payments reached", "False-positive rate", "Recall", "Precision"];

/** @param {Bundle} bundle */
export function thresholdsPanel({ thresholds, budgets, operating_points }) {
  const measured = operating_points.length > 0;
  replace(
    byId("thresholds"),
    region(
      "Thresholds by maturity and level",
      table({
        id: "threshold-table",
        head: ["Accounts", "Level", ...figures(...GIVEN, ...(measured ? MEASURED : []))],
        rows: thresholds.map((one) => row(one, budgets[one.level], measured)),
      }),
    ),
    el(
      "p",
      { class: "panel-note" },
      "New accounts have fewer than 5 payments, mature ones 30 or more. " +
        `A maturity with fewer than ${number(ENOUGH_ROWS)} reference rows shares the threshold of all.`,
    ),
    measured
      ? el(
          "p",
          { class: "panel-note" },
          "False-positive rate: share of genuine payments that reach the score. " +
            "Measured on the labelled reference payments of training at the nearest score of a fixed list; " +
            "nothing is interpolated.",
        )
      : el(
          "p",
          { class: "panel-note" },
          "Without labels nobody knows which payments were genuine: false-positive rates are unknown.",
        ),
  );
}

/** @param {Threshold} one @param {number} budget @param {boolean} measured */
function row(one, budget, measured) {
  const shared = one.reference_rows < ENOUGH_ROWS ? ", as all" : "";
  const at = one.measured;
  const cells = [percent(budget), score(one.score)];
  if (measured)
    cells.push(
      ...(at
        ? [
            score(at.score),
            percent(at.share),
            percent(at.false_positive_rate),
            percent(at.recall),
            percent(at.precision),
          ]
        : ["–", "–", "unknown", "unknown", "unknown"]),
    );
  return [
    [one.maturity, el("span", { class: "muted" }, ` ${number(one.reference_rows)} rows${shared}`)],
    el("span", { class: ["badge", `level-${one.level}`] }, icon(`level-${one.level}`), one.level),
    ...cells,
  ];
}
