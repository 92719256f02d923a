// @ts-check
// Everything that was said about the payment, as it stands in the record.

import { el } from "../lib/dom.js";
import { dateTime, duration, money, NONE, number, words } from "../lib/format.js";
import { folded } from "../lib/table.js";

/** @typedef {import("./types.js").Found} Found */

const PAYMENT = [
  "transaction_id",
  "merchant_id",
  "transaction_type",
  "channel",
  "location",
  "country",
  "ip_country",
  "latitude",
  "longitude",
];
const MODEL = ["maturity", "alert", "bundle_version", "feature_version", "assessment_id"];

/** @param {Found} found */
export function fields({ assessment, transaction }) {
  const fact = (/** @type {string} */ title, /** @type {unknown} */ value) =>
    el("div", null, el("dt", null, title), el("dd", null, shown(value)));
  return el(
    "section",
    { class: "panel detail-part whole", "aria-labelledby": "fields-title" },
    el(
      "header",
      { class: "panel-head" },
      el("h3", { id: "fields-title" }, "Payment"),
      el("p", { class: "panel-meta" }, "fields of the record"),
    ),
    el(
      "div",
      { class: "panel-body" },
      el(
        "dl",
        { class: "facts" },
        fact("Time", dateTime(assessment.event_time, { seconds: true })),
        fact("Amount", money(assessment.amount, assessment.currency)),
        PAYMENT.map((name) => fact(words(name), assessment[name])),
        transaction && [
          fact("Device", transaction.device_id),
          fact("IP address", transaction.ip_address),
          fact("IP city", transaction.ip_city),
          fact("Duration", duration(transaction.duration_s)),
          fact("Log-in attempts", transaction.login_attempts),
          fact("Account balance", money(transaction.account_balance, assessment.currency)),
        ],
        MODEL.map((name) => fact(words(name), assessment[name])),
      ),
      featureTable(assessment),
    ),
  );
}

/** @param {Found["assessment"]} assessment */
function featureTable({ features, feature_version }) {
  return folded(`Feature row, ${features.length} features`, "Feature row", () => ({
    caption: `Feature version ${feature_version}; what they mean is in docs/features.md`,
    head: ["Feature", "Value"],
    rows: features.map(({ name, value }) => [name, value === null ? "missing" : number(value, { digits: 6 })]),
  }));
}

/** @param {unknown} value */
function shown(value) {
  if (value === null || value === undefined || value === "") return NONE;
  return typeof value === "number" ? number(value, { digits: Number.isInteger(value) ? 0 : 3 }) : String(value);
}
