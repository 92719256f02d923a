// @ts-check
// The figures one looks at first; every one says of what it is.

import { byId, el, replace } from "../lib/dom.js";
import { NONE, number, percent, plural } from "../lib/format.js";
import { between, estimated } from "./quality.js";

/** @typedef {import("./answer.js").Answer} Answer */

/** @returns {(answer: Answer) => void} */
export function tiles() {
  return (answer) => {
    const { totals, alert_rate, precision, recall } = answer;
    const days = answer.range.days === 1 ? `on ${answer.range.start}` : `in ${answer.range.days} days`;
    const { chargebacks, sample } = recall;
    replace(
      byId("history-tiles"),
      tile("payments", "Payments", number(totals.payments), "payments", null, `${days}, of ${plural(totals.accounts, "account")}`),
      tile("alert-rate", "Alert rate", percent(alert_rate.share), "of payments", rate(alert_rate), `${number(totals.risky)} at high or above ${days}; ${budget(alert_rate)}`, over(alert_rate)),
      tile("alerts", "Alerts", number(totals.alerts), "published", null, `of ${plural(totals.alerted_accounts, "account")} ${days}; the rest of a burst is folded into them`),
      tile("precision", "Precision at the alert budget", precision.share === null ? "unknown" : percent(precision.share), precision.share === null ? "" : "are fraud", null,
        precision.share === null
          ? precision.decided
            ? `only chargebacks decided ${number(precision.decided)} of ${plural(precision.risky, "payment")} at high or above ${days}; they name frauds alone`
            : `none of ${plural(precision.risky, "payment")} at high or above ${days} has been decided`
          : `${between(precision.interval)}; ${number(precision.confirmed)} of ${number(precision.decided)} decided, ${number(precision.risky)} at high or above ${days}`),
      tile("recall-chargebacks", "Recall from chargebacks", chargebacks.share === null ? "unknown" : percent(chargebacks.share), chargebacks.share === null ? "" : "were alerted", null,
        chargebacks.share === null
          ? `no chargeback names a payment ${days}`
          : `${between(chargebacks.interval)}; ${number(chargebacks.alerted)} of ${plural(chargebacks.frauds, "reported fraud")} ${days}`),
      tile("recall-sample", "Recall from random checks", estimated(sample), sample.interval ? (sample.confirmed ? "estimated" : "95 % interval") : "", null,
        sample.checked === 0
          ? `no payment below high ${days} has been checked at random`
          : `${!sample.interval ? "no fraud is known yet" : sample.confirmed ? between(sample.interval) : "no fraud went by in the sample"}; ${plural(sample.checked, "random check")} ${days}`),
    );
  };
}

/**
 * @param {string} name @param {string} label @param {string} value @param {string} unit @param {any} bar @param {string} note
 * @param {string | null} [state]
 */
function tile(name, label, value, unit, bar, note, state = null) {
  const id = `tile-${name}-label`;
  return el(
    "section",
    { class: "tile", id: `tile-${name}`, "aria-labelledby": id, "data-state": state },
    el("h2", { class: "tile-label", id }, label),
    el("p", { class: ["tile-value", value === "unknown" && "said"] }, el("span", { "data-value": true }, value), " ", el("span", { class: "tile-unit" }, unit)),
    bar,
    el("p", { class: "tile-note", "data-note": true }, note),
  );
}

/** @param {Answer["alert_rate"]} alertRate */
function rate({ share, budget }) {
  if (share === null || budget === null) return null;
  const full = 2 * Math.max(budget, share / 2);
  return el("div", { class: "bullet", css: { "--share": share / full, "--target": budget / full } });
}

/** @param {Answer["alert_rate"]} alertRate */
function budget({ budget, budget_version }) {
  return budget === null ? "no bundle in use tells a budget" : `budget ${percent(budget)} (bundle ${budget_version ?? NONE})`;
}

/** Twice the budget is more than chance. @param {Answer["alert_rate"]} alertRate */
function over({ share, budget }) {
  return share !== null && budget !== null && share > 2 * budget ? "warn" : null;
}
