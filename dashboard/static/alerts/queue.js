// @ts-check
// The list side: fetches pages of cases, folds in what happens, and never moves what somebody is reading.

import { ApiError, get } from "../lib/api.js";
import { byId, el, icon, replace, text } from "../lib/dom.js";
import { date, number, plural } from "../lib/format.js";
import { gathered } from "../lib/frames.js";
import { List } from "./list.js";
import { Page, PAGE } from "./page.js";

/** @typedef {import("./types.js").Case} Case */
/** @typedef {{cases: Case[], counts: Record<string, number>, range: {from: string, to: string}, next: string | null}} Answer */

const DRAW_MS = 250;
const ASK_MS = 2000;
const POINTING_MS = 1500;

export class Queue {
  /** @param {import("./filters.js").Filters} filters @param {import("./announce.js").Announcer} announcer */
  constructor(filters, announcer) {
    this.filters = filters;
    this.announcer = announcer;
    this.list = new List();
    this.page = this.#pageOf([], true);
    /** @type {string | null} */
    this.openId = null;
    /** @type {string | null} */
    this.next = null;
    this.number = 1;
    this.pointed = -Infinity;
    /** @type {AbortController | null} */
    this.asking = null;
    this.draw = gathered(DRAW_MS, () => this.#draw());
    this.askAgain = gathered(ASK_MS, () => this.renew());
    this.since = "";
    /** What happened while an answer was on its way. @type {Case[]} */
    this.meanwhile = [];
    this.#listen();
  }

  /** Fetches the first page and shows it. */
  async load() {
    this.number = 1;
    const answer = await this.#fetch({});
    if (answer) this.#show(answer);
  }

  /** Fetches the first page anew; while somebody reads, what is new on it waits. */
  async renew() {
    const answer = await this.#fetch({});
    if (!answer) return;
    if (this.number > 1 || this.holding) {
      this.#takeIn(answer.cases);
      this.showCounts(answer.counts);
    } else this.#show(answer);
  }

  /** Takes in cases that changed. @param {Case[]} changed */
  take(changed) {
    if (this.asking) this.meanwhile.push(...changed);
    const known = changed.filter((found) => !this.filters.needsServer || this.page.cases.has(found.id));
    if (known.length < changed.length) this.askAgain();
    this.#takeIn(known);
  }

  /** @param {Case[]} changed */
  #takeIn(changed) {
    const effects = changed.map((found) => ({ found, effect: this.page.take(found) }));
    for (const { found, effect } of effects) if (effect === "fresh") this.announcer.came(found);
    if (effects.some(({ effect }) => effect !== "ignored")) this.draw();
  }

  /** Marks the case whose alert is open; it stays in the list until another one is. @param {string | null} id @param {Case} [found] */
  markOpen(id, found) {
    this.openId = id;
    if (found && this.page.cases.has(found.id)) this.page.cases.set(found.id, found);
    this.list.markOpen(id);
    this.draw();
  }

  focusOpen() {
    this.list.focus(this.openId);
  }

  /** Whether the list must stand still, since somebody reads or points at it. */
  get holding() {
    const { scroller, node } = this.list;
    const scrolled = scroller.scrollTop > 8 || scrollY > 8;
    return scrolled || node.contains(document.activeElement) || performance.now() - this.pointed < POINTING_MS;
  }

  /** @param {Record<string, string | number>} more @returns {Promise<Answer | null>} nothing if it failed or was overtaken */
  async #fetch(more) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      return await get(`/api/alerts?${this.filters.query({ limit: PAGE, ...more })}`, {
        signal: asking.signal,
        quiet: true,
      });
    } catch (error) {
      const overtaken = !(error instanceof ApiError);
      if (!overtaken && !this.list.rows.size)
        this.#showEmpty("warning", "The queue could not be loaded.", error.message);
      return null;
    } finally {
      if (this.asking === asking) this.asking = null;
    }
  }

  /** @param {Answer} answer */
  #show({ cases, counts, range: span, next }) {
    this.page = this.#pageOf(cases, this.number === 1);
    this.next = next;
    this.take(this.meanwhile.splice(0));
    this.filters.learn(cases);
    this.list.show(cases, this.page.wants);
    this.list.markOpen(this.openId);
    this.since = date(span.from);
    this.showCounts(counts);
    this.#showRest();
  }

  #draw() {
    if (this.holding || !this.page.live) {
      this.list.refresh(this.page.cases.values(), this.page.wants);
    } else {
      this.page.settle(this.openId);
      const cases = this.page.ids.map((id) => /** @type {Case} */ (this.page.cases.get(id)));
      this.filters.learn(cases);
      this.list.show(cases, this.page.wants);
      this.list.markOpen(this.openId);
      if (cases.length < PAGE / 2 && (this.next || this.page.dropped)) this.askAgain();
    }
    this.#showRest();
  }

  #settleNow() {
    if (this.number !== 1 || this.filters.needsServer) {
      this.load();
    } else {
      this.page.settle(this.openId);
      this.list.show(
        this.page.ids.map((id) => /** @type {Case} */ (this.page.cases.get(id))),
        this.page.wants,
      );
      this.list.markOpen(this.openId);
      this.#showRest();
    }
    this.list.scroller.scrollTo({ top: 0 });
    scrollTo({ top: 0 });
  }

  #showRest() {
    const waiting = this.page.fresh.size;
    const bar = byId("new-bar");
    bar.hidden = waiting === 0;
    if (waiting) text(bar, `Show ${plural(waiting, "new case")}`);
    const more = this.next !== null || this.page.dropped > 0;
    byId("pager").hidden = !more && this.number === 1;
    byId("page-next").disabled = !more;
    byId("page-first").disabled = this.number === 1;
    text(byId("page-place"), `page ${this.number}, ${PAGE} a page`);
    if (this.list.rows.size) byId("queue-empty").hidden = true;
    else this.#showNothing();
  }

  #showNothing() {
    if (this.filters.narrowed) {
      const clear = el(
        "button",
        { type: "button", class: "button small", onclick: () => this.filters.clear() },
        "Clear filters",
      );
      this.#showEmpty("search", "No case fits these filters.", "", clear);
    } else if (this.filters.status === "open") {
      this.#showEmpty("check", "Nothing to decide.", "New alerts appear here by themselves, riskiest first.");
    } else {
      this.#showEmpty("inbox", "No such cases yet.", "Decided and suppressed cases are listed here.");
    }
  }

  /** @param {string} picture @param {string} title @param {string} more @param {Element} [button] */
  #showEmpty(picture, title, more, button) {
    const place = byId("queue-empty");
    this.list.node.setAttribute("aria-busy", "false");
    place.hidden = false;
    replace(place, icon(picture), el("strong", null, title), more && el("p", null, more), button);
  }

  /** @param {Record<string, number>} counts */
  showCounts(counts) {
    this.filters.showCounts(counts);
    const parts = [
      `${number(counts.critical)} critical`,
      `${number(counts.high)} high`,
      plural(counts.random_check, "random check"),
    ];
    text(byId("counts"), `${parts.join(", ")} open · since ${this.since}`);
  }

  /** @param {Case[]} cases @param {boolean} live */
  #pageOf(cases, live) {
    const { filters } = this;
    return new Page(cases, { sort: filters.of("sort"), wants: (found) => filters.wants(found), live });
  }

  #listen() {
    const { scroller } = this.list;
    const released = () => this.page.fresh.size && !this.holding && this.draw();
    scroller.addEventListener("pointermove", () => (this.pointed = performance.now()), { passive: true });
    scroller.addEventListener("scroll", released, { passive: true });
    this.list.node.addEventListener("focusout", () => setTimeout(released));
    setInterval(released, POINTING_MS);
    byId("new-bar").addEventListener("click", () => {
      this.#settleNow();
      this.list.move(-1);
    });
    byId("page-first").addEventListener("click", () => this.load().then(() => scroller.scrollTo({ top: 0 })));
    byId("page-next").addEventListener("click", () => this.#turn());
  }

  async #turn() {
    // Cases may have been cut off the first page since it was fetched, so its cursor is renewed before it is used.
    if (this.number === 1 && this.page.dropped) await this.load();
    const answer = this.next && (await this.#fetch({ after: this.next }));
    if (!answer) return;
    this.number += 1;
    this.#show(answer);
    this.list.scroller.scrollTo({ top: 0 });
    scrollTo({ top: 0 });
    this.list.focus(this.page.ids[0] ?? null);
  }
}
