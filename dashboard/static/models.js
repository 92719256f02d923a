// @ts-check
// The models page: the bundle in use, and what a backtest says of it.

import { ApiError, get, notice } from "./lib/api.js";
import { byId, el, icon, replace } from "./lib/dom.js";
import { number } from "./lib/format.js";
import { bundlePanel } from "./models/bundle.js";
import { detectorsPanel, metricsPanel } from "./models/quality.js";
import { reliabilityPanel } from "./models/reliability.js";
import { thresholdsPanel } from "./models/thresholds.js";
import { tradePanel } from "./models/trade.js";
import { weeksPanel } from "./models/weeks.js";
import { days } from "./models/words.js";

/** @typedef {import("./models/view.js").View} View */

show();

async function show() {
  /** @type {View} */
  let view;
  try {
    view = await get("/api/models", { quiet: true });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    byId("models-range").textContent = "";
    notice(error.message);
    return;
  }
  const { bundle, report } = view;
  remarks(view);
  byId("models-range").textContent = bundle ? `Bundle ${bundle.version} in use, trained on ${days(bundle.first_event_time, bundle.last_event_time)}` : "No bundle in use";
  byId("models-body").hidden = !bundle && !report;
  if (bundle) {
    for (const node of document.querySelectorAll("[data-training]")) node.textContent = `trained on ${days(bundle.first_event_time, bundle.last_event_time)}`;
    bundlePanel(bundle);
    thresholdsPanel(bundle);
    byId("features-count").textContent = `${number(bundle.features.length)} numbers of each payment, feature version ${bundle.feature_version}`;
    replace(byId("features"), bundle.features.map((name) => el("li", { class: "chip mono" }, name)));
  }
  for (const id of ["bundle", "thresholds", "features"]) /** @type {HTMLElement} */ (byId(id).closest(".panel")).hidden = !bundle;
  tradePanel(view);
  reliabilityPanel(view);
  detectorsPanel(view);
  metricsPanel(view);
  weeksPanel(report);
}

/** @param {View} view */
function remarks({ bundle, bundle_problem, report, report_problem }) {
  const told = [];
  if (bundle_problem) told.push(warning(bundle_problem));
  if (report_problem) told.push(el("p", { class: "remark calm", id: "report-problem" }, el("span", null, report_problem)));
  if (report?.same_bundle === false) {
    told.push(warning(`The report ${report.file} is of bundle ${report.bundle.version}, not of ${bundle?.version} which is in use: what it says is of another model. Make a new one: riskstream backtest FILE --json report.json.`, "other-bundle"));
  }
  if (bundle?.provisional) told.push(warning("Thresholds are provisional: they rest on fewer than 1,000 reference payments."));
  replace(byId("models-remarks"), ...told);
}

/** @param {string} text @param {string} [id] */
function warning(text, id) {
  return el("p", { class: "remark", id }, icon("warning"), el("span", null, text));
}
