// @ts-check
// How figures, times and shares are written, everywhere alike. Times are UTC, and say so where they stand alone.

export const NONE = "–";
const LOCALE = "en-US";
const THIN = "\u202f";

/** @type {Map<string, Intl.NumberFormat>} */
const numberFormats = new Map();

/** @param {Intl.NumberFormatOptions} options */
function formatOf(options) {
  const key = JSON.stringify(options);
  let format = numberFormats.get(key);
  if (!format) numberFormats.set(key, (format = new Intl.NumberFormat(LOCALE, options)));
  return format;
}

/** @param {unknown} value @returns {value is number} */
const known = (value) => typeof value === "number" && Number.isFinite(value);

/**
 * 12,345 or 1.25; "–" where nothing is known.
 * @param {number | null | undefined} value
 * @param {{digits?: number, unit?: string, sign?: boolean}} [options] digits: most digits after the point (default 0 from 100 on, else 2)
 */
export function number(value, { digits, unit, sign } = {}) {
  if (!known(value)) return NONE;
  const most = digits ?? (Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 2);
  const written = formatOf({
    maximumFractionDigits: most,
    minimumFractionDigits: digits ?? 0,
    signDisplay: sign ? "exceptZero" : "negative",
  }).format(value);
  return unit ? `${written}${THIN}${unit}` : written;
}

/** 1.2K, 3.4M: for axes and tight places. @param {number | null | undefined} value */
export function compact(value) {
  return known(value) ? formatOf({ notation: "compact", maximumFractionDigits: 1 }).format(value) : NONE;
}

/**
 * A share as 0.52%: two significant digits below 1 %, one digit after the point above.
 * @param {number | null | undefined} share 0 to 1
 */
export function percent(share) {
  if (!known(share)) return NONE;
  const options =
    share !== 0 && Math.abs(share) < 0.01 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 1 };
  return formatOf({ style: "percent", ...options }).format(share);
}

/**
 * 1,919.11 EUR: the code rather than a sign, since $ is many currencies.
 * @param {number | null | undefined} amount
 * @param {string | null} [currency]
 */
export function money(amount, currency) {
  if (!known(amount)) return NONE;
  const written = formatOf({ minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "negative" }).format(amount);
  return currency ? `${written}\u00a0${currency}` : written;
}

/** A risk score, 0 to 100, with the digits that tell the top of the range apart. @param {number | null | undefined} value */
export function score(value) {
  return known(value)
    ? formatOf({ minimumFractionDigits: 1, maximumFractionDigits: value > 99 ? 2 : 1 }).format(value)
    : NONE;
}

/** 4.2 ms, 850 ms, 1.6 s. @param {number | null | undefined} value milliseconds */
export function milliseconds(value) {
  if (!known(value)) return NONE;
  if (value >= 1000) return duration(value / 1000);
  return number(value, { digits: value < 10 ? 1 : 0, unit: "ms" });
}

/** 45 s, 15 min, 3 h 20 min, 4 d. @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (!known(seconds)) return NONE;
  if (seconds < 60)
    return number(seconds, { digits: seconds < 10 && !Number.isInteger(seconds) ? 1 : 0, unit: "s" });
  if (seconds < 3600) return number(Math.round(seconds / 60), { unit: "min" });
  if (seconds >= 48 * 3600) return number(Math.round(seconds / 86400), { unit: "days" });
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}${THIN}h` + (minutes % 60 ? ` ${minutes % 60}${THIN}min` : "");
}

const RAREST = 1e-6; // beyond, a tail is extrapolated further than it is worth saying

/** "1 in 2,400 payments". @param {number | null | undefined} share 0 to 1 */
export function oneIn(share) {
  if (!known(share)) return NONE;
  if (share < RAREST) return "fewer than 1 in 1,000,000 payments";
  return share >= 0.5 ? "every other payment or more" : `1 in ${number(Math.round(1 / share))} payments`;
}

/** @typedef {string | number | Date | null | undefined} When ISO 8601, milliseconds or a Date */

/** @param {When} when @returns {Date | null} */
export function moment(when) {
  if (when === null || when === undefined) return null;
  const date = new Date(when);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/** 14:03:09. @param {When} when @param {{seconds?: boolean}} [options] */
export function time(when, { seconds = true } = {}) {
  const at = moment(when);
  if (!at) return NONE;
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}` + (seconds ? `:${two(at.getUTCSeconds())}` : "");
}

/** 2018-08-14. @param {When} when */
export function date(when) {
  return moment(when)?.toISOString().slice(0, 10) ?? NONE;
}

/** 2018-08-14 14:03 UTC. @param {When} when @param {{seconds?: boolean, zone?: boolean}} [options] */
export function dateTime(when, { seconds = false, zone = true } = {}) {
  return moment(when) ? `${date(when)} ${time(when, { seconds })}${zone ? " UTC" : ""}` : NONE;
}

/** "14:00–14:15 UTC", with dates where the day is not one and the same. @param {When} from @param {When} to */
export function range(from, to) {
  if (!moment(from) || !moment(to)) return NONE;
  if (date(from) === date(to))
    return `${date(from)} ${time(from, { seconds: false })}–${time(to, { seconds: false })} UTC`;
  return `${dateTime(from, { zone: false })} – ${dateTime(to)}`;
}

/** "just now", "3 min ago". @param {When} when @param {When} [now] */
export function ago(when, now = Date.now()) {
  const at = moment(when);
  if (!at) return NONE;
  const seconds = ((moment(now) ?? at).getTime() - at.getTime()) / 1000;
  return seconds < 5 ? "just now" : `${duration(Math.floor(seconds))} ago`;
}

/** "3 alerts", "1 alert". @param {number} count @param {string} one @param {string} [many] */
export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const countryNames = new Intl.DisplayNames("en", { type: "region" });

/** "New Zealand" for NZ; whatever is no code stays as it is. @param {string} code */
export function country(code) {
  return /^[A-Z]{2}$/.test(code) ? (countryNames.of(code) ?? code) : code;
}

/** AMOUNT_ABOVE_ACCOUNT_NORM as "Amount above account norm". @param {string | null | undefined} code */
export function words(code) {
  if (!code) return NONE;
  const spoken = code
    .replaceAll("_", " ")
    .toLowerCase()
    .replace(/\bip\b/g, "IP")
    .replace(/\btx\b/g, "payment");
  return spoken.charAt(0).toUpperCase() + spoken.slice(1);
}
