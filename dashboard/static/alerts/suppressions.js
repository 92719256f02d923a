// @ts-check
// The dialog that lists what is suppressed, lifts it, and shows the log of all suppressions.

import { ApiError, del, get } from "../lib/api.js";
import { byId, el, icon, replace } from "../lib/dom.js";
import { dateTime, NONE, plural, words } from "../lib/format.js";
import { region, table } from "../lib/table.js";
import { owner, rememberOwner } from "./owner.js";

/**
 * @typedef {{
 *   id: string, scope: "account" | "rule", account: string | null, code: string | null,
 *   owner: string, reason: string, created: string, expires: string,
 *   lifted: string | null, lifted_by: string | null, hidden: number,
 * }} Suppression
 */

export class SuppressionsDialog {
  constructor() {
    this.dialog = byId("suppressions");
    this.place = byId("suppressions-list");
    this.owner = byId("lift-owner");
    byId("open-suppressions").addEventListener("click", () => this.open());
  }

  async open() {
    this.owner.value = owner();
    byId("lift-error").textContent = "";
    replace(this.place, el("span", { class: "skeleton" }));
    this.dialog.showModal();
    await this.#show();
  }

  /** Suppressions have changed. */
  changed() {
    if (this.dialog.open) this.#show();
  }

  async #show() {
    const answer = await get("/api/suppressions", { quiet: true }).catch(() => null);
    if (!answer)
      return replace(
        this.place,
        el("p", { class: "empty" }, icon("warning"), "The suppressions could not be loaded."),
      );
    const { active, log } = answer;
    const reading = this.place.querySelector("details")?.open ?? false;
    replace(
      this.place,
      active.length
        ? el(
            "ul",
            { class: "suppressions" },
            active.map((/** @type {Suppression} */ one) => this.#row(one)),
          )
        : el(
            "p",
            { class: "empty" },
            icon("mute"),
            el("strong", null, "Nothing is suppressed."),
            "An alert’s “Suppress…” hides its account or its rule for a while.",
          ),
      log.length
        ? el(
            "details",
            { class: "chart-table", open: reading },
            el("summary", null, `Log, ${plural(log.length, "suppression")}`),
            region("Log", logTable(log)),
          )
        : null,
    );
  }

  /** @param {Suppression} one */
  #row(one) {
    return el(
      "li",
      { data: { suppression: one.id } },
      el(
        "div",
        null,
        el(
          "p",
          null,
          el("strong", null, target(one)),
          " ",
          el("span", { class: "chip" }, `${plural(one.hidden, "alert")} hidden now`),
        ),
        el("p", { class: "muted" }, `${one.reason} – ${one.owner}, until ${dateTime(one.expires)}`),
      ),
      el(
        "button",
        {
          type: "button",
          class: "button small",
          "aria-label": `Lift the suppression of ${target(one)}`,
          onclick: () => this.#lift(one),
        },
        "Lift",
      ),
    );
  }

  /** @param {Suppression} one */
  async #lift(one) {
    const name = this.owner.value.trim();
    const error = byId("lift-error");
    error.textContent = name ? "" : "Say who lifts it.";
    if (!name) return this.owner.focus();
    try {
      await del(`/api/suppressions/${encodeURIComponent(one.id)}`, { owner: name }, { quiet: true });
      rememberOwner(name);
      await this.#show();
    } catch (failure) {
      if (failure instanceof ApiError) error.textContent = failure.message;
      else throw failure;
    }
  }
}

/** @param {Suppression} one */
const target = (one) => (one.scope === "account" ? `account ${one.account}` : words(one.code));

/** @param {Suppression[]} log */
function logTable(log) {
  return table({
    caption: "All suppressions, UTC",
    head: ["What", "Owner", "Reason", "Made", "Until", "Lifted"],
    rows: log.map((one) => [
      target(one),
      one.owner,
      one.reason,
      dateTime(one.created, { zone: false }),
      dateTime(one.expires, { zone: false }),
      one.lifted ? `${dateTime(one.lifted, { zone: false })}, ${one.lifted_by}` : NONE,
    ]),
  });
}
