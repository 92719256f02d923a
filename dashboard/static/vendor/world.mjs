// Turns Natural Earth's countries (npm world-atlas) into the small GeoJSON that the live page draws: a name and a
// shape per country, to a tenth of a degree, without Antarctica; what crosses 180° goes on beyond it, so that no line is
// drawn across the world. Run by hand when the map is renewed (README.md).
import { readFileSync, writeFileSync } from "node:fs";
import { feature } from "topojson-client";

const TENTH = 10;

/** A ring to a tenth of a degree, repeated points left out. */
function rounded(ring) {
  const points = ring.map(([x, y]) => [Math.round(x * TENTH) / TENTH, Math.round(y * TENTH) / TENTH]);
  return points.filter(([x, y], i) => i === 0 || x !== points[i - 1][0] || y !== points[i - 1][1]);
}

/** A ring that jumps from one end of the world to the other, its western part moved to the east. */
function joined(ring) {
  const jumps = ring.some(([x], i) => i > 0 && Math.abs(x - ring[i - 1][0]) > 180);
  return jumps ? ring.map(([x, y]) => [x < 0 ? x + 360 : x, y]) : ring;
}

function shape(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const kept = polygons
    .map((rings) =>
      rings
        .map(joined)
        .map(rounded)
        .filter((ring) => ring.length > 3),
    )
    .filter((rings) => rings.length);
  return { type: "MultiPolygon", coordinates: kept };
}

const [source, target] = process.argv.slice(2);
const topology = JSON.parse(readFileSync(source, "utf8"));
const features = feature(topology, topology.objects.countries)
  .features.filter((country) => country.properties.name !== "Antarctica")
  .map((country) => ({
    type: "Feature",
    properties: { name: country.properties.name },
    geometry: shape(country.geometry),
  }));
writeFileSync(target, JSON.stringify({ type: "FeatureCollection", features }) + "\n");
