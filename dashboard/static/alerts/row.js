// @ts-check
// One row of the queue. It is made once, and changed only where its case has.

import { el, icon, replace, text } from "../lib/dom.js";
import { ago, dateTime, money, plural, score } from "../lib/format.js";
import { checkBadge, levelBadge } from "./marks.js";

/** @typedef {import("./types.js").Case} Case */

export class Row {
  /** @param {Case} found */
  constructor(found) {
    this.badges = el("span", { class: "case-badges" });
    this.score = el("span", { class: "case-score num" });
    this.when = el("time", { class: "case-when muted num" });
    this.sentence = el("span", { class: "case-sentence" });
    this.account = el("span", { class: "mono" });
    this.rest = el("span");
    this.link = el(
      "a",
      { class: "case-link", tabindex: "-1" },
      el("span", { class: "case-line" }, this.score, this.badges, this.when),
      this.sentence,
      el(
        "span",
        { class: "case-facts muted" },
        el("span", { class: "sr-only" }, "account "),
        this.account,
        this.rest,
      ),
    );
    this.node = el("li", { class: "case", data: { id: found.id } }, this.link);
    /** @type {Case | null} */
    this.shown = null;
    this.show(found, true);
  }

  /** @param {Case} found @param {boolean} wanted whether the filters still want it */
  show(found, wanted) {
    this.node.classList.toggle("is-leaving", !wanted);
    if (this.shown === found) return;
    this.shown = found;
    this.node.dataset.level = found.kind === "random_check" ? "check" : found.level;
    this.link.setAttribute("href", `#${encodeURIComponent(found.lead)}`);
    text(this.score, score(found.score));
    text(this.sentence, found.sentence);
    text(this.account, found.account);
    replace(
      this.rest,
      ` · ${money(found.amount, found.currency)} · `,
      el("bdi", null, found.merchant),
      found.place && [" · ", el("bdi", null, found.place)],
    );
    replace(this.badges, badges(found));
    this.when.setAttribute("datetime", found.arrived);
    this.when.title = `arrived ${dateTime(found.arrived, { seconds: true })}`;
    this.tick();
  }

  /** Renews "3 min ago". */
  tick() {
    if (this.shown) text(this.when, ago(this.shown.arrived));
  }
}

/** @param {Case} found */
function badges(found) {
  return [
    levelBadge(found.level),
    found.kind === "random_check" && checkBadge(),
    found.escalated && el("span", { class: "badge outline" }, icon("up"), "escalation"),
    found.alerts > 1 && el("span", { class: "chip" }, plural(found.alerts, "alert")),
    found.status === "done" && el("span", { class: "chip" }, "done"),
    found.status === "suppressed" && el("span", { class: "chip" }, "suppressed"),
  ];
}
