// @ts-check
// The reasons that alerts of the window have most, each with its minutes as small bars.

import { byId, el, replace } from "../lib/dom.js";
import { number, words } from "../lib/format.js";
import { sparkbars } from "../lib/sparkbars.js";
import { sum } from "./snapshot.js";

/** @returns {(snapshot: import("./snapshot.js").Snapshot) => void} */
export function reasons() {
  const place = byId("reasons");
  let shown = "";
  return ({ alerts_over_time: { reasons: counts } }) => {
    const next = JSON.stringify(counts);
    if (next === shown) return;
    shown = next;
    replace(place, Object.keys(counts).length ? table(counts) : nothing());
  };
}

const nothing = () => el("p", { class: "empty" }, "No alerts in the last 15 minutes.");

/** @param {Record<string, number[]>} counts */
function table(counts) {
  const most = Math.max(1, ...Object.values(counts).flat());
  const rows = Object.entries(counts).map(([code, minutes]) => ({ code, minutes, all: sum(minutes) }));
  rows.sort((a, b) => b.all - a.all);
  return el(
    "table",
    { class: "table reasons-table" },
    el("caption", { class: "sr-only" }, "Alerts of the last 15 minutes that name a reason"),
    el(
      "thead",
      null,
      el(
        "tr",
        null,
        el("th", { scope: "col" }, "Reason"),
        el("th", { scope: "col", class: "spark-cell" }, "Minutes"),
        el("th", { scope: "col", class: "num" }, "Alerts"),
      ),
    ),
    el(
      "tbody",
      null,
      rows.map(({ code, minutes, all }) =>
        el(
          "tr",
          null,
          el("th", { scope: "row" }, el("a", { href: `/alerts?reason=${encodeURIComponent(code)}` }, words(code))),
          el("td", { class: "spark-cell" }, sparkbars(minutes, most)),
          el("td", { class: "num" }, number(all)),
        ),
      ),
    ),
  );
}
