// @ts-check
// How scores are spread; scores of different kinds do not compare, so one kind is shown at a time.

import { baseAxis, chart, grid, valueAxis } from "../lib/charts.js";
import { byId, el, replace } from "../lib/dom.js";
import { compact, number, percent, plural } from "../lib/format.js";

/** @typedef {import("./answer.js").Answer} Answer */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

const STEP = 5;
const FLOOR = 0.6; // where a bar of a logarithmic axis stands; a count of 1 is then still seen

/** @returns {(answer: Answer) => void} */
export function scores() {
  const choice = byId("score-kinds");
  /** @type {Answer["scores"]} */
  let all = [];
  let kind = "";
  const steps = () => {
    const held = new Map(all.filter((one) => one.score_kind === kind).map((one) => [one.score_from, one]));
    return Array.from({ length: 100 / STEP }, (_, at) => ({ name: `${at * STEP}–${at * STEP + STEP}`, payments: held.get(at * STEP)?.payments ?? 0, alerts: held.get(at * STEP)?.alerts ?? 0 }));
  };
  const drawn = chart(byId("chart-history-scores"), option, {
    label: "Payments by fraud risk score",
    table: () => ({ caption: `Payments by score (${kind})`, head: ["Score", "Payments", "Alerts"], rows: steps().map((one) => [one.name, number(one.payments), number(one.alerts)]) }),
  });

  /** @param {Tokens} colours */
  function option(colours) {
    const shown = steps();
    return {
      grid: grid(),
      xAxis: baseAxis(colours, { data: shown.map((one) => one.name), axisLabel: { interval: 3, formatter: (/** @type {string} */ name) => name.split("–")[0] } }),
      yAxis: valueAxis(colours, { type: "log", min: FLOOR, startValue: FLOOR, axisLabel: { formatter: (/** @type {number} */ value) => (value < 1 ? "" : compact(value)) } }),
      tooltip: { axisPointer: { type: "shadow" }, valueFormatter: (/** @type {number | null} */ value) => number(value ?? 0) },
      series: [
        { type: "bar", name: "payments", barCategoryGap: "12%", itemStyle: { color: colours.accent }, emphasis: { disabled: true }, data: shown.map((one) => one.payments || null) },
        { type: "bar", name: "alerts", barGap: "-100%", barCategoryGap: "12%", itemStyle: { color: colours.levels.high }, emphasis: { disabled: true }, data: shown.map((one) => one.alerts || null) },
      ],
    };
  }

  function draw() {
    const shown = steps();
    const payments = shown.reduce((sum, one) => sum + one.payments, 0);
    const upper = shown.slice(shown.length / 2).reduce((sum, one) => sum + one.payments, 0);
    drawn.update(option, {
      label: `Payments by fraud risk score, 0 to 100, a ${kind || "score"}`,
      summary: payments ? `${plural(payments, "payment")}, ${percent(upper / payments)} of them with 50 or more.` : "No payments.",
    });
    for (const button of choice.children) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
  }

  return (answer) => {
    all = answer.scores;
    const kinds = [...new Set(all.map((one) => one.score_kind))];
    const most = answer.bundles[0]?.score_kind ?? "";
    if (!kinds.includes(kind)) kind = most;
    choice.hidden = kinds.length < 2;
    replace(
      choice,
      kinds.map((name) =>
        el("button", { class: "button", type: "button", data: { kind: name }, onclick: () => { kind = name; draw(); } }, name),
      ),
    );
    draw();
  };
}
