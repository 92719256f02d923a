// @ts-check
// Tables with bars: value at risk, levels, reasons, countries and channels.

import { byId, el, icon, replace } from "../lib/dom.js";
import { money, number, percent, words } from "../lib/format.js";
import { figures, region, table } from "../lib/table.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./answer.js").Group} Group */
/** @typedef {import("../lib/table.js").Table} Table */

const FEW = 10;
const BARS = { kind: "bar-column" };
const countryNames = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/** @returns {(answer: Answer) => void} */
export function breakdowns() {
  return (answer) => {
    replace(byId("value"), value(answer));
    replace(byId("levels"), levels(answer));
    replace(byId("history-reasons"), reasons(answer));
    replace(byId("countries"), groups("Countries", "Country", answer.countries, country));
    replace(
      byId("channels"),
      groups("Channels", "Channel", answer.channels, (name) => name),
    );
  };
}

/** @param {Answer} answer */
function value({ value_at_risk }) {
  if (!value_at_risk.length) return empty("No payment at high or above.");
  const rows = value_at_risk.map((one) => [
    one.currency ?? "base currency",
    number(one.payments),
    money(one.amount, one.currency),
    money(one.largest_amount, one.currency),
  ]);
  return [
    scrolled("Value at risk by currency", ["Currency", ...figures("Payments", "Sum of amounts", "Largest")], rows),
    value_at_risk.length > 1 &&
      el("p", { class: "panel-note" }, "Amounts of different currencies are never added up."),
    value_at_risk.some((one) => one.currency === null) &&
      el(
        "p",
        { class: "panel-note" },
        "“Base currency”: payments that name none count in the bundle’s base currency.",
      ),
  ];
}

/** @param {Answer} answer */
function levels({ levels }) {
  const rows = [...levels]
    .reverse()
    .map((one) => [
      el("span", { class: ["badge", `level-${one.level}`] }, icon(`level-${one.level}`), one.level),
      number(one.payments),
      percent(one.share),
      number(one.alerts),
    ]);
  return scrolled("Payments by level", ["Level", ...figures("Payments", "Share", "Alerts")], rows);
}

/** @param {Answer} answer */
function reasons({ reasons, totals }) {
  if (!reasons.length) return empty(totals.alerts ? "No reason is told." : "No alert was published.");
  const row = (/** @type {Answer["reasons"][number]} */ one) => [
    words(one.code),
    bar(one.share),
    number(one.alerts),
    percent(one.share),
  ];
  return listed("Reasons of alerts", ["Reason", BARS, ...figures("Alerts", "Share")], reasons, row);
}

/** @param {string} what @param {string} head @param {Group[]} all @param {(name: string) => string} named */
function groups(what, head, all, named) {
  if (!all.length) return empty("No payments.");
  const most = Math.max(...all.map((one) => one.payments));
  const row = (/** @type {Group} */ one) => [
    one.others ? `${number(one.others)} others` : one.value === null ? "unknown" : named(one.value),
    bar(one.payments / most),
    number(one.payments),
    number(one.risky),
    number(one.alerts),
  ];
  return listed(what, [head, BARS, ...figures("Payments", "High+", "Alerts")], all, row);
}

/**
 * The first rows, and the rest behind a fold.
 * @template Row
 * @param {string} what @param {Table["head"]} head
 * @param {Row[]} all @param {(one: Row) => Table["rows"][number]} row
 */
function listed(what, head, all, row) {
  const rest = all.slice(FEW);
  return [
    scrolled(what, head, all.slice(0, FEW).map(row)),
    rest.length > 0 &&
      el(
        "details",
        { class: "chart-table" },
        el("summary", null, `${number(rest.length)} more`),
        scrolled(`More ${what.toLowerCase()}`, head, rest.map(row)),
      ),
  ];
}

/** @param {string} what @param {Table["head"]} head @param {Table["rows"]} rows */
function scrolled(what, head, rows) {
  return region(`Table: ${what}`, table({ head, rows }));
}

/** @param {number} share */
function bar(share) {
  return el("div", { class: "bullet plain", css: { "--share": share }, "aria-hidden": "true" });
}

/** @param {string} code */
function country(code) {
  const name = /^[A-Z]{2}$/.test(code) ? countryNames.of(code) : undefined;
  return name ?? code;
}

/** @param {string} text */
function empty(text) {
  return el("p", { class: "empty" }, text);
}
