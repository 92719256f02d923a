// @ts-check
// The reasons that alerts of the window have most, each with its minutes as small bars.

import { byId, el, replace } from "../lib/dom.js";
import { number, words } from "../lib/format.js";
import { sparkbars } from "../lib/sparkbars.js";
import { figures, table } from "../lib/table.js";
import { sum } from "./snapshot.js";

/** @returns {(snapshot: import("./snapshot.js").Snapshot) => void} */
export function reasons() {
  const place = byId("reasons");
  let shown = "";
  return ({ alerts_over_time: { reasons: counts } }) => {
    const next = JSON.stringify(counts);
    if (next === shown) return;
    shown = next;
    replace(place, Object.keys(counts).length ? reasonTable(counts) : nothing());
  };
}

const nothing = () => el("p", { class: "empty" }, "No alerts in the last 15 minutes.");

/** @param {Record<string, number[]>} counts */
function reasonTable(counts) {
  const most = Math.max(1, ...Object.values(counts).flat());
  const reasons = Object.entries(counts).map(([code, minutes]) => ({ code, minutes, all: sum(minutes) }));
  reasons.sort((a, b) => b.all - a.all);
  return table({
    kind: "reasons-table",
    caption: "Alerts of the last 15 minutes that name a reason",
    unseen: "caption",
    head: ["Reason", { heading: "Minutes", kind: "spark-cell" }, ...figures("Alerts")],
    rows: reasons.map(({ code, minutes, all }) => [
      el("a", { href: `/alerts?reason=${encodeURIComponent(code)}` }, words(code)),
      sparkbars(minutes, most),
      number(all),
    ]),
  });
}
