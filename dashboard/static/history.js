// @ts-check
// The history page: asks for days, and hands one answer to every panel, so that all figures are of the same range.

import { ApiError, get, notice } from "./lib/api.js";
import { byId, el, icon, replace } from "./lib/dom.js";
import { number, plural } from "./lib/format.js";
import { breakdowns } from "./history/breakdowns.js";
import { form } from "./history/form.js";
import { overTime } from "./history/over-time.js";
import { quality } from "./history/quality.js";
import { scores } from "./history/scores.js";
import { tiles } from "./history/tiles.js";

/** @typedef {import("./history/answer.js").Answer} Answer */

const body = byId("history-body");
const asking = form({ ask });
/** @type {((answer: Answer) => void)[]} */
let panels = [];
/** @type {AbortController | null} */
let under = null;
let shown = "";

ask(asking.wanted());

/** @param {URLSearchParams} query */
async function ask(query) {
  under?.abort();
  under = new AbortController();
  body.setAttribute("aria-busy", "true");
  byId("history-range").textContent = "Asking the archive …";
  try {
    const answer = await get(`/api/history?${query}`, { signal: under.signal, quiet: true });
    show(answer, query);
  } catch (error) {
    if (!(error instanceof ApiError)) {
      if (!(error instanceof DOMException)) throw error;
      return;
    }
    // What is still on the page is of the days before.
    byId("history-range").textContent = shown;
    if (error.field) asking.refuse(error.field, error.message);
    else notice(error.message);
  }
  body.removeAttribute("aria-busy");
}

/** @param {Answer | {held: null}} answer @param {URLSearchParams} query */
function show(answer, query) {
  body.hidden = answer.held === null;
  byId("csv-figures").hidden = answer.held === null;
  byId("history-empty").hidden = answer.held !== null;
  if (answer.held === null) {
    byId("history-range").textContent = "";
    replace(byId("history-empty"), nothing());
    return;
  }
  asking.show(/** @type {Answer} */ (answer), query);
  head(/** @type {Answer} */ (answer));
  // Charts measure their place, which has none before the body is shown.
  if (!panels.length) panels = [tiles(), overTime(), quality(), scores(), breakdowns()];
  for (const panel of panels) panel(/** @type {Answer} */ (answer));
}

/** @param {Answer} answer */
function head({ range, held, totals, backfill, bundles }) {
  const days = range.days === 1 ? range.start : `${range.start} – ${range.end}`;
  shown = `${days} UTC, ${plural(range.days, "day")}`;
  byId("history-range").textContent = shown;
  byId("history-held").textContent = `The archive holds ${held.start} – ${held.end}`;
  for (const node of document.querySelectorAll("[data-range]")) node.textContent = `${days} UTC`;
  const left = totals.backfill_left_out;
  replace(
    byId("history-remarks"),
    left > 0 && remark(`${plural(left, "payment")} of these days came from a replay of history (backfill), which alerts nobody, and ${left === 1 ? "is" : "are"} not counted.`),
    backfill && remark("Payments from a replay of history (backfill) are counted too: nobody was alerted of them, so they lower the rate of alerts."),
    bundles.length > 1 && remark(`${number(bundles.length)} bundles assessed these payments (${bundles.map((one) => `${one.version}: ${number(one.payments)}`).join(", ")}). Scores of different bundles do not compare, and the alert budget is that of the one in use.`),
    bundles.some((one) => one.provisional) && remark("The thresholds were provisional: the bundle rests on fewer than 1,000 reference payments."),
  );
}

/** @param {string} text */
function remark(text) {
  return el("p", { class: "remark calm" }, text);
}

function nothing() {
  return el(
    "div",
    { class: "panel empty" },
    icon("inbox"),
    el("strong", null, "The archive is still empty."),
    el("p", null, "A worker writes payments to it every 30 seconds (RISKSTREAM_ARCHIVE_FLUSH_SECONDS). This page reads the bucket that RISKSTREAM_S3_BUCKET names."),
  );
}
