// @ts-check
// How this page writes ranges of days, metrics and numbers of alerts.

import { NONE, date, number } from "../lib/format.js";

/** @param {string} from @param {string} to */
export function days(from, to) {
  return date(from) === date(to) ? `${date(from)} UTC` : `${date(from)} – ${date(to)} UTC`;
}

/** 0.612. @param {number | null | undefined} value */
export function ratio(value) {
  return value === null || value === undefined ? NONE : number(value, { digits: Math.abs(value) < 0.01 ? 5 : 3 });
}

/** 0.580 to 0.641. @param {{low: number, high: number} | null} interval */
export function between(interval) {
  return interval ? `${ratio(interval.low)} to ${ratio(interval.high)}` : NONE;
}

/** 0.4, 3, 41: alerts or customers a day. @param {number | null} value */
export function aDay(value) {
  return value === null ? NONE : number(value, { digits: value < 10 && !Number.isInteger(value) ? 1 : 0 });
}
