// @ts-check
// What /api/history says (dashboard/history/answer.py), as types.

/** @typedef {{low: number, high: number}} Interval 95 % */
/** @typedef {{payments: number, risky: number, alerts: number, critical: number}} Counts */
/** @typedef {{value: string | null, others: number, payments: number, risky: number, alerts: number}} Group */
/** @typedef {{risky: number, decided: number, confirmed: number, inconclusive: number, share: number | null, interval: Interval | null, decided_by: Record<string, number>}} Precision */
/** @typedef {{frauds: number, alerted: number, not_found: number, share: number | null, interval: Interval | null}} Chargebacks */
/** @typedef {{payments: number, checked: number, confirmed: number, missed: number | null, missed_interval: Interval | null, caught: number, share: number | null, interval: Interval | null}} Sample */
/**
 * @typedef {{
 *   held: {start: string, end: string},
 *   range: {start: string, end: string, days: number, from: string, to: string},
 *   backfill: boolean,
 *   totals: {payments: number, accounts: number, risky: number, alerts: number, alerted_accounts: number, backfill_left_out: number},
 *   alert_rate: {share: number | null, budget: number | null, budget_version: string | null},
 *   bundles: {version: string, score_kind: string, provisional: boolean, payments: number}[],
 *   days: ({date: string} & Counts)[],
 *   hours: ({hour: string} & Counts)[],
 *   scores: {score_kind: string, score_from: number, score_to: number, payments: number, alerts: number}[],
 *   levels: {level: "low" | "medium" | "high" | "critical", payments: number, share: number | null, alerts: number}[],
 *   countries: Group[],
 *   channels: Group[],
 *   value_at_risk: {currency: string | null, payments: number, amount: number, largest_amount: number}[],
 *   reasons: {code: string, alerts: number, share: number}[],
 *   precision: Precision,
 *   precision_by_level: Record<string, Precision>,
 *   recall: {chargebacks: Chargebacks, sample: Sample},
 * }} Answer
 */

export {};
