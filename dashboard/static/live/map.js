// @ts-check
// Where payments come from: points on a map, sized by payments, coloured by the share that is high or above; the same
// by country in a table beside it.

import { chart, echarts } from "../lib/charts.js";
import { byId, el, replace } from "../lib/dom.js";
import { number, percent, plural } from "../lib/format.js";
import { gathered } from "../lib/frames.js";
import { countryTable } from "./countries.js";
import { share } from "./snapshot.js";
import { around, WORLD } from "./view.js";

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("../lib/theme.js").Tokens} Tokens */

const EVERY_MS = 5000; // a quarter of an hour of points changes slowly, and a map is dear to draw

/** Shares from which a point has a colour. */
const CLASSES = [
  { from: 0.02, colour: "critical", said: "2% or more" },
  { from: 0.005, colour: "high", said: "0.5% to 2%" },
  { from: 1e-9, colour: "medium", said: "under 0.5%" },
  { from: 0, colour: "none", said: "none" },
];

/** @returns {(snapshot: Snapshot) => void} */
export function worldMap() {
  /** @type {Snapshot | null} */
  let snapshot = null;
  /** @type {ReturnType<typeof drawn> | null} */
  let map = null;
  let near = true;
  const place = byId("chart-map");
  replace(place, el("div", { class: "chart-canvas skeleton" }));
  fetch("/static/vendor/world.json")
    .then((response) => response.json())
    .then((world) => {
      echarts().registerMap("world", joined(world));
      map = drawn(place);
      show();
    })
    .catch(() =>
      replace(place, el("p", { class: "empty" }, "The map could not be loaded; the table has the figures.")),
    );

  const show = () => {
    if (!snapshot) return;
    map?.(snapshot.points, near);
    replace(byId("countries"), countryTable(snapshot.countries));
  };
  const soon = gathered(EVERY_MS, show);
  const look = (/** @type {boolean} */ atPayments) => {
    near = atPayments;
    byId("map-near").setAttribute("aria-pressed", String(near));
    byId("map-world").setAttribute("aria-pressed", String(!near));
    show();
  };
  byId("map-near").addEventListener("click", () => look(true));
  byId("map-world").addEventListener("click", () => look(false));
  return (next) => {
    snapshot = next;
    soon();
  };
}

/**
 * All countries as one shape: drawn as 176 regions, a map takes ten times as long.
 * @param {{features: {geometry: {coordinates: number[][][][]}}[]}} world
 */
function joined({ features }) {
  const coordinates = features.flatMap((country) => country.geometry.coordinates);
  return {
    type: "FeatureCollection",
    features: [
      { type: "Feature", properties: { name: "world" }, geometry: { type: "MultiPolygon", coordinates } },
    ],
  };
}

/** @param {HTMLElement} place */
function drawn(place) {
  /** @type {Snapshot["points"]} */
  let points = [];
  let corners = WORLD;
  const option = (/** @type {Tokens} */ colours) => ({
    geo: {
      map: "world",
      roam: false,
      silent: true,
      boundingCoords: corners,
      left: 0,
      right: 0,
      top: 4,
      bottom: 4,
      itemStyle: { areaColor: colours.land, borderColor: colours.surface, borderWidth: 0.6 },
    },
    tooltip: { trigger: "item", formatter: told },
    series: [
      {
        type: "scatter",
        coordinateSystem: "geo",
        zlevel: 1,
        emphasis: { disabled: true },
        data: marks(points, colours),
      },
    ],
  });
  const shown = chart(place, option, { label: "Map of where payments of the last 15 minutes come from" });
  place.append(legend());
  return (/** @type {Snapshot["points"]} */ next, /** @type {boolean} */ near) => {
    points = next;
    corners = near ? around(points) : WORLD;
    shown.update(option, {
      summary: `${plural(points.length, "place")} with payments; the table beside it has the countries.`,
    });
  };
}

/** @param {Snapshot["points"]} points @param {Tokens} colours */
function marks(points, colours) {
  const most = Math.max(1, ...points.map((point) => point.payments));
  return [...points]
    .sort((a, b) => share(a) - share(b))
    .map((point) => ({
      value: [point.longitude, point.latitude, point.payments, point.risky],
      symbolSize: 4 + 18 * Math.sqrt(point.payments / most),
      symbol: share(point) >= CLASSES[1].from ? "diamond" : "circle",
      itemStyle: {
        color: colourOf(point, colours),
        opacity: 0.78,
        borderColor: colours.surface,
        borderWidth: 0.75,
      },
    }));
}

/** @param {{payments: number, risky: number}} point @param {Tokens} colours */
function colourOf(point, colours) {
  const found = CLASSES.find((one) => share(point) >= one.from)?.colour ?? "none";
  return found === "none" ? colours.accent : colours.levels[/** @type {"medium"} */ (found)];
}

/** @param {{value: number[]}} mark */
function told({ value: [longitude, latitude, payments, risky] }) {
  const where = `${Math.abs(latitude)}° ${latitude < 0 ? "S" : "N"}, ${Math.abs(longitude)}° ${longitude < 0 ? "W" : "E"}`;
  return `${where}\n${plural(payments, "payment")}, ${number(risky)} high or above (${percent(risky / payments)})`;
}

function legend() {
  const entry = (/** @type {(typeof CLASSES)[number]} */ { colour, said }) =>
    el(
      "li",
      null,
      el("span", {
        class: [
          "swatch",
          "block",
          colour === "critical" || colour === "high" ? "diamond" : "round",
          `is-${colour}`,
        ],
      }),
      said,
    );
  return el(
    "ul",
    { class: "legend map-legend", "aria-label": "Share of payments high or above" },
    el("li", null, "High or above:"),
    [...CLASSES].reverse().map(entry),
  );
}
