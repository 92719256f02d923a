// @ts-check
// Who is at work on which partitions, and what waits in front of each stage.

import { el, icon } from "../lib/dom.js";
import { number, plural } from "../lib/format.js";
import { whenChanged } from "./health.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */

export const workers = () =>
  whenChanged(
    "workers",
    (snapshot) => snapshot.workers,
    (members) => [members?.length ? workerTable(members) : nobody(members)],
  );

/** @param {Snapshot["workers"]} members null: the broker does not tell */
function nobody(members) {
  const start = ["No worker is in the consumer group. Start one: ", el("code", null, "riskstream worker")];
  const told = members ? start : "This broker does not tell who works. The embedded one of the demo does not.";
  return el("p", { class: "empty" }, icon("inbox"), told);
}

/** @param {NonNullable<Snapshot["workers"]>} members */
function workerTable(members) {
  const most = Math.max(1, ...members.map((member) => member.partitions));
  return table(
    "Workers of the consumer group",
    ["Worker", "Host", "Partitions"],
    members.map((member) => [
      el("th", { scope: "row", class: "mono" }, member.id),
      el("td", { class: "muted" }, member.host),
      figure(member.partitions, member.partitions / most),
    ]),
  );
}

export const stages = () =>
  whenChanged(
    "stages",
    (snapshot) => snapshot.lag,
    (lag) => [lag.length ? stageTable(lag) : el("p", { class: "empty" }, "No stage has read anything yet.")],
  );

/** @param {Snapshot["lag"]} lag */
function stageTable(lag) {
  return table(
    "Records that wait in front of each stage",
    ["Stage", "Reads", "Partitions", "Waiting"],
    lag.map((stage) => [
      el("th", { scope: "row" }, stage.stage.replaceAll("_", " ")),
      el("td", { class: "mono muted" }, stage.topic),
      el("td", { class: "num" }, number(stage.partitions)),
      el("td", { class: "num" }, stage.records === null ? "not known" : plural(stage.records, "record")),
    ]),
  );
}

/** @param {number} value @param {number} share */
const figure = (value, share) =>
  el(
    "td",
    { class: "num" },
    el(
      "span",
      { class: "figure" },
      el("span", { class: "bullet plain", css: { "--share": share } }),
      number(value),
    ),
  );

/** @param {string} caption @param {string[]} head @param {Element[][]} rows */
function table(caption, head, rows) {
  const numeric = new Set(["Partitions", "Waiting"]);
  return el(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      { class: "table" },
      el("caption", { class: "sr-only" }, caption),
      el(
        "thead",
        null,
        el(
          "tr",
          null,
          head.map((name) => el("th", { scope: "col", class: numeric.has(name) ? "num" : null }, name)),
        ),
      ),
      el(
        "tbody",
        null,
        rows.map((cells) => el("tr", null, cells)),
      ),
    ),
  );
}
