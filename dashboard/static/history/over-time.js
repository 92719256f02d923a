// @ts-check
// Payments and alerts by hour or by day.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { byId } from "../lib/dom.js";
import { compact, number, plural } from "../lib/format.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("./answer.js").Counts} Counts */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */
/** @typedef {{name: string} & Counts} Step */

const FEW_DAYS = 7;

/** @returns {(answer: Answer) => void} */
export function overTime() {
  /** @type {Answer | null} */
  let shown = null;
  /** @type {"hour" | "day"} */
  let unit = "hour";
  /** @type {Step[]} */
  let steps = [];

  /** @param {string} what @param {(one: Step) => (string | number)[]} cells @param {string[]} heads */
  const table = (what, heads, cells) => () => ({ caption: `${what} by ${unit}, UTC`, head: [unit === "hour" ? "Hour" : "Day", ...heads], rows: steps.map((one) => [one.name, ...cells(one)]) });
  const payments = chart(byId("chart-payments"), paymentsOption, {
    label: "Payments over time",
    table: table("Payments", ["Payments", "High or above"], (one) => [number(one.payments), number(one.risky)]),
  });
  const alerts = chart(byId("chart-history-alerts"), alertsOption, {
    label: "Alerts over time",
    table: table("Alerts", ["Alerts", "Critical"], (one) => [number(one.alerts), number(one.critical)]),
  });

  /** @type {HTMLButtonElement[]} */
  const buttons = [...byId("steps").querySelectorAll("button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      unit = button.dataset.stepOf === "day" ? "day" : "hour";
      draw();
    });
  }

  function draw() {
    if (!shown) return;
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.stepOf === unit));
      if (button.dataset.stepOf === "hour") button.disabled = !shown.hours.length;
    }
    for (const node of document.querySelectorAll("[data-step]")) node.textContent = `by ${unit}, UTC`;
    steps = unit === "hour" ? shown.hours.map((one) => ({ ...one, name: `${one.hour.slice(5, 10)} ${one.hour.slice(11, 16)}` })) : shown.days.map((one) => ({ ...one, name: one.date }));
    payments.update(paymentsOption, { label: `Payments by ${unit}`, summary: summary("payment", (one) => one.payments) });
    alerts.update(alertsOption, { label: `Alerts by ${unit}`, summary: summary("alert", (one) => one.alerts) });
  }

  /** @param {string} what @param {(one: Step) => number} of */
  function summary(what, of) {
    const busiest = steps.reduce((most, one) => (of(one) > of(most) ? one : most), steps[0]);
    const all = steps.reduce((sum, one) => sum + of(one), 0);
    return all ? `${plural(all, what)}; most at ${busiest.name}, ${number(of(busiest))}.` : `No ${what}s.`;
  }

  /** @param {Tokens} colours */
  function paymentsOption(colours) {
    return {
      ...axes(colours),
      yAxis: valueAxis(colours, { minInterval: 1, axisLabel: { formatter: compact } }),
      tooltip: { axisPointer: { type: "shadow" }, valueFormatter: (/** @type {number} */ value) => plural(value, "payment") },
      series: [{ type: "bar", name: "payments", barCategoryGap: gap(), large: false, itemStyle: { color: colours.accent }, emphasis: { disabled: true }, data: steps.map((one) => one.payments) }],
    };
  }

  /** @param {Tokens} colours */
  function alertsOption(colours) {
    const series = (/** @type {"critical" | "high"} */ level, /** @type {number[]} */ data) => ({ type: "bar", name: level, stack: "alerts", barCategoryGap: gap(), itemStyle: { color: colours.levels[level] }, emphasis: { disabled: true }, data });
    return {
      ...axes(colours),
      yAxis: valueAxis(colours, { minInterval: 1 }),
      tooltip: { axisPointer: { type: "shadow" }, valueFormatter: (/** @type {number} */ value) => plural(value, "alert") },
      series: [series("critical", steps.map((one) => one.critical)), series("high", steps.map((one) => one.alerts - one.critical))],
    };
  }

  /** @param {Tokens} colours */
  function axes(colours) {
    return { grid: grid(), xAxis: baseAxis(colours, { data: steps.map((one) => one.name), axisLabel: { formatter: (/** @type {string} */ name) => (unit === "day" ? name.slice(5) : name) } }) };
  }

  function gap() {
    return steps.length > 120 ? "0%" : "20%";
  }

  return (answer) => {
    shown = answer;
    unit = answer.hours.length && answer.range.days <= FEW_DAYS ? "hour" : "day";
    draw();
  };
}
