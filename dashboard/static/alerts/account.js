// @ts-check
// The account's payments over time, this one marked.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { el, icon } from "../lib/dom.js";
import { compact, date, dateTime, money, plural, range, score } from "../lib/format.js";
import { DISPOSITIONS } from "./marks.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {import("./types.js").Payment} Payment */
/** @typedef {import("./types.js").Level} Level */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

/** @type {Record<Level, string>} */
const SHAPES = {
  low: "circle",
  medium: "diamond",
  high: "triangle",
  critical: "path://M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z", // as in icons.svg
};
/** @type {Level[]} */
const LEVELS = ["low", "medium", "high", "critical"];

/** @param {Found} found @returns {{node: Element, chart: {dispose: () => void} | null}} */
export function accountChart({ history, history_range: span, history_source: source, history_whole: whole }) {
  const place = el("div", { class: "chart account-chart" });
  const enough = history.length > 1;
  const node = el(
    "section",
    { class: "panel", "aria-labelledby": "account-title" },
    el(
      "header",
      { class: "panel-head" },
      el("h3", { id: "account-title" }, "Account’s payments"),
      el(
        "p",
        { class: "panel-meta" },
        span ? `${plural(history.length, "payment")}, ${range(span.from, span.to)}` : "",
      ),
    ),
    el(
      "div",
      { class: "panel-body" },
      enough
        ? [legend(history), place]
        : el("p", { class: "empty" }, icon("history"), "No other payment of this account is known."),
      el("p", { class: "panel-note" }, whole ? `Source: ${source}.` : "Looking into the archive for older payments…"),
    ),
  );
  return { node, chart: enough ? draw(place, history) : null };
}

/** @param {HTMLElement} place @param {Payment[]} history */
function draw(place, history) {
  const currency = history[history.length - 1].currency;
  const largest = history.reduce((most, one) => (one.amount > most.amount ? one : most));
  return chart(
    place,
    (colours) => ({
      useUTC: true,
      grid: grid({ top: 14, right: 20 }),
      xAxis: baseAxis(colours, { type: "time", splitNumber: 4, axisLabel: { formatter: date } }),
      yAxis: valueAxis(colours, { axisLabel: { formatter: compact } }),
      tooltip: {
        trigger: "item",
        formatter: (/** @type {{data: {payment: Payment}}} */ { data }) => said(data.payment),
      },
      series: [
        { type: "scatter", emphasis: { scale: 1.2 }, data: history.map((payment) => mark(payment, colours)) },
      ],
    }),
    {
      label: `Amounts of the account’s payments over time${currency ? `, ${currency}` : ""}`,
      summary: `Largest: ${money(largest.amount, largest.currency)} on ${dateTime(largest.time)}${largest.this ? ", this payment" : ""}.`,
      table: () => ({
        caption: "Payments of the account, oldest first, UTC",
        head: ["Time", "Amount", "Score", "Level", "Merchant", "Came out as"],
        rows: history.map((one) => [
          `${dateTime(one.time, { zone: false })}${one.this ? " (this payment)" : ""}`,
          money(one.amount, one.currency),
          score(one.score),
          one.level,
          one.merchant,
          one.disposition ? DISPOSITIONS[one.disposition] : "–",
        ]),
      }),
    },
  );
}

/** @param {Payment} payment @param {Tokens} colours */
function mark(payment, colours) {
  const colour = colours.levels[payment.level];
  return {
    payment,
    value: [Date.parse(payment.time), payment.amount],
    symbol: SHAPES[payment.level],
    symbolSize: payment.this ? 15 : 8,
    itemStyle: styleOf(payment, colour, colours),
    label: {
      show: payment.this,
      position: "left",
      distance: 8,
      color: colours.text,
      fontWeight: 600,
      formatter: "this payment",
    },
    z: payment.this ? 3 : 2,
  };
}

/** As the icons: low and medium are outlines. @param {Payment} payment @param {string} colour @param {Tokens} colours */
function styleOf(payment, colour, colours) {
  if (payment.this) return { color: colour, borderColor: colours.text, borderWidth: 2 };
  if (payment.level === "low" || payment.level === "medium")
    return { color: "transparent", borderColor: colour, borderWidth: 1.5 };
  return { color: colour, opacity: 0.85 };
}

/** @param {Payment} payment */
function said(payment) {
  const came = payment.disposition ? `\n${DISPOSITIONS[payment.disposition].toLowerCase()}` : "";
  return `${money(payment.amount, payment.currency)} to ${payment.merchant}\n${dateTime(payment.time)}\nscore ${score(payment.score)}, ${payment.level}${came}`;
}

/** @param {Payment[]} history */
function legend(history) {
  const there = LEVELS.filter((level) => history.some((one) => one.level === level));
  return el(
    "ul",
    { class: "legend", "aria-label": "Levels" },
    there.map((level) => el("li", { class: `mark-${level}` }, icon(`level-${level}`), level)),
  );
}
