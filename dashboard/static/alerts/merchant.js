// @ts-check
// What is known of the merchant.

import { el } from "../lib/dom.js";
import { date, number, percent, words } from "../lib/format.js";

/** @typedef {import("./types.js").Found} Found */

const RISK = /^merchant_risk_|^merchant_run$/;
const COUNT = /^merchant_count_/;

/** @type {Record<string, string>} */
const TITLES = {
  merchant_count_1d: "Payments, 1 day",
  merchant_count_7d: "Payments, 7 days",
  merchant_count_30d: "Payments, 30 days",
  merchant_velocity_ratio: "Day against month, log ratio",
  merchant_z_1d: "Customers’ deviations, 1 day",
  merchant_z_7d: "Customers’ deviations, 7 days",
  merchant_risk_1d: "Fraud share, 1 day",
  merchant_risk_7d: "Fraud share, 7 days",
  merchant_risk_30d: "Fraud share, 30 days",
  merchant_run: "Current run of frauds",
};

/** @param {Found} found */
export function merchant({ merchant: given }) {
  const since = given.since ? `since ${date(given.since)}` : "in this queue";
  const fact = (/** @type {string} */ title, /** @type {string} */ value) =>
    el("div", null, el("dt", null, title), el("dd", null, value));
  return el(
    "section",
    { class: "panel detail-part", "aria-labelledby": "merchant-title" },
    el(
      "header",
      { class: "panel-head" },
      el("h3", { id: "merchant-title" }, "Merchant ", el("bdi", { class: "mono" }, given.id)),
      el("p", { class: "panel-meta" }, "when the payment was made; frauds by labels known then"),
    ),
    el(
      "div",
      { class: "panel-body" },
      el(
        "dl",
        { class: "facts" },
        fact(`Alerts ${since}`, number(given.alerts)),
        fact(`Confirmed frauds ${since}`, number(given.confirmed_frauds)),
        given.features.map(({ name, value }) => fact(TITLES[name] ?? words(name), figure(name, value))),
      ),
    ),
  );
}

/** @param {string} name @param {number | null} value counts come as log(1 + n), see docs/features.md */
function figure(name, value) {
  if (value === null) return "not known";
  if (COUNT.test(name)) return number(Math.round(Math.expm1(value)));
  return RISK.test(name) ? percent(value) : number(value, { digits: 2, sign: true });
}
