// @ts-check
// Payments by country, as a table beside the map.

import { el } from "../lib/dom.js";
import { country as countryName, number, percent } from "../lib/format.js";
import { figures, table } from "../lib/table.js";
import { share } from "./snapshot.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */

const COUNTRIES = 12;

/** @param {Snapshot["countries"]} countries */
export function countryTable(countries) {
  if (!countries.length) return el("p", { class: "empty" }, "No payment of the window has a country.");
  const most = [...countries].sort((a, b) => b.payments - a.payments).slice(0, COUNTRIES);
  const rest = countries.length - most.length;
  return table({
    caption: rest > 0 ? `${COUNTRIES} of ${countries.length} countries, last 15 min` : "Countries, last 15 min",
    head: ["Country", ...figures("Payments", "High +")],
    rows: most.map((country) => [
      el("bdi", null, countryName(country.country)),
      number(country.payments),
      percent(share(country)),
    ]),
  });
}
