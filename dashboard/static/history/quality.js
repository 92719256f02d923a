// @ts-check
// Precision and recall, with what they rest on, in words: where nothing can be known the page says so.

import { byId, el, replace } from "../lib/dom.js";
import { number, percent, plural } from "../lib/format.js";
import { figures, region, table } from "../lib/table.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./answer.js").Interval} Interval */
/** @typedef {import("./answer.js").Precision} Precision */
/** @typedef {import("./answer.js").Sample} Sample */

const SOURCES = { analyst: "analysts", chargeback: "chargebacks", random_review: "random checks" };

/** @returns {(answer: Answer) => void} */
export function quality() {
  const place = byId("quality");
  return ({ precision, precision_by_level, recall }) =>
    replace(
      place,
      region(
        "Precision by level",
        table({
          id: "precision",
          caption: "Precision: share of frauds among alerts that somebody decided",
          head: ["Level", ...figures("Payments", "Decided", "Fraud", "Precision", "95 % interval")],
          rows: [
            row("High or above", precision),
            row("Critical", precision_by_level.critical),
            row("High", precision_by_level.high),
          ],
        }),
      ),
      el("p", { class: "panel-note" }, decidedBy(precision)),
      el("h3", { class: "quality-head" }, "Recall: share of all frauds that were alerted"),
      el("dl", { class: "stack", id: "recall" }, chargebacks(recall.chargebacks), sample(recall.sample)),
      el(
        "p",
        { class: "panel-note" },
        "Analysts see alerts only, so what they say of alerts tells nothing of frauds that raised none. " +
          "Recall is therefore told from chargebacks and from payments checked at random, " +
          "and is unknown without them.",
      ),
    );
}

/** "95 %: 40% to 55%". @param {Interval | null} interval */
export function between(interval) {
  return interval ? `95 % interval ${percent(interval.low)} to ${percent(interval.high)}` : "no interval";
}

/** A sample without a fraud says how bad it may be, and no more. @param {Sample} told */
export function estimated({ share, interval, confirmed }) {
  if (share === null || !interval) return "unknown";
  return confirmed ? percent(share) : `${percent(interval.low)} – ${percent(interval.high)}`;
}

/** @param {string} name @param {Precision} one */
function row(name, one) {
  return [
    name,
    number(one.risky),
    number(one.decided),
    number(one.confirmed),
    one.share === null ? "unknown" : percent(one.share),
    one.interval ? `${percent(one.interval.low)}–${percent(one.interval.high)}` : "–",
  ];
}

/** @param {Precision} one */
function decidedBy(one) {
  const by = Object.entries(SOURCES).flatMap(([source, name]) =>
    one.decided_by[source] ? [`${number(one.decided_by[source])} by ${name}`] : [],
  );
  const told = by.length ? `Decided ${by.join(", ")}. ` : "";
  const undecided = one.risky - one.decided - one.inconclusive;
  return (
    `${told}${number(one.inconclusive)} inconclusive and ${number(undecided)} undecided count in neither. ` +
    "Chargebacks name frauds only: where many of the decided come from them, precision is told too high."
  );
}

/** @param {Answer["recall"]["chargebacks"]} told */
function chargebacks(told) {
  const missing = told.not_found
    ? ` ${plural(told.not_found, "more")} reported of these days ` +
      `${told.not_found === 1 ? "is" : "are"} not among the payments counted here.`
    : "";
  return [
    el("dt", null, "From chargebacks"),
    el(
      "dd",
      { id: "recall-chargebacks" },
      el("b", { "data-value": true }, told.share === null ? "unknown" : percent(told.share)),
      el(
        "span",
        { class: "muted" },
        told.share === null
          ? ` No customer has reported a fraud of these days.${missing}`
          : ` ${between(told.interval)}: of ${plural(told.frauds, "reported fraud")}, ` +
              `${number(told.alerted)} ${told.alerted === 1 ? "was" : "were"} at high or above. ` +
              `A fraud that was stopped is not reported, and reports of the newest days may still come.${missing}`,
      ),
    ),
  ];
}

/** @param {Answer["recall"]["sample"]} told */
function findings({ checked, payments, confirmed, missed, missed_interval, caught }) {
  if (missed === null || !missed_interval) return " No payment below high has been checked at random.";
  const [about, low, high] = [missed, missed_interval.low, missed_interval.high].map((some) =>
    number(some, { digits: 0 }),
  );
  return (
    ` ${plural(checked, "check")} of ${number(payments)} payments below high found ` +
    `${plural(confirmed, "fraud")}: about ${about} went by (95 % interval ${low} to ${high}), ` +
    `beside ${number(caught)} confirmed at high or above. Alerts that nobody decided do not count.`
  );
}

/** @param {Answer["recall"]["sample"]} told */
function sample(told) {
  const bounds = told.interval && (told.confirmed ? between(told.interval) : "95 % interval");
  return [
    el("dt", null, "From random checks"),
    el(
      "dd",
      { id: "recall-sample" },
      el("b", { "data-value": true }, estimated(told)),
      el("span", { class: "muted" }, bounds && ` ${bounds}.`, findings(told)),
    ),
  ];
}
