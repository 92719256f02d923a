// @ts-check
// The slider: what so many alerts would find, and whom they would bother. It stands on measured points only.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { byId, el, replace } from "../lib/dom.js";
import { percent } from "../lib/format.js";
import { fromBundle, fromReport } from "./points.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./points.js").Trade} Trade */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

/** @param {View} view */
export function tradePanel({ bundle, report }) {
  const trade = (report && fromReport(report)) ?? (bundle && fromBundle(bundle));
  byId("trade").hidden = !trade;
  if (!trade) return;
  const slider = byId("trade-slider");
  const says = byId("trade-says");
  const { points } = trade;
  byId("trade-range").textContent = trade.range;
  byId("trade-label").textContent = trade.label;
  byId("trade-help").textContent = trade.help;
  byId("trade-fewest").textContent = points[0].name;
  byId("trade-most").textContent = points[points.length - 1].name;
  slider.max = String(points.length - 1);
  slider.value = String(trade.start);
  replace(byId("trade-legend"), trade.lines.map((line) => el("li", null, el("span", { class: ["swatch", line.kind] }), line.name)), el("li", null, el("span", { class: "swatch upright" }), "the slider"), el("li", null, el("span", { class: "swatch upright dashed" }), trade.mark.name));

  let at = trade.start;
  const option = (/** @type {Tokens} */ colours) => drawn(trade, at, colours);
  const picture = chart(byId("chart-trade"), option, {
    label: `${trade.lines.map((line) => line.name).join(", ")} by ${trade.axis}`,
    summary: points[at].says,
    table: () => ({ caption: `Measured points, ${trade.range}`, head: trade.heads, rows: points.map((point) => point.cells) }),
  });
  const show = () => {
    at = Number(slider.value);
    const point = points[at];
    slider.setAttribute("aria-valuetext", point.says);
    says.textContent = point.says;
    replace(byId("trade-facts"), trade.heads.map((head, column) => el("div", null, el("dt", null, head), el("dd", null, point.cells[column]))));
    picture.update(option, { summary: point.says });
  };
  slider.addEventListener("input", show);
  show();
}

/** @param {Trade} trade @param {number} at @param {Tokens} colours */
function drawn({ points, lines, axis, mark }, at, colours) {
  const [first, last] = [points[0].x, points[points.length - 1].x];
  const strokes = { "": colours.accent, "dashed is-second": colours.second, "is-neutral": colours.neutral };
  return {
    grid: grid({ top: 18, right: 20, outerBoundsContain: "all" }),
    xAxis: baseAxis(colours, { type: "log", min: first, max: last, name: axis, nameLocation: "middle", nameGap: 24, axisLabel: { showMinLabel: false, formatter: lines[0].axis } }),
    yAxis: valueAxis(colours, { min: 0, max: 1, interval: 0.25, axisLabel: { formatter: percent } }),
    tooltip: { valueFormatter: (/** @type {number | null} */ value) => percent(value), axisPointer: { snap: true, label: { show: false } } },
    series: lines.map((line, number) => ({
      type: "line",
      name: line.name,
      symbol: "circle",
      symbolSize: 4,
      lineStyle: { color: strokes[line.kind], width: 2, type: line.kind.startsWith("dashed") ? "dashed" : "solid" },
      itemStyle: { color: strokes[line.kind] },
      emphasis: { disabled: true },
      data: points.map((point) => [point.x, line.of[point.at]]),
      ...(number === 0 && { markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: colours.text, width: 1.5, type: "solid" }, data: [{ xAxis: points[at].x }, { xAxis: mark.x, lineStyle: { color: colours.muted, type: "dashed" } }] } }),
    })),
  };
}
