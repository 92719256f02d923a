// @ts-check
// Whether a probability means what it says: what was said beside what was found.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { byId, el, replace } from "../lib/dom.js";
import { number, percent } from "../lib/format.js";
import { days, ratio } from "./words.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Bin} Bin */
/** @typedef {import("./view.js").Honesty} Honesty */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

const LEAST = 1e-5; // where a share of 0 is drawn on a logarithmic axis

/** @param {View} view */
export function reliabilityPanel({ bundle, report }) {
  const place = byId("reliability");
  if (report?.honesty) {
    byId("reliability-range").textContent = `payments after training, ${days(report.from, report.to)}; log scales`;
    diagram(place, report.honesty);
    return;
  }
  byId("reliability-range").textContent = "";
  replace(place, el("div", { class: "empty" }, ...instead({ bundle, report })));
}

/** @param {Pick<View, "bundle" | "report">} view */
function instead({ bundle, report }) {
  const kind = report?.bundle.score_kind ?? bundle?.score_kind;
  if (kind !== "probability") return [el("strong", null, `The score is a ${kind}, not a probability.`), el("p", null, "It tells how rare a payment is and promises no share of frauds, so there is nothing to hold it to.")];
  const metrics = bundle?.metrics ?? {};
  const said = metrics.said_over_found === undefined ? "" : ` On the reference payments of training the mean probability was ${ratio(metrics.said_over_found)} times the share of frauds (1 is right); Brier score ${ratio(metrics.brier)}, always saying the fraud rate: ${ratio(metrics.brier_of_base_rate)}.`;
  return [el("strong", null, "A reliability diagram needs a backtest with labels."), el("p", null, `The bundle holds no more than its mean.${said}`)];
}

/** @param {HTMLElement} place @param {Honesty} honesty */
function diagram(place, honesty) {
  const bins = honesty.reliability;
  const node = el("div", { class: "chart", id: "chart-reliability" });
  replace(
    place,
    el("ul", { class: "legend" }, el("li", null, el("span", { class: "swatch round" }), "found, with 95 % interval"), el("li", null, el("span", { class: "swatch dashed is-neutral" }), "said = found")),
    node,
    el("p", { class: "panel-note" }, `Calibration slope ${ratio(honesty.calibration_slope)} (1 is right), mean probability over fraud rate ${ratio(honesty.mean_p_to_rate)} (1 is right), Brier score ${ratio(honesty.brier)} (always saying the fraud rate: ${ratio(honesty.brier_of_base_rate)}).`),
  );
  const off = bins.filter((bin) => bin.said < bin.interval.low || bin.said > bin.interval.high).length;
  chart(node, (colours) => option(bins, colours), {
    label: "Reliability: share of frauds found by probability said",
    summary: `${number(bins.length)} bins; in ${number(off)} of them the probability lies outside the interval of what was found.`,
    table: () => ({
      caption: "Probability said and share of frauds found",
      head: ["Probability", "Payments", "Frauds", "Said (mean)", "Found", "95 % interval"],
      rows: bins.map((bin) => [`${percent(bin.least)}–${percent(bin.below)}`, number(bin.payments), number(bin.frauds), percent(bin.said), percent(bin.found), `${percent(bin.interval.low)}–${percent(bin.interval.high)}`]),
    }),
  });
}

/** @param {Bin[]} bins @param {Tokens} colours */
function option(bins, colours) {
  const drawn = (/** @type {number} */ share) => Math.max(share, LEAST);
  const axis = { type: "log", min: LEAST, max: 1, axisLabel: { formatter: (/** @type {number} */ value) => percent(value) } };
  return {
    grid: grid({ right: 20, outerBoundsContain: "all" }),
    xAxis: baseAxis(colours, { ...axis, name: "mean probability said", nameLocation: "middle", nameGap: 26 }),
    yAxis: valueAxis(colours, { ...axis, name: "share of frauds found", nameLocation: "middle", nameGap: 48 }),
    tooltip: { trigger: "item", formatter: (/** @type {{dataIndex: number}} */ { dataIndex }) => told(bins[dataIndex]) },
    series: [
      { type: "line", name: "said = found", silent: true, symbol: "none", lineStyle: { color: colours.neutral, type: "dashed", width: 1.5 }, data: [[LEAST, LEAST], [1, 1]] },
      {
        type: "custom",
        name: "interval",
        silent: true,
        data: bins.map((bin) => [drawn(bin.said), drawn(bin.interval.low), drawn(bin.interval.high)]),
        renderItem: (/** @type {any} */ _, /** @type {any} */ api) => {
          const [x, low] = api.coord([api.value(0), api.value(1)]);
          const high = api.coord([api.value(0), api.value(2)])[1];
          return { type: "line", shape: { x1: x, y1: low, x2: x, y2: high }, style: { stroke: colours.accent, lineWidth: 2, opacity: 0.55 } };
        },
      },
      { type: "scatter", name: "found", symbolSize: 9, itemStyle: { color: colours.accent, borderColor: colours.surface, borderWidth: 1 }, data: bins.map((bin) => [drawn(bin.said), drawn(bin.found)]) },
    ],
  };
}

/** @param {Bin | undefined} bin */
function told(bin) {
  return bin ? `said ${percent(bin.said)}, found ${percent(bin.found)}\n95 % interval ${percent(bin.interval.low)}–${percent(bin.interval.high)}\n${number(bin.frauds)} frauds of ${number(bin.payments)} payments` : "";
}
