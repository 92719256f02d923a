// @ts-check
// Alerts per minute, stacked by level.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { byId } from "../lib/dom.js";
import { number, plural, time } from "../lib/format.js";
import { steps, sum } from "./snapshot.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

/** @returns {(snapshot: Snapshot) => void} */
export function alertsChart() {
  /** @type {Snapshot["alerts_over_time"]} */
  let over = { from: "1970-01-01T00:00:00Z", step_seconds: 60, levels: { high: [], critical: [] }, reasons: {} };
  const minutes = () => steps(over, over.levels.high.length).map((at) => time(at, { seconds: false }));
  const option = (/** @type {Tokens} */ colours) => ({
    grid: grid(),
    xAxis: baseAxis(colours, { data: minutes() }),
    yAxis: valueAxis(colours, { minInterval: 1 }),
    tooltip: {
      axisPointer: { type: "shadow" },
      valueFormatter: (/** @type {number} */ value) => plural(value, "alert"),
    },
    series: [bars("critical", over.levels.critical, colours), bars("high", over.levels.high, colours)],
  });
  const drawn = chart(byId("chart-alerts"), option, {
    label: "Alerts per minute by level over the last 15 minutes",
    table: () => ({
      caption: "Alerts per minute, UTC",
      head: ["Minute", "Critical", "High"],
      rows: minutes().map((minute, i) => [minute, number(over.levels.critical[i]), number(over.levels.high[i])]),
    }),
  });
  return (snapshot) => {
    over = snapshot.alerts_over_time;
    drawn.update(option, {
      summary: `${number(sum(over.levels.critical))} critical and ${number(sum(over.levels.high))} high.`,
    });
  };
}

/** @param {"high" | "critical"} level @param {number[]} data @param {Tokens} colours */
function bars(level, data, colours) {
  return {
    type: "bar",
    name: level,
    stack: "alerts",
    barMaxWidth: 28,
    itemStyle: { color: colours.levels[level], borderColor: colours.surface, borderWidth: 1 },
    emphasis: { disabled: true },
    data,
  };
}
