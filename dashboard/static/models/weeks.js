// @ts-check
// How well each week of the backtest was ranked.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { byId } from "../lib/dom.js";
import { date, number } from "../lib/format.js";
import { between, ratio } from "./words.js";

/** @typedef {import("./view.js").Report} Report */
/** @typedef {import("./view.js").Week} Week */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

/** @param {Report | null} report */
export function weeksPanel(report) {
  const weeks = (report?.weeks ?? []).filter((week) => week.average_precision !== null);
  byId("weeks").hidden = weeks.length < 2;
  if (weeks.length < 2) return;
  const worst = weeks.filter((week) => !week.trained).reduce((least, week) => ((week.average_precision ?? 1) < (least?.average_precision ?? 1) ? week : least), weeks[weeks.length - 1]);
  chart(byId("chart-weeks"), (colours) => option(weeks, colours), {
    label: "Average precision by week with 95 % intervals",
    summary: `${number(weeks.length)} weeks; after training the lowest is ${ratio(worst.average_precision)} in the week of ${date(worst.monday)}.`,
    table: () => ({
      caption: "Average precision by week",
      head: ["Week from (UTC)", "Payments", "Frauds", "Average precision", "95 % interval", ""],
      rows: weeks.map((week) => [date(week.monday), number(week.payments), number(week.frauds), ratio(week.average_precision), between(week.interval), week.trained ? "trained on" : ""]),
    }),
  });
}

/** @param {Week[]} weeks @param {Tokens} colours */
function option(weeks, colours) {
  return {
    grid: grid(),
    xAxis: baseAxis(colours, { data: weeks.map((week) => date(week.monday)) }),
    yAxis: valueAxis(colours, { min: 0, max: 1, interval: 0.25 }),
    tooltip: { trigger: "item", formatter: (/** @type {{dataIndex: number}} */ { dataIndex }) => `week of ${date(weeks[dataIndex].monday)}\n${ratio(weeks[dataIndex].average_precision)} (95 % ${between(weeks[dataIndex].interval)})\n${number(weeks[dataIndex].frauds)} frauds` },
    series: [
      {
        type: "custom",
        name: "interval",
        silent: true,
        data: weeks.map((week, at) => [at, week.interval?.low ?? null, week.interval?.high ?? null]),
        renderItem: (/** @type {any} */ _, /** @type {any} */ api) => {
          const [x, low] = api.coord([api.value(0), api.value(1)]);
          const high = api.coord([api.value(0), api.value(2)])[1];
          return { type: "line", shape: { x1: x, y1: low, x2: x, y2: high }, style: { stroke: colours.accent, lineWidth: 2, opacity: 0.5 } };
        },
      },
      {
        type: "scatter",
        name: "average precision",
        symbolSize: 10,
        data: weeks.map((week) => ({ value: week.average_precision, itemStyle: week.trained ? { color: colours.surface, borderColor: colours.accent, borderWidth: 2 } : { color: colours.accent } })),
      },
    ],
  };
}
