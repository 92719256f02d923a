// @ts-check
// Weights of features as bars to both sides of zero.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { number } from "../lib/format.js";

/** @typedef {import("./types.js").Weight} Weight */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

/** Words of any length stand above their bar rather than beside it. @param {Tokens} colours @param {number} width */
function aboveBars(colours, width) {
  return {
    inside: true,
    margin: 0,
    align: "left",
    verticalAlign: "bottom",
    padding: [0, 0, 8, 0],
    color: colours.text,
    fontSize: 12,
    width,
    overflow: "truncate",
    interval: 0,
    hideOverlap: false,
  };
}

/**
 * Bars to the right raise the score, bars to the left lower it; colour and sign say the same.
 * @param {HTMLElement} place @param {Weight[]} weights @param {string} unit @param {number} firm how many are drawn in full colour
 */
export function bars(place, weights, unit, firm) {
  const shown = [...weights].reverse();
  place.style.setProperty("--chart-height", `${shown.length * 2.25 + 1.5}rem`);
  const leader = weights[0];
  const width = () => Math.max(120, place.clientWidth - 60);
  return chart(
    place,
    (colours) => ({
      grid: grid({ left: 0, right: 44, top: 0 }),
      xAxis: valueAxis(colours, { splitNumber: 4 }),
      yAxis: baseAxis(colours, {
        data: shown.map((one) => one.text),
        z: 5,
        axisLine: { show: false },
        axisLabel: aboveBars(colours, width()),
      }),
      tooltip: {
        axisPointer: { type: "shadow" },
        valueFormatter: (/** @type {number} */ value) => `${number(value, { digits: 2, sign: true })} ${unit}`,
      },
      series: [
        {
          type: "bar",
          name: "weight",
          barWidth: 8,
          barCategoryGap: 0,
          emphasis: { disabled: true },
          data: shown.map((one, i) => ({
            value: one.weight,
            itemStyle: {
              color: one.weight < 0 ? colours.lowers : colours.raises,
              opacity: shown.length - i <= firm ? 1 : 0.42,
            },
            label: {
              show: true,
              position: "right",
              color: colours.text,
              opacity: 1,
              fontSize: 11,
              formatter: number(one.weight, { digits: 2, sign: true }),
            },
          })),
        },
      ],
    }),
    {
      label: `Weights of features, ${unit}; positive raises the score`,
      summary: leader
        ? `Leading: ${leader.text}, ${number(leader.weight, { digits: 2, sign: true })}.`
        : "No feature has a weight.",
      table: () => ({
        caption: `Weights, ${unit}`,
        head: ["Feature", "Weight"],
        rows: weights.map((one) => [one.text, number(one.weight, { digits: 3, sign: true })]),
      }),
    },
  );
}
