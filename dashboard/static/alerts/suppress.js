// @ts-check
// The dialog that hides alerts of an account or a rule for a while: who, why, until when.

import { ApiError, notice, post } from "../lib/api.js";
import { byId, el } from "../lib/dom.js";
import { dateTime, words } from "../lib/format.js";
import { owner, rememberOwner } from "./owner.js";

/** @typedef {import("./types.js").Found} Found */

const HOUR_MS = 3600 * 1000;
const USUAL_HOURS = 24;

export class SuppressDialog {
  /** @param {(text: string) => void} say */
  constructor(say) {
    this.say = say;
    this.dialog = byId("suppress");
    this.form = byId("suppress-form");
    /** @type {Found | null} */
    this.found = null;
    this.#listen();
  }

  /** @param {Found} found */
  open(found) {
    this.found = found;
    this.form.reset();
    this.#refuse(null, "");
    this.dialog.querySelector("[data-account]").textContent = found.case.account;
    this.#field("code").replaceChildren(
      ...found.assessment.reasons.map(({ code }) => el("option", { value: code }, words(code))),
    );
    this.#field("owner").value = owner();
    this.#until(USUAL_HOURS);
    this.#scope();
    this.dialog.showModal();
    this.#field(owner() ? "reason" : "owner").focus();
  }

  /** @param {string} name */
  #field(name) {
    return this.form.elements.namedItem(name);
  }

  #listen() {
    this.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#send();
    });
    this.form.addEventListener("change", () => this.#scope());
    this.form.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
    for (const button of this.form.querySelectorAll("[data-hours]"))
      button.addEventListener("click", () => this.#until(Number(button.dataset.hours)));
  }

  #scope() {
    this.#field("code").disabled = this.#field("scope").value !== "rule";
  }

  /** @param {number} hours */
  #until(hours) {
    this.#field("expires").value = new Date(Date.now() + hours * HOUR_MS).toISOString().slice(0, 16);
  }

  async #send() {
    if (!this.found || !this.#valid()) return;
    const rule = this.#field("scope").value === "rule";
    const target = rule
      ? { scope: "rule", code: this.#field("code").value }
      : { scope: "account", alert: this.found.alert.id };
    const body = {
      ...target,
      owner: this.#field("owner").value.trim(),
      reason: this.#field("reason").value.trim(),
      expires: `${this.#field("expires").value}:00Z`,
    };
    try {
      const made = await post("/api/suppressions", body, { quiet: true });
      rememberOwner(body.owner);
      this.dialog.close();
      notice(`Suppressed until ${dateTime(made.expires)}; it can be lifted under Suppressions.`, "done");
      this.say("Suppressed.");
    } catch (error) {
      if (error instanceof ApiError) this.#refuse(error.field, error.message);
      else throw error;
    }
  }

  /** @returns {boolean} */
  #valid() {
    this.#refuse(null, "");
    const missing = [
      ["owner", "Say who answers for this."],
      ["reason", "Say why, for those who come after."],
      ["expires", "Say until when."],
    ].find(([name]) => !this.#field(name).value.trim());
    if (missing) this.#refuse(missing[0], missing[1]);
    else if (Date.parse(`${this.#field("expires").value}:00Z`) <= Date.now())
      this.#refuse("expires", "This time is over; choose one to come.");
    else return true;
    return false;
  }

  /** Shows an error at its field, or at the foot of the form. @param {string | null} field @param {string} message */
  #refuse(field, message) {
    for (const place of this.form.querySelectorAll("[data-error]")) place.textContent = "";
    for (const input of this.form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    if (!message) return;
    const input = field ? this.#field(field) : null;
    const place =
      this.form.querySelector(`[data-error="${input && "name" in input ? input.name : ""}"]`) ??
      this.form.querySelector('[data-error=""]');
    place.textContent = message;
    if (input instanceof HTMLElement) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
    }
  }
}
