// @ts-check
// From which score on a payment reaches a level, by how much is known of its account, and what that did in training.

import { byId, el, icon, replace } from "../lib/dom.js";
import { number, percent, score } from "../lib/format.js";

/** @typedef {import("./view.js").Bundle} Bundle */
/** @typedef {import("./view.js").Threshold} Threshold */

const ENOUGH_ROWS = 1000;
const HEADS = ["Accounts", "Level", "Budget", "From score", "Nearest measured score", "Payments reached", "False-positive rate", "Recall", "Precision"];

/** @param {Bundle} bundle */
export function thresholdsPanel({ thresholds, budgets, operating_points }) {
  const measured = operating_points.length > 0;
  const heads = measured ? HEADS : HEADS.slice(0, 4);
  replace(
    byId("thresholds"),
    el(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Thresholds by maturity and level" },
      el(
        "table",
        { class: "table", id: "threshold-table" },
        el("thead", null, el("tr", null, heads.map((head, at) => el("th", { scope: "col", class: at > 1 ? "num" : null }, head)))),
        el("tbody", null, thresholds.map((one) => row(one, budgets[one.level], measured))),
      ),
    ),
    el("p", { class: "panel-note" }, `New accounts have fewer than 5 payments, mature ones 30 or more. A maturity with fewer than ${number(ENOUGH_ROWS)} reference rows shares the threshold of all.`),
    measured
      ? el("p", { class: "panel-note" }, "False-positive rate: share of genuine payments that reach the score. Measured on the labelled reference payments of training at the nearest score of a fixed list; nothing is interpolated.")
      : el("p", { class: "panel-note" }, "Without labels nobody knows which payments were genuine: false-positive rates are unknown."),
  );
}

/** @param {Threshold} one @param {number} budget @param {boolean} measured */
function row(one, budget, measured) {
  const shared = one.reference_rows < ENOUGH_ROWS ? ", as all" : "";
  const at = one.measured;
  const cells = [percent(budget), score(one.score)];
  if (measured) cells.push(...(at ? [score(at.score), percent(at.share), percent(at.false_positive_rate), percent(at.recall), percent(at.precision)] : ["–", "–", "unknown", "unknown", "unknown"]));
  return el(
    "tr",
    null,
    el("th", { scope: "row" }, one.maturity, el("span", { class: "muted" }, ` ${number(one.reference_rows)} rows${shared}`)),
    el("td", null, el("span", { class: ["badge", `level-${one.level}`] }, icon(`level-${one.level}`), one.level)),
    cells.map((cell) => el("td", { class: "num" }, cell)),
  );
}
