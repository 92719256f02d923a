// @ts-check
// Whether the detectors can speak: silent and degraded shares, and what has drifted.

import { byId, el, icon, replace } from "../lib/dom.js";
import { dateTime, number, percent, plural } from "../lib/format.js";
import { table } from "../lib/table.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */

/**
 * Draws a part again only when its data differ.
 * @template T
 * @param {string} id @param {(snapshot: Snapshot) => T} pick @param {(data: T) => (Node | null)[]} make
 * @returns {(snapshot: Snapshot) => void}
 */
export function whenChanged(id, pick, make) {
  const place = byId(id);
  let shown = "";
  return (snapshot) => {
    const data = pick(snapshot);
    const next = JSON.stringify(data);
    if (next === shown) return;
    shown = next;
    replace(place, make(data));
  };
}

export const health = () =>
  whenChanged(
    "health",
    ({ detectors, degraded }) => ({ detectors, degraded }),
    ({ detectors, degraded }) => [
      shares(
        "Detectors that could not speak",
        ["Detector", "Silent"],
        detectors.map((one) => ({ name: one.title, share: one.silent_share, note: "" })),
      ),
      degraded.length
        ? shares(
            "Payments assessed without a part of their data",
            ["Missing", "Degraded"],
            degraded.map((one) => ({ name: one.what, share: one.share, note: plural(one.payments, "payment") })),
          )
        : el(
            "p",
            { class: "remark calm" },
            icon("check"),
            el("span", null, "No payment of the window was assessed without a part of its data."),
          ),
    ],
  );

/**
 * @param {string} caption @param {[string, string]} head
 * @param {{name: string, share: number | null, note: string}[]} rows
 */
function shares(caption, head, rows) {
  return table({
    kind: "share-table",
    caption,
    head: [head[0], { heading: "Bar", cells: "bar-cell" }, { heading: `${head[1]} share`, cells: "num" }],
    unseen: "head",
    rows: rows.map(({ name, share, note }) => [
      [name, note && el("span", { class: "muted" }, ` ${note}`)],
      el("div", {
        class: ["bullet", "plain", share && share > 0.05 && "is-high"],
        css: { "--share": share ?? 0 },
      }),
      percent(share),
    ]),
  });
}

export const drift = () =>
  whenChanged(
    "drift",
    (snapshot) => snapshot.drift,
    (events) => [
      events.length
        ? list(events)
        : el("p", { class: "empty" }, icon("check"), "Nothing has drifted since the dashboard started to listen."),
    ],
  );

/** @param {Snapshot["drift"]} events */
function list(events) {
  const row = (/** @type {Snapshot["drift"][number]} */ event) =>
    el(
      "li",
      null,
      el("time", { class: "muted num", datetime: event.time }, dateTime(event.time)),
      el("p", null, event.text, " ", el("span", { class: "chip" }, `partition ${number(event.partition)}`)),
    );
  return el(
    "ul",
    { class: "event-list", tabindex: "0", "aria-label": "Drift events, newest first" },
    events.map(row),
  );
}
