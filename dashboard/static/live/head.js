// @ts-check
// The line on top: window, bundle, and remarks on what keeps the figures from being true now.

import { byId, el, icon, replace, text } from "../lib/dom.js";
import { dateTime, range, time } from "../lib/format.js";

const KINDS = {
  probability: "calibrated probability",
  rarity: "rarity",
  "rarity+feedback": "rarity with feedback",
};

/** @param {string} kind */
export const kindWords = (kind) => /** @type {Record<string, string>} */ (KINDS)[kind] ?? kind;

export function head() {
  const windowLine = byId("live-window");
  const bundleLine = byId("bundle-line");
  const remarks = byId("live-remarks");
  /** @type {Date | null} */
  let lostSince = null;
  /** @type {import("./snapshot.js").Snapshot | null} */
  let last = null;
  let said = "";

  /** @param {import("./snapshot.js").Snapshot} snapshot */
  function show(snapshot) {
    last = snapshot;
    text(
      windowLine,
      `Last ${snapshot.window.seconds / 60} minutes · ${range(snapshot.window.from, snapshot.window.to)}`,
    );
    showBundle(snapshot.bundle);
    remark();
  }

  /** @param {import("./snapshot.js").Snapshot["bundle"]} bundle */
  function showBundle(bundle) {
    bundleLine.hidden = !bundle;
    if (!bundle) return;
    text(bundleLine.querySelector("[data-version]"), bundle.version);
    text(bundleLine.querySelector("[data-kind]"), `score is a ${kindWords(bundle.score_kind)}`);
    bundleLine.querySelector("[data-provisional]").hidden = !bundle.provisional;
  }

  function remark() {
    const lines = remarksOn(last, lostSince);
    if (said === lines.join("\n")) return;
    said = lines.join("\n");
    replace(
      remarks,
      lines.map((line) => el("p", { class: "remark" }, icon("warning"), el("span", null, line))),
    );
  }

  return {
    show,
    /** @param {string} state @param {Date} since */
    connection(state, since) {
      lostSince = state === "lost" ? since : null;
      document.body.classList.toggle("is-stale", state === "lost");
      remark();
    },
  };
}

/**
 * @param {import("./snapshot.js").Snapshot | null} snapshot @param {Date | null} lostSince
 * @returns {string[]}
 */
function remarksOn(snapshot, lostSince) {
  const lines = [];
  const as = snapshot ? ` Figures are as of ${time(snapshot.now)} UTC.` : "";
  if (lostSince)
    lines.push(
      `No connection to the dashboard’s server since ${time(lostSince)} UTC; it is being tried again.${as}`,
    );
  if (!snapshot) return lines;
  if (!snapshot.broker.reachable) {
    lines.push(
      `Kafka cannot be reached since ${dateTime(snapshot.broker.since, { seconds: true })}. Figures stand still until it is back.`,
    );
  } else if (snapshot.payments.window === 0) {
    lines.push("No payments in this window. Start a worker and send some: riskstream replay FILE --rate 20.");
  } else if (snapshot.workers?.length === 0) {
    lines.push("No worker is in the consumer group. Start one: riskstream worker.");
  }
  return lines;
}
