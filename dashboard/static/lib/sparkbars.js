// @ts-check
// A word-sized bar chart: decoration beside a figure that says the same in digits.

import { svg } from "./dom.js";

const BAR = 5;
const GAP = 1;
const HEIGHT = 18;

/**
 * @param {number[]} values @param {number} most the value of a full-height bar, shared by bars that stand together
 * @returns {SVGElement}
 */
export function sparkbars(values, most) {
  const width = values.length * (BAR + GAP);
  const bars = values.map((value, i) => {
    const height = value ? Math.max(1.5, (value / most) * HEIGHT) : 0.75;
    return svg("rect", {
      x: i * (BAR + GAP),
      y: HEIGHT - height,
      width: BAR,
      height,
      class: value ? "spark" : "spark none",
    });
  });
  return svg(
    "svg",
    { class: "sparkbars", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" },
    ...bars,
  );
}
