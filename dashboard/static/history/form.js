// @ts-check
// Which days are asked for: the form, its presets, the page's address and the links to downloads.

import { byId } from "../lib/dom.js";
import { number } from "../lib/format.js";

/** @typedef {import("./answer.js").Answer} Answer */

const MOST_DAYS = 400;
const DAY = 86_400_000;

/**
 * @param {{ask: (query: URLSearchParams) => void}} wiring
 */
export function form({ ask }) {
  const node = byId("history-form");
  const start = byId("start");
  const end = byId("end");
  const backfill = byId("backfill");
  /** @type {{start: string, end: string} | null} */
  let held = null;

  const send = () => {
    refuse(null, "");
    const query = new URLSearchParams();
    if (start.value || end.value) {
      if (!start.value || !end.value) return refuse(start.value ? "end" : "start", "Give both days.");
      if (start.value > end.value) return refuse("start", "The first day is after the last.");
      const days = (Date.parse(end.value) - Date.parse(start.value)) / DAY + 1;
      if (days > MOST_DAYS) return refuse("start", `These are ${number(days)} days: ask for at most ${MOST_DAYS}.`);
      query.set("start", start.value);
      query.set("end", end.value);
    }
    if (backfill.checked) query.set("backfill", "1");
    ask(query);
  };
  node.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    send();
  });
  backfill.addEventListener("change", send);
  /** @type {HTMLButtonElement[]} */
  const presets = [...byId("presets").querySelectorAll("button")];
  for (const button of presets) {
    button.addEventListener("click", () => {
      if (!held) return;
      ({ start: start.value, end: end.value } = newest(held, Number(button.dataset.days)));
      send();
    });
  }

  /** @param {string | null} field @param {string} message */
  function refuse(field, message) {
    byId("range-error").textContent = message;
    for (const input of [start, end]) input.removeAttribute("aria-invalid");
    const wrong = field === "start" ? start : field === "end" ? end : null;
    wrong?.setAttribute("aria-invalid", "true");
    wrong?.focus();
  }

  return {
    /** What the page's address asks for. */
    wanted() {
      const asked = new URLSearchParams(location.search);
      return new URLSearchParams([...asked].filter(([name]) => ["start", "end", "backfill"].includes(name)));
    },
    refuse,
    /** @param {Answer} answer @param {URLSearchParams} query */
    show(answer, query) {
      held = answer.held;
      refuse(null, "");
      start.value = answer.range.start;
      end.value = answer.range.end;
      backfill.checked = answer.backfill;
      const pressed = presets.find((button) => same(newest(answer.held, Number(button.dataset.days)), answer.range));
      for (const button of presets) button.setAttribute("aria-pressed", String(button === pressed));
      history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
      link(answer);
    },
  };
}

/**
 * The newest days that the archive holds: replays are of the past, so today says nothing.
 * @param {{start: string, end: string}} held @param {number} days
 */
function newest(held, days) {
  const first = new Date(Date.parse(held.end) - (Math.min(days, MOST_DAYS) - 1) * DAY).toISOString().slice(0, 10);
  return { start: first > held.start ? first : held.start, end: held.end };
}

/** @param {{start: string, end: string}} one @param {{start: string, end: string}} other */
function same(one, other) {
  return one.start === other.start && one.end === other.end;
}

/** Points every download at the days that are shown. @param {Answer} answer */
function link({ range, backfill }) {
  for (const node of document.querySelectorAll("a[data-table]")) {
    const anchor = /** @type {HTMLAnchorElement} */ (node);
    const query = new URLSearchParams({ table: anchor.dataset.table ?? "", start: range.start, end: range.end });
    if (backfill) query.set("backfill", "1");
    anchor.href = `/api/history.csv?${query}`;
  }
}
