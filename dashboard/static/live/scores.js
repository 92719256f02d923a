// @ts-check
// How the scores of the window are spread.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { byId } from "../lib/dom.js";
import { compact, number, percent, plural } from "../lib/format.js";
import { sum } from "./snapshot.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

const FLOOR = 0.6; // where a bar of a logarithmic axis stands; a count of 1 is then still seen

/** @returns {(snapshot: Snapshot) => void} */
export function scores() {
  /** @type {Snapshot["scores"]} */
  let spread = { edges: [], counts: [] };
  const bins = () => spread.counts.map((_, i) => `${number(spread.edges[i])}–${number(spread.edges[i + 1])}`);
  const option = (/** @type {Tokens} */ colours) => ({
    grid: grid(),
    xAxis: baseAxis(colours, {
      data: bins(),
      axisLabel: { interval: 3, formatter: (/** @type {string} */ bin) => bin.split("–")[0] },
    }),
    yAxis: valueAxis(colours, {
      type: "log",
      min: FLOOR,
      axisLabel: { formatter: (/** @type {number} */ value) => (value < 1 ? "" : compact(value)) },
    }),
    tooltip: {
      axisPointer: { type: "shadow" },
      valueFormatter: (/** @type {number | null} */ value) => plural(value ?? 0, "payment"),
    },
    series: [
      {
        type: "bar",
        name: "payments",
        barCategoryGap: "12%",
        itemStyle: { color: colours.accent },
        emphasis: { disabled: true },
        data: spread.counts.map((count) => count || null),
      },
    ],
  });
  const drawn = chart(byId("chart-scores"), option, {
    label: "Payments by fraud risk score, 0 to 100, last 15 minutes",
    table: () => ({
      caption: "Payments by score",
      head: ["Score", "Payments"],
      rows: bins().map((bin, i) => [bin, number(spread.counts[i])]),
    }),
  });
  return (snapshot) => {
    spread = snapshot.scores;
    const all = sum(spread.counts);
    const lower = sum(spread.counts.slice(0, spread.counts.length / 2));
    drawn.update(option, {
      summary: all
        ? `${plural(all, "payment")}, ${percent(lower / all)} of them in the lower half.`
        : "No payments.",
    });
  };
}
