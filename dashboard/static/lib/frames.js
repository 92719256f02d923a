// @ts-check
// Spreads work over frames, one job each, so that a second's worth of charts never becomes one long task.

/** @type {Map<object, () => void>} */
const waiting = new Map();
let asked = false;

/**
 * Runs a job in a coming frame; a newer job of the same owner takes the place of one that still waits.
 * @param {object} owner
 * @param {() => void} job
 */
export function later(owner, job) {
  waiting.set(owner, job);
  if (!asked) {
    asked = true;
    requestAnimationFrame(next);
  }
}

function next() {
  const [first] = waiting;
  asked = false;
  if (!first) return;
  waiting.delete(first[0]);
  if (waiting.size) {
    asked = true;
    requestAnimationFrame(next);
  }
  first[1]();
}

/**
 * Gathers calls: the callback runs at most once per `ms`, with the last call never lost.
 * @param {number} ms
 * @param {() => void} callback
 * @returns {() => void}
 */
export function gathered(ms, callback) {
  let last = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  return () => {
    if (timer !== null) return;
    timer = setTimeout(
      () => {
        timer = null;
        last = performance.now();
        callback();
      },
      Math.max(0, last + ms - performance.now()),
    );
  };
}
