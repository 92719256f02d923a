// @ts-check
// What /api/alerts says.

/** @typedef {"low" | "medium" | "high" | "critical"} Level */
/** @typedef {"confirmed_fraud" | "false_positive" | "inconclusive"} Disposition */
/**
 * @typedef {object} Member
 * @property {string} id
 * @property {Level} level
 * @property {number} score
 * @property {string} time
 * @property {string} arrived
 * @property {"new" | "escalation" | "random_check"} status
 * @property {number} amount
 * @property {string | null} currency
 * @property {string} merchant
 * @property {string} sentence
 * @property {Disposition | null} disposition
 */
/**
 * @typedef {object} Case
 * @property {string} id
 * @property {string} account masked
 * @property {"alert" | "random_check"} kind
 * @property {Level} level
 * @property {number} score
 * @property {string} score_kind
 * @property {string} action
 * @property {boolean} escalated
 * @property {number} alerts
 * @property {number} open
 * @property {string} arrived
 * @property {number} amount
 * @property {string | null} currency
 * @property {string} merchant
 * @property {string | null} place
 * @property {string} sentence
 * @property {string[]} reasons
 * @property {"open" | "done" | "suppressed"} status
 * @property {{id: string, owner: string, reason: string, expires: string} | null} suppression
 * @property {string} lead
 */
/** @typedef {{feature: string, text: string, value: number | null, weight: number}} Weight */
/** @typedef {{unit: string, features: Weight[], intercept: number, prediction: number, actual: number, r2: number, r2_probability: number | null}} View */
/** @typedef {{detector: string, features: {feature: string, text: string, value: number, share: number}[]}} Split */
/** @typedef {{method: "lime" | "exact", fallback: string | null, samples: number, seed: number, fused: View | null, logistic: View | null, exact: Weight[], approximate: Split[], agrees: boolean | null, remark: string | null}} Explanation */
/** @typedef {{id: string, time: string, amount: number, currency: string | null, score: number, level: Level, merchant: string, this: boolean, disposition: Disposition | null}} Payment */
/** @typedef {{name: string, value: number | null}} Feature */
/** @typedef {{name: string, title: string, score: number | null, tail: number | null}} Detector */
/** @typedef {{id: string, time: string, level: Level, score: number, amount: number, currency: string | null, sentence: string, disposition: Disposition | null, shared: string[]}} Similar */
/** @typedef {{case: Case, alert: Member, members: Member[]}} Group what of an open alert changes */
/**
 * @typedef {object} Found everything about one alert
 * @property {Case} case
 * @property {Member} alert
 * @property {Member[]} members of the case, at most the hundred most urgent
 * @property {Record<string, any> & {reasons: {code: string, contribution: number, text: string}[], features: Feature[], approximate?: Split[]}} assessment
 * @property {Record<string, any> | null} transaction
 * @property {Detector[]} detectors
 * @property {Explanation | null} explanation
 * @property {Payment[]} history
 * @property {{from: string, to: string} | null} history_range
 * @property {string} history_source
 * @property {boolean} history_whole false: the archive may know more
 * @property {{id: string, features: Feature[], alerts: number, confirmed_frauds: number, since: string | null}} merchant
 * @property {Similar[]} similar
 */

export {};
