// @ts-check
// What /api/models says (dashboard/models/page.py), as types.

/** @typedef {{low: number, high: number}} Interval 95 % */
/** @typedef {{score: number, share: number, false_positive_rate: number, recall: number, precision: number}} OperatingPoint */
/** @typedef {{maturity: string, level: "medium" | "high" | "critical", score: number, reference_rows: number, measured: OperatingPoint | null}} Threshold */
/**
 * @typedef {{
 *   version: string, score_kind: string, why: string, population: string | null, label_source: string | null,
 *   first_event_time: string, last_event_time: string, labels_until: string,
 *   counts: {payments: number, accounts: number, warm_up: number, fitting: number, reference: number, labelled: number, frauds: number, inconclusive: number, young: number},
 *   provisional: boolean, weak_logistic: boolean, base_currency: string, seed: number, feature_version: string, features: string[],
 *   budgets: {medium: number, high: number, critical: number}, thresholds: Threshold[],
 *   weights: {name: string, title: string, weight: number}[],
 *   calibration: {slope: number, intercept: number, rows: number, frauds: number} | null,
 *   metrics: Record<string, number>, operating_points: OperatingPoint[],
 * }} Bundle
 */
/** @typedef {{payments: number, share: number | null, labelled: number, frauds: number, precision: number | null, recall: number | null, false_positive_rate: number | null, value_detected: number | null}} Reach */
/** @typedef {{least_score: number, alerts_a_day: number, reach: Reach, genuine_customers: number | null, genuine_customers_a_day: number | null}} Workload */
/** @typedef {{least: number, below: number, payments: number, frauds: number, said: number, found: number, interval: Interval}} Bin */
/** @typedef {{brier: number, brier_of_base_rate: number, mean_p_to_rate: number, calibration_slope: number | null, calibration_intercept: number | null, reliability: Bin[]}} Honesty */
/** @typedef {{monday: string, trained: boolean, payments: number, frauds: number, average_precision: number | null, interval: Interval | null}} Week */
/**
 * @typedef {{
 *   file: string, source: {name: string, archived: boolean, labels: string | null, others_genuine: boolean},
 *   bundle: {version: string, score_kind: string, base_currency: string}, same_bundle: boolean | null,
 *   from: string, to: string, days: number, payments: number, accounts: number, labelled: number, frauds: number,
 *   fraud_rate: number | null, fraud_amount: number, average_precision: number | null, average_precision_interval: Interval | null,
 *   roc_auc: number | null, card_precision: number | null, cards: number,
 *   in_force: {alerts_a_day: number, reach: Reach, budget: number | null}, honesty: Honesty | null, workloads: Workload[],
 *   detectors: {name: string, title: string, average_precision: number | null, interval: Interval | null, fused_average_precision: number | null}[],
 *   weeks: Week[],
 * }} Report
 */
/** @typedef {{bundle: Bundle | null, bundle_problem: string | null, report: Report | null, report_problem: string | null}} View */

export {};
