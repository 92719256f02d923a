// @ts-check
// What /api/live says, and how its series are read.

/**
 * @typedef {object} Snapshot
 * @property {string} now
 * @property {{version: string, score_kind: string, provisional: boolean, budgets: Record<string, number>} | null} bundle
 * @property {{from: string, to: string, seconds: number}} window
 * @property {{per_second: number, window: number, backfilled: number}} payments
 * @property {{from: string, step_seconds: number, payments_per_second: number[], p50_ms: (number | null)[], p99_ms: (number | null)[]}} series
 * @property {{share: number | null, budget: number | null, risky: number, payments: number}} alert_rate
 * @property {{p50_ms: number | null, p99_ms: number | null, max_ms: number | null, payments: number}} latency
 * @property {{stage: string, topic: string, records: number | null, partitions: number}[]} lag
 * @property {{edges: number[], counts: number[]}} scores
 * @property {{from: string, step_seconds: number, levels: {high: number[], critical: number[]}, reasons: Record<string, number[]>}} alerts_over_time
 * @property {{country: string, payments: number, risky: number}[]} countries
 * @property {{latitude: number, longitude: number, payments: number, risky: number}[]} points
 * @property {{name: string, title: string, silent_share: number | null}[]} detectors
 * @property {{what: string, share: number, payments: number}[]} degraded
 * @property {{time: string, series: string, partition: number, text: string}[]} drift
 * @property {{window: number}} dead_letters
 * @property {{id: string, host: string, partitions: number}[] | null} workers
 * @property {{reachable: boolean, since: string}} broker
 */

/**
 * The times of a series' steps, in milliseconds.
 * @param {{from: string, step_seconds: number}} series @param {number} count
 */
export function steps(series, count) {
  const first = Date.parse(series.from);
  return Array.from({ length: count }, (_, i) => first + i * series.step_seconds * 1000);
}

/** @param {number[]} values */
export const sum = (values) => values.reduce((total, value) => total + value, 0);

/** @param {(number | null)[]} values @returns {number | null} */
export function largest(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? Math.max(...known) : null;
}

/** The share of payments that are high or above. @param {{payments: number, risky: number}} of */
export const share = ({ payments, risky }) => (payments ? risky / payments : 0);
