// @ts-check
// ECharts with our theme, resizing and a text for those who do not see the picture. Options are functions of the
// theme's colours, so that a switch redraws them. HTML tooltips are never used: they need markup, and data is not
// ours.

import { el, replace } from "./dom.js";
import { later } from "./frames.js";
import { folded } from "./table.js";
import { onTheme, theme, tokens } from "./theme.js";

/** @typedef {import("./theme.js").Tokens} Tokens */
/** @typedef {Record<string, any> | ((colours: Tokens) => Record<string, any>)} Option */
/** @typedef {import("./table.js").Table} Table */
/**
 * What is said of a chart. label: what is shown, unit and range; summary: what one sees in it.
 * @typedef {{label: string, summary?: string, table?: () => Table}} Words
 */
/**
 * A chart that was drawn.
 * @typedef {{update: (option: Option, words?: Partial<Words>) => void, dispose: () => void, instance: any}} Chart
 */

const UNSEEN_MS = 10000; // off the screen a chart is kept fresh now and then only

const still = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Draws an option into a node that has a height (class "chart"), now and whenever `update` brings another one. Off
 * the screen little is drawn; the newest option waits until it comes into sight.
 * @param {HTMLElement} node
 * @param {Option} option
 * @param {Words} words
 * @returns {Chart}
 */
export function chart(node, option, words) {
  const canvas = el("div", { class: "chart-canvas" });
  const spoken = el("p", { class: "sr-only" });
  replace(
    node,
    canvas,
    spoken,
    words.table && folded("Show as table", "Figures of the chart", () => told.table?.()),
  );
  let told = words;
  let wanted = option;
  let seen = false;
  let changed = 0;
  let drawn = -Infinity;
  let given = false;
  let instance = begin(canvas);

  const draw = () => {
    if (instance.isDisposed()) return;
    instance.setOption(completed(wanted, told), { lazyUpdate: false, replaceMerge: ["series"] });
    drawn = performance.now();
  };
  const say = () => {
    spoken.textContent = told.summary ?? "";
  };
  const watcher = new IntersectionObserver((entries) => {
    seen = entries[entries.length - 1].isIntersecting;
    if (seen && drawn < changed) later(node, draw);
  });
  const sizes = new ResizeObserver(() => later(canvas, () => instance.isDisposed() || instance.resize()));
  watcher.observe(canvas);
  sizes.observe(canvas);
  const forget = onTheme(() => {
    instance.dispose();
    instance = begin(canvas);
    later(node, draw);
  });
  say();
  later(node, draw);

  return {
    get instance() {
      return instance;
    },
    update(next, more) {
      wanted = next;
      changed = performance.now();
      told = { ...told, ...more };
      say();
      if (seen || !given || changed - drawn > UNSEEN_MS) later(node, draw);
      given = true;
    },
    dispose() {
      forget();
      watcher.disconnect();
      sizes.disconnect();
      instance.dispose();
    },
  };
}

/** @returns {any} the library, which shell.html loads as a classic script */
export function echarts() {
  return /** @type {any} */ (window).echarts;
}

/** @param {HTMLElement} canvas */
function begin(canvas) {
  return echarts().init(canvas, theme() === "dark" ? "dark" : null, { renderer: "canvas" });
}

/** @param {Option} option @param {Words} words */
function completed(option, words) {
  const colours = tokens();
  const given = typeof option === "function" ? option(colours) : option;
  return {
    backgroundColor: "transparent",
    color: [colours.accent, colours.second, colours.neutral],
    animation: false,
    ...given,
    ...(still.matches ? { animation: false } : {}),
    textStyle: { fontFamily: colours.font, color: colours.text, fontSize: 12, ...given.textStyle },
    tooltip:
      given.tooltip === null ? undefined : { ...tooltip(colours), ...given.tooltip, renderMode: "richText" },
    aria: { enabled: true, label: { description: words.label } },
  };
}

/** @param {Tokens} colours */
function tooltip(colours) {
  return {
    trigger: "axis",
    confine: true,
    backgroundColor: colours.raised,
    borderColor: colours.line,
    borderWidth: 1,
    padding: [6, 10],
    textStyle: { color: colours.text, fontFamily: colours.font, fontSize: 12 },
    axisPointer: {
      lineStyle: { color: colours.muted, type: "solid", width: 1 },
      shadowStyle: { color: colours.grid },
    },
  };
}

/**
 * A value axis as all our charts have it: quiet lines, few labels.
 * @param {Tokens} colours @param {Record<string, any>} [more]
 */
export function valueAxis(colours, more = {}) {
  return {
    type: "value",
    axisLine: { show: false },
    axisTick: { show: false },
    splitNumber: 3,
    splitLine: { lineStyle: { color: colours.grid } },
    ...more,
    axisLabel: { color: colours.muted, fontSize: 11, ...more.axisLabel },
    nameTextStyle: { color: colours.muted, fontSize: 11, ...more.nameTextStyle },
  };
}

/**
 * A time or category axis.
 * @param {Tokens} colours @param {Record<string, any>} [more]
 */
export function baseAxis(colours, more = {}) {
  return {
    type: "category",
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { show: false },
    splitLine: { show: false },
    ...more,
    axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true, ...more.axisLabel },
    nameTextStyle: { color: colours.muted, fontSize: 11, ...more.nameTextStyle },
  };
}

/** Margins that hold the labels of both axes. @param {Record<string, any>} [more] */
export function grid(more = {}) {
  return {
    left: 8,
    right: 12,
    top: 12,
    bottom: 4,
    outerBoundsMode: "same",
    outerBoundsContain: "axisLabel",
    ...more,
  };
}
