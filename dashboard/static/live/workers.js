// @ts-check
// Who is at work on which partitions, and what waits in front of each stage.

import { el, icon } from "../lib/dom.js";
import { number, plural } from "../lib/format.js";
import { figures, region, table } from "../lib/table.js";
import { whenChanged } from "./health.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("../lib/table.js").Table} Table */

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
  return scrolled(
    "Workers of the consumer group",
    [{ heading: "Worker", cells: "mono" }, { heading: "Host", cells: "muted" }, ...figures("Partitions")],
    members.map((member) => [member.id, member.host, figure(member.partitions, member.partitions / most)]),
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
  return scrolled(
    "Records that wait in front of each stage",
    ["Stage", { heading: "Reads", cells: "mono muted" }, ...figures("Partitions", "Waiting")],
    lag.map((stage) => [
      stage.stage.replaceAll("_", " "),
      stage.topic,
      number(stage.partitions),
      stage.records === null ? "not known" : plural(stage.records, "record"),
    ]),
  );
}

/** @param {number} value @param {number} share */
const figure = (value, share) =>
  el("span", { class: "figure" }, el("span", { class: "bullet plain", css: { "--share": share } }), number(value));

/** @param {string} caption @param {Table["head"]} head @param {Table["rows"]} rows */
const scrolled = (caption, head, rows) => region(caption, table({ caption, head, rows, unseen: "caption" }));
