// @ts-check
// Which part of the world the map shows.

/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {[[number, number], [number, number]]} Corners longitude and latitude of the upper left and the lower right */

export const WORLD = /** @type {Corners} */ ([
  [-170, 84],
  [190, -57],
]);
const STEP = 10; // degrees: the view follows the payments by jumps, so that it mostly stands still

/**
 * A view that holds all points with some land around, at least 40 by 30 degrees.
 * @param {Snapshot["points"]} points @returns {Corners}
 */
export function around(points) {
  if (!points.length) return WORLD;
  const [west, east] = widened(
    points.map((point) => point.longitude),
    40,
  );
  const [south, north] = widened(
    points.map((point) => point.latitude),
    30,
  );
  return east - west > 200
    ? WORLD
    : [
        [west, Math.min(north, 84)],
        [east, Math.max(south, -58)],
      ];
}

/** @param {number[]} values @param {number} least @returns {[number, number]} */
function widened(values, least) {
  const low = Math.floor((Math.min(...values) - 2) / STEP) * STEP;
  const high = Math.ceil((Math.max(...values) + 2) / STEP) * STEP;
  const missing = Math.max(0, least - (high - low)) / 2;
  return [low - missing, high + missing];
}
