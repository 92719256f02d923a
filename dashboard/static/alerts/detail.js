// @ts-check
// The detail side: which alert is open (the page's address says so), where the focus goes, and what is fetched.

import { ApiError, get } from "../lib/api.js";
import { byId, el, replace } from "../lib/dom.js";
import { gathered } from "../lib/frames.js";
import { accountChart } from "./account.js";
import { detectors } from "./detectors.js";
import { fields } from "./fields.js";
import { header } from "./header.js";
import { lime } from "./lime.js";
import { members } from "./members.js";
import { merchant } from "./merchant.js";
import { failure, nothing, waiting } from "./placeholders.js";
import { reasons } from "./reasons.js";
import { similar } from "./similar.js";
import { Verdict } from "./verdict.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {import("./types.js").Case} Case */
/**
 * @typedef {object} Links
 * @property {(id: string | null, found?: Case) => void} opened
 * @property {() => void} closed
 * @property {(found: Case) => void} changed
 * @property {(found: Found) => void} suppress
 * @property {(text: string) => void} say
 */

const PATIENCE_MS = 150;
const GROUP_MS = 1000;

/** @returns {string | null} the alert that the page's address names */
function named() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return location.hash.slice(1); // no well-formed escape: the server says that there is no such alert
  }
}

export class Detail {
  /** @param {Links} links */
  constructor(links) {
    this.links = links;
    this.node = byId("detail");
    /** @type {string | null} */
    this.id = null;
    /** @type {Found | null} */
    this.found = null;
    /** @type {AbortController | null} */
    this.asking = null;
    /** @type {Verdict | null} */
    this.verdict = null;
    /** @type {{dispose: () => void} | null} */
    this.accountChart = null;
    this.askForGroup = gathered(GROUP_MS, () => this.#renewGroup());
    this.#showNothing();
  }

  /** Opens what the page's address names, now and whenever it changes. */
  follow() {
    const look = () => this.#open(named());
    addEventListener("hashchange", look);
    document.addEventListener("click", (event) => {
      const link = /** @type {Element} */ (event.target).closest?.('#queue-page a[href^="#"]');
      if (link && link.getAttribute("href") === location.hash) look(); // opened already: the focus still goes there
    });
    look();
  }

  close() {
    history.pushState(null, "", location.pathname + location.search);
    this.#open(null);
    this.links.closed();
  }

  /** Fetches what may have changed meanwhile; what is being read stays where it is. */
  async reload() {
    const { id } = this;
    if (!id) return;
    if (!this.found) return this.asking ? undefined : this.#fetch(id);
    const now = await get(`/api/alerts/${encodeURIComponent(id)}`, { quiet: true }).catch(() => null);
    if (!now || id !== this.id || !this.found) return;
    this.#takeGroup(now);
    if (!this.found.explanation && now.explanation) this.#explain(now.explanation);
  }

  /** A case changed: if it is the open one, its head and its alerts are shown anew. @param {Case} changed */
  take(changed) {
    if (this.found?.case.id === changed.id) this.askForGroup();
  }

  async #renewGroup() {
    const { id } = this;
    if (!id || !this.found) return;
    const group = await get(`/api/alerts/${encodeURIComponent(id)}/group`, { quiet: true }).catch(() => null);
    if (group && id === this.id) this.#takeGroup(group);
  }

  /** @param {import("./types.js").Group} now */
  #takeGroup({ case: found, alert, members: others }) {
    if (!this.found) return;
    this.found = { ...this.found, case: found, alert, members: others };
    this.verdict?.show(this.found);
    this.#fill("members", members(this.found));
  }

  /** An explanation has come. @param {string} id */
  async explained(id) {
    if (id !== this.id || !this.found) return;
    const found = await get(`/api/alerts/${encodeURIComponent(id)}`, { quiet: true }).catch(() => null);
    if (!found || id !== this.id || !this.found) return;
    this.#explain(found.explanation);
  }

  /** @param {import("./types.js").Disposition} disposition @returns {boolean} */
  focusVerdict(disposition) {
    return this.verdict?.focus(disposition) ?? false;
  }

  /** @param {string | null} id */
  #open(id) {
    const again = id === this.id;
    this.id = id;
    document.body.classList.toggle("has-detail", id !== null);
    if (!id) return this.#leave();
    if (again && this.found) return this.#focusHeading();
    this.#fetch(id);
  }

  /** @param {string} id */
  async #fetch(id) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const patience = setTimeout(() => this.#showWaiting(), PATIENCE_MS);
    try {
      const found = await get(`/api/alerts/${encodeURIComponent(id)}`, { signal: asking.signal, quiet: true });
      clearTimeout(patience);
      this.#show(found);
      this.#focusHeading();
    } catch (error) {
      clearTimeout(patience);
      if (error instanceof ApiError) this.#showFailure(error.message);
      else if (!asking.signal.aborted) throw error;
    } finally {
      if (this.asking === asking) this.asking = null;
    }
  }

  #leave() {
    this.asking?.abort();
    this.#showNothing();
  }

  /** @param {import("./types.js").Explanation} explanation */
  #explain(explanation) {
    if (!this.found) return;
    this.found = { ...this.found, explanation };
    this.#fillLime(this.found);
    this.#fill("detectors", detectors(this.found));
  }

  /** @param {Found} found */
  #show(found) {
    this.#clear();
    this.found = found;
    this.verdict = new Verdict(found, this.links);
    replace(
      this.node,
      header(found, {
        verdict: this.verdict.node,
        close: () => this.close(),
        suppress: () => this.links.suppress(/** @type {Found} */ (this.found)),
      }),
      el(
        "div",
        { class: "detail-grid" },
        el("div", { class: "detail-part whole", data: { part: "members" } }, members(found)),
        el(
          "div",
          { class: "detail-column" },
          reasons(found),
          el("div", { class: "detail-part", data: { part: "lime" } }),
          similar(found),
        ),
        el(
          "div",
          { class: "detail-column" },
          el("div", { class: "detail-part", data: { part: "detectors" } }, detectors(found)),
          el("div", { class: "detail-part", data: { part: "account" } }),
          merchant(found),
        ),
        fields(found),
      ),
    );
    this.#fillLime(found);
    this.#fillAccount(found);
    if (!found.history_whole) this.#lookFurther(found);
    this.node.removeAttribute("aria-busy");
    this.node.setAttribute("aria-labelledby", "detail-title");
    this.node.scrollTo({ top: 0 });
    scrollTo({ top: 0 }); // where it is narrow, the page scrolls rather than its parts
    this.links.opened(found.case.id, found.case);
  }

  /** @param {Found} found */
  #fillLime(found) {
    this.limeChart?.dispose();
    const { node, chart } = lime(found);
    this.#fill("lime", node);
    this.limeChart = chart;
  }

  /** @param {Found} found */
  #fillAccount(found) {
    this.accountChart?.dispose();
    const { node, chart } = accountChart(found);
    this.#fill("account", node);
    this.accountChart = chart;
  }

  /** The archive takes a moment, and nobody waits for it to read the rest. @param {Found} found */
  async #lookFurther({ alert: { id } }) {
    const more = await get(`/api/alerts/${encodeURIComponent(id)}/history`, { quiet: true }).catch(() => ({
      history_whole: true,
    }));
    if (id !== this.id || !this.found) return;
    this.found = { ...this.found, ...more };
    this.#fillAccount(this.found);
  }

  /** @param {string} part @param {Element | null} node */
  #fill(part, node) {
    const place = this.node.querySelector(`[data-part="${part}"]`);
    if (place) replace(place, node);
  }

  #focusHeading() {
    /** @type {HTMLElement | null} */ (this.node.querySelector("#detail-title"))?.focus({ preventScroll: true });
  }

  #clear() {
    this.limeChart?.dispose();
    this.limeChart = null;
    this.accountChart?.dispose();
    this.accountChart = null;
    this.verdict = null;
    this.found = null;
    this.node.removeAttribute("aria-labelledby");
  }

  #showNothing() {
    this.#clear();
    this.links.opened(null);
    replace(this.node, nothing());
  }

  #showWaiting() {
    this.#clear();
    this.node.setAttribute("aria-busy", "true");
    replace(this.node, waiting());
  }

  /** @param {string} message */
  #showFailure(message) {
    this.#clear();
    this.node.removeAttribute("aria-busy");
    replace(
      this.node,
      failure(message, () => this.close()),
    );
  }
}
