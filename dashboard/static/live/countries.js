// @ts-check
// Payments by country, as a table beside the map.

import { el } from "../lib/dom.js";
import { country as countryName, number, percent } from "../lib/format.js";
import { share } from "./snapshot.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */

const COUNTRIES = 12;

/** @param {Snapshot["countries"]} countries */
export function countryTable(countries) {
  if (!countries.length) return el("p", { class: "empty" }, "No payment of the window has a country.");
  const most = [...countries].sort((a, b) => b.payments - a.payments).slice(0, COUNTRIES);
  const rest = countries.length - most.length;
  return el(
    "table",
    { class: "table" },
    el(
      "caption",
      null,
      rest > 0 ? `${COUNTRIES} of ${countries.length} countries, last 15 min` : "Countries, last 15 min",
    ),
    el(
      "thead",
      null,
      el(
        "tr",
        null,
        el("th", { scope: "col" }, "Country"),
        el("th", { scope: "col", class: "num" }, "Payments"),
        el("th", { scope: "col", class: "num" }, "High +"),
      ),
    ),
    el(
      "tbody",
      null,
      most.map((country) =>
        el(
          "tr",
          null,
          el("th", { scope: "row" }, el("bdi", null, countryName(country.country))),
          el("td", { class: "num" }, number(country.payments)),
          el("td", { class: "num" }, percent(share(country))),
        ),
      ),
    ),
  );
}
