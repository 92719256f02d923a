// @ts-check
// The rows on the page: puts them in order with as few moves as possible, and keeps one of them in the tab order.

import { byId, replace } from "../lib/dom.js";
import { Row } from "./row.js";

/** @typedef {import("./types.js").Case} Case */

const CLOCK_MS = 10000;

export class List {
  constructor() {
    this.node = byId("cases");
    this.scroller = byId("queue-scroll");
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {string | null} */
    this.tabbed = null;
    this.node.addEventListener("focusin", (/** @type {FocusEvent} */ event) => {
      const id = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.id;
      if (id) this.#tab(id);
    });
    setInterval(() => document.hidden || this.rows.forEach((row) => row.tick()), CLOCK_MS);
  }

  /**
   * Shows these cases in this order.
   * @param {Case[]} cases
   * @param {(found: Case) => boolean} wants
   */
  show(cases, wants) {
    const wanted = new Set(cases.map((one) => one.id));
    for (const [id, row] of this.rows) if (!wanted.has(id)) this.#remove(id, row);
    let place = this.node.firstElementChild;
    for (const found of cases) {
      const { node } = this.#row(found, wants);
      if (place && place.nextElementSibling === node) place = node; // the row above moved down: it comes at its turn
      if (place === node) place = node.nextElementSibling;
      else this.node.insertBefore(node, place);
    }
    this.node.setAttribute("aria-busy", "false");
    if (!this.tabbed || !this.rows.has(this.tabbed)) this.#tab(cases[0]?.id ?? null);
  }

  /** Changes the rows of these cases where they stand. @param {Iterable<Case>} cases @param {(found: Case) => boolean} wants */
  refresh(cases, wants) {
    for (const found of cases) this.rows.get(found.id)?.show(found, wants(found));
  }

  empty() {
    this.rows.clear();
    replace(this.node);
  }

  /** Focuses the next or the previous row. @param {1 | -1} step */
  move(step) {
    const links = [...this.node.querySelectorAll(".case-link")];
    const at = links.indexOf(document.activeElement);
    const from = at >= 0 ? at : links.findIndex((link) => link.tabIndex === 0) - (step > 0 ? 1 : 0);
    const next = links[Math.min(links.length - 1, Math.max(0, from + step))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string | null} id @returns {boolean} whether it is there */
  focus(id) {
    const link = (id && this.rows.get(id)?.link) || this.node.querySelector('.case-link[tabindex="0"]');
    link?.focus();
    return Boolean(link);
  }

  /** Marks the case that is open. @param {string | null} id */
  markOpen(id) {
    for (const [key, row] of this.rows) {
      row.node.classList.toggle("is-open", key === id);
      if (key === id) row.link.setAttribute("aria-current", "true");
      else row.link.removeAttribute("aria-current");
    }
    if (id && this.rows.has(id)) this.#tab(id);
  }

  /** @param {Case} found @param {(found: Case) => boolean} wants */
  #row(found, wants) {
    const known = this.rows.get(found.id);
    const row = known ?? new Row(found);
    row.show(found, wants(found));
    if (!known) this.rows.set(found.id, row);
    return row;
  }

  /** @param {string} id @param {Row} row */
  #remove(id, row) {
    const focused = row.node.contains(document.activeElement);
    const next = row.node.nextElementSibling ?? row.node.previousElementSibling;
    row.node.remove();
    this.rows.delete(id);
    if (focused) next?.querySelector(".case-link")?.focus();
  }

  /** @param {string | null} id */
  #tab(id) {
    if (this.tabbed === id) return;
    this.rows.get(this.tabbed ?? "")?.link.setAttribute("tabindex", "-1");
    this.rows.get(id ?? "")?.link.setAttribute("tabindex", "0");
    this.tabbed = id;
  }
}
