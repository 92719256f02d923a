// @ts-check
// Payments per second and latency over the window, as lines.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { byId } from "../lib/dom.js";
import { compact, milliseconds, number, time } from "../lib/format.js";
import { largest, steps } from "./snapshot.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

const LEAST_MS = 0.1; // a logarithmic axis knows no zero

/** @returns {(snapshot: Snapshot) => void} */
export function traffic() {
  /** @type {Snapshot["series"] | null} */
  let series = null;
  const option = (/** @type {Tokens} */ colours) => ({
    useUTC: true,
    grid: grid(),
    xAxis: timeAxis(colours),
    yAxis: valueAxis(colours, { axisLabel: { formatter: compact }, minInterval: 1 }),
    tooltip: { valueFormatter: (/** @type {number} */ value) => number(value, { unit: "per second" }) },
    series: [
      {
        ...line(colours.accent),
        name: "payments",
        areaStyle: { color: colours.accent, opacity: 0.1 },
        data: points(series, "payments_per_second"),
      },
    ],
  });
  const drawn = chart(byId("chart-traffic"), option, {
    label: "Payments per second over the last 15 minutes",
    table: () => ({
      caption: "Payments per second, UTC, steps of 5 s",
      head: ["Time", "Payments per second"],
      rows: points(series, "payments_per_second").map(([at, value]) => [time(at), number(value)]),
    }),
  });
  return (snapshot) => {
    series = snapshot.series;
    drawn.update(option, {
      summary: `Now ${number(snapshot.payments.per_second)}, at most ${number(largest(series.payments_per_second))}.`,
    });
  };
}

/** @returns {(snapshot: Snapshot) => void} */
export function latency() {
  /** @type {Snapshot["series"] | null} */
  let series = null;
  const option = (/** @type {Tokens} */ colours) => ({
    useUTC: true,
    grid: grid(),
    xAxis: timeAxis(colours),
    yAxis: valueAxis(colours, { type: "log", axisLabel: { formatter: compact } }),
    tooltip: { valueFormatter: milliseconds },
    series: [
      { ...line(colours.accent), name: "p50", data: floored(points(series, "p50_ms")) },
      { ...line(colours.second, "dashed"), name: "p99", data: floored(points(series, "p99_ms")) },
    ],
  });
  const drawn = chart(byId("chart-latency"), option, {
    label: "Latency from produced to assessed over the last 15 minutes, milliseconds",
    table: () => ({
      caption: "Latency in ms, UTC, steps of 5 s",
      head: ["Time", "p50", "p99"],
      rows: points(series, "p50_ms").map(([at, p50], i) => [
        time(at),
        milliseconds(p50),
        milliseconds(series?.p99_ms[i]),
      ]),
    }),
  });
  return (snapshot) => {
    series = snapshot.series;
    const { p50_ms, p99_ms } = snapshot.latency;
    drawn.update(option, {
      summary: `Half of the payments within ${milliseconds(p50_ms)}, 99 of 100 within ${milliseconds(p99_ms)}.`,
    });
  };
}

/** @param {Tokens} colours */
function timeAxis(colours) {
  return baseAxis(colours, {
    type: "time",
    minInterval: 180000,
    axisLabel: { formatter: (/** @type {number} */ at) => time(at, { seconds: false }) },
  });
}

/** @param {string} colour @param {string} [type] */
function line(colour, type = "solid") {
  return {
    type: "line",
    showSymbol: false,
    lineStyle: { width: 1.5, color: colour, type },
    itemStyle: { color: colour },
    emphasis: { disabled: true },
  };
}

/**
 * @param {Snapshot["series"] | null} series @param {"payments_per_second" | "p50_ms" | "p99_ms"} name
 * @returns {[number, number | null][]}
 */
function points(series, name) {
  if (!series) return [];
  const times = steps(series, series[name].length);
  return series[name].map((value, i) => [times[i], value]);
}

/** @param {[number, number | null][]} values */
const floored = (values) => values.map(([at, value]) => [at, value === null ? null : Math.max(value, LEAST_MS)]);
