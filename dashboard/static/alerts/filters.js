// @ts-check
// What the list is to show: controls, the address of the page, and the query to the server say the same.

import { byId, el, text } from "../lib/dom.js";
import { compact, words } from "../lib/format.js";

const NAMES = ["level", "kind", "reason", "q", "sort"];
const TYPING_MS = 250;

/** @typedef {import("./types.js").Case} Case */

export class Filters {
  constructor() {
    this.form = byId("filters");
    this.statuses = [...byId("status").querySelectorAll("button")];
    this.status = "open";
    /** @type {() => void} */
    this.changed = () => undefined;
    this.codes = new Set();
    this.#fromAddress();
    this.#listen();
  }

  /** @param {() => void} callback */
  onChange(callback) {
    this.changed = callback;
  }

  /** @param {string} name @returns {string} */
  of(name) {
    return this.form.elements.namedItem(name).value.trim();
  }

  /** Whether anything narrows the list beyond its status. */
  get narrowed() {
    return ["level", "kind", "reason", "q"].some((name) => this.of(name) !== "");
  }

  /** Whether only the server can tell if a case is wanted. */
  get needsServer() {
    return this.of("q") !== "" || this.of("reason") !== "";
  }

  /** @param {Case} found @returns {boolean} whether it is wanted, as far as this page can tell */
  wants(found) {
    if (this.status !== "all" && found.status !== this.status) return false;
    return (
      (!this.of("level") || found.level === this.of("level")) &&
      (!this.of("kind") || found.kind === this.of("kind"))
    );
  }

  /** The query for the server. @param {Record<string, string | number>} [more] @returns {string} */
  query(more = {}) {
    const asked = new URLSearchParams({ status: this.status });
    for (const name of NAMES) if (this.of(name)) asked.set(name, this.of(name));
    for (const [name, value] of Object.entries(more)) asked.set(name, String(value));
    return asked.toString();
  }

  /** Offers the reasons that cases have. @param {Case[]} cases */
  learn(cases) {
    const fresh = cases.flatMap((one) => one.reasons).filter((code) => !this.codes.has(code));
    if (fresh.length) this.#offer(fresh);
  }

  /** @param {Record<string, number>} counts */
  showCounts(counts) {
    for (const button of this.statuses)
      text(button.querySelector("[data-count]"), compact(counts[button.dataset.status ?? ""] ?? 0));
  }

  clear() {
    for (const name of ["level", "kind", "reason", "q"]) this.form.elements.namedItem(name).value = "";
    this.#apply();
  }

  focusSearch() {
    byId("search").focus();
    byId("search").select();
  }

  /** @param {string[]} codes */
  #offer(codes) {
    const select = this.form.elements.namedItem("reason");
    const chosen = select.value;
    codes.forEach((code) => this.codes.add(code));
    const options = [...this.codes].sort().map((code) => el("option", { value: code }, words(code)));
    select.replaceChildren(select.options[0], ...options);
    select.value = chosen;
  }

  #fromAddress() {
    const asked = new URLSearchParams(location.search);
    this.status = asked.get("status") ?? "open";
    if (asked.get("reason")) this.#offer([/** @type {string} */ (asked.get("reason"))]);
    for (const name of NAMES) if (asked.get(name)) this.form.elements.namedItem(name).value = asked.get(name);
    this.#press();
  }

  #listen() {
    /** @type {ReturnType<typeof setTimeout>} */
    let typing;
    this.form.addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
    this.form.addEventListener("input", (/** @type {Event} */ event) => {
      clearTimeout(typing);
      typing = setTimeout(() => this.#apply(), event.target === byId("search") ? TYPING_MS : 0);
    });
    for (const button of this.statuses) {
      button.addEventListener("click", () => {
        this.status = button.dataset.status ?? "open";
        this.#press();
        this.#apply();
      });
    }
  }

  #press() {
    for (const button of this.statuses)
      button.setAttribute("aria-pressed", String(button.dataset.status === this.status));
  }

  #apply() {
    const asked = new URLSearchParams(this.query());
    if (this.status === "open") asked.delete("status");
    if (this.of("sort") === "risk") asked.delete("sort");
    history.replaceState(null, "", `${location.pathname}${asked.size ? `?${asked}` : ""}${location.hash}`);
    this.changed();
  }
}
