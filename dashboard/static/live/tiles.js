// @ts-check
// The figures on top of the live page, each with its unit and its time range.

import { byId, text } from "../lib/dom.js";
import { milliseconds, number, percent, plural } from "../lib/format.js";
import { largest, sum } from "./snapshot.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */

/** @returns {(snapshot: Snapshot) => void} */
export function tiles() {
  const parts = [payments(), alertRate(), latency(), lag(), deadLetters()];
  return (snapshot) => parts.forEach((part) => part(snapshot));
}

/** @param {string} id @param {string} name */
const part = (id, name) => byId(id).querySelector(`[data-${name}]`);

/** @param {string} id @param {"warn" | "bad" | null} state */
function mark(id, state) {
  if (state) byId(id).dataset.state = state;
  else delete byId(id).dataset.state;
}

/** @returns {(snapshot: Snapshot) => void} */
function payments() {
  const value = part("tile-payments", "value");
  const note = part("tile-payments", "note");
  return ({ payments: { per_second, window, backfilled } }) => {
    text(value, number(per_second, { digits: per_second < 100 ? 1 : 0 }));
    const backfill = backfilled ? `, and ${number(backfilled)} backfilled` : "";
    text(note, `mean of 10 s · ${number(window)} in 15 min${backfill}`);
  };
}

/** @returns {(snapshot: Snapshot) => void} */
function alertRate() {
  const value = part("tile-alert-rate", "value");
  const note = part("tile-alert-rate", "note");
  const bullet = part("tile-alert-rate", "bullet");
  return ({ alert_rate: { share, budget, risky, payments: all } }) => {
    const top = Math.max(2 * (budget ?? 0), share ?? 0) || 1;
    text(value, percent(share));
    bullet.style.setProperty("--share", String((share ?? 0) / top));
    bullet.style.setProperty("--target", String((budget ?? 0) / top));
    bullet.classList.toggle("plain", budget === null);
    bullet.classList.toggle("is-high", overBudget(share, budget));
    text(note, `${againstBudget(share, budget)} · ${number(risky)} of ${number(all)} in 15 min`);
    mark("tile-alert-rate", overBudget(share, budget) ? "warn" : null);
  };
}

/** @param {number | null} share @param {number | null} budget */
const overBudget = (share, budget) => share !== null && budget !== null && share > budget;

/** @param {number | null} share @param {number | null} budget */
function againstBudget(share, budget) {
  if (budget === null) return "no bundle yet";
  if (share === null) return `budget ${percent(budget)}`;
  return `${overBudget(share, budget) ? "above" : "within"} the budget of ${percent(budget)}`;
}

/** @returns {(snapshot: Snapshot) => void} */
function latency() {
  const value = part("tile-latency", "value");
  const second = part("tile-latency", "second");
  const note = part("tile-latency", "note");
  return ({ latency: { p50_ms, p99_ms, max_ms, payments: all } }) => {
    text(value, milliseconds(p50_ms));
    text(second, milliseconds(p99_ms));
    text(
      note,
      all ? `slowest ${milliseconds(max_ms)} · ${plural(all, "payment")} in 15 min` : "no payments in 15 min",
    );
  };
}

/** @returns {(snapshot: Snapshot) => void} */
function lag() {
  const value = part("tile-lag", "value");
  const note = part("tile-lag", "note");
  return ({ lag: stages }) => {
    const known = stages.filter((stage) => stage.records !== null);
    const most = largest(known.map((stage) => stage.records));
    text(value, known.length ? number(sum(known.map((stage) => stage.records ?? 0))) : "–");
    const busiest = most ? known.find((stage) => stage.records === most) : null;
    text(
      note,
      busiest
        ? `now · most at ${busiest.stage}`
        : stages.length
          ? `now · ${plural(stages.length, "stage")}`
          : "now · no stage reads yet",
    );
  };
}

/** @returns {(snapshot: Snapshot) => void} */
function deadLetters() {
  const value = part("tile-dead-letters", "value");
  const note = part("tile-dead-letters", "note");
  return ({ dead_letters: { window } }) => {
    text(value, number(window));
    text(note, window ? "in 15 min · list them: riskstream dead-letters" : "in 15 min · nothing was refused");
    mark("tile-dead-letters", window ? "warn" : null);
  };
}
