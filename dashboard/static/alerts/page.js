// @ts-check
// The cases of the page that is shown, kept in the server's order while cases change. Knows nothing of the DOM.

/** @typedef {import("./types.js").Case} Case */

const RANKS = { low: 0, medium: 1, high: 2, critical: 3 };

/** Cases that one page holds. */
export const PAGE = 100;

/**
 * The server's order: riskiest first, or newest first, and by id among those that came at the same moment.
 * @param {"risk" | "newest" | string} sort
 * @returns {(a: Case, b: Case) => number}
 */
export function order(sort) {
  const newest = (/** @type {Case} */ a, /** @type {Case} */ b) =>
    rising(b.arrived, a.arrived) || rising(a.id, b.id);
  if (sort === "newest") return newest;
  return (a, b) => RANKS[b.level] - RANKS[a.level] || b.score - a.score || newest(a, b);
}

/** @param {string} a @param {string} b */
const rising = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

export class Page {
  /**
   * @param {Case[]} cases as the server listed them
   * @param {{sort: string, wants: (found: Case) => boolean, live: boolean}} options live: new cases may come in,
   *   as on the first page
   */
  constructor(cases, { sort, wants, live }) {
    this.cases = new Map(cases.map((one) => [one.id, one]));
    this.ids = cases.map((one) => one.id);
    this.compare = order(sort);
    this.wants = wants;
    this.live = live;
    /** Cases that wait to be shown. @type {Map<string, Case>} */
    this.fresh = new Map();
    /** Cases that were cut off the end for better ones. */
    this.dropped = 0;
  }

  /**
   * Takes in what happened to a case.
   * @param {Case} found
   * @returns {"changed" | "fresh" | "ignored"}
   */
  take(found) {
    if (this.cases.has(found.id)) {
      this.cases.set(found.id, found);
      return "changed";
    }
    if (!this.wants(found)) {
      return this.fresh.delete(found.id) ? "changed" : "ignored";
    }
    const known = this.fresh.has(found.id);
    this.fresh.set(found.id, found);
    return known ? "changed" : "fresh";
  }

  /**
   * Shows what waited, sorts, and takes out what is no longer wanted or beyond the page: never what is open.
   * @param {string | null} openId
   */
  settle(openId) {
    if (this.live) for (const [id, found] of this.fresh) this.cases.set(id, found);
    if (this.live) this.fresh.clear();
    for (const [id, found] of this.cases) if (id !== openId && !this.wants(found)) this.cases.delete(id);
    const sorted = [...this.cases.values()].sort(this.compare);
    for (const { id } of sorted.slice(PAGE)) if (id !== openId && this.cases.delete(id)) this.dropped += 1;
    this.ids = sorted.map((one) => one.id).filter((id) => this.cases.has(id));
  }
}
