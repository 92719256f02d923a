// @ts-check
// Past alerts with the same reasons, and what came out of them.

import { el } from "../lib/dom.js";
import { dateTime, money, score, words } from "../lib/format.js";
import { dispositionBadge, levelBadge } from "./marks.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {import("./types.js").Similar} Similar */

/** @param {Found} found */
export function similar({ similar: given }) {
  return el(
    "section",
    { class: "panel detail-part", "aria-labelledby": "similar-title" },
    el(
      "header",
      { class: "panel-head" },
      el("h3", { id: "similar-title" }, "Similar past alerts"),
      el("p", { class: "panel-meta" }, "by shared reasons"),
    ),
    given.length
      ? el("ul", { class: "similar panel-body" }, given.map(row))
      : el("p", { class: "empty" }, "No earlier alert shares a reason with this one."),
  );
}

/** @param {Similar} one */
function row(one) {
  return el(
    "li",
    null,
    el(
      "p",
      { class: "similar-line" },
      el("a", { href: `#${encodeURIComponent(one.id)}`, class: "num" }, money(one.amount, one.currency)),
      el("span", { class: "num" }, score(one.score)),
      levelBadge(one.level),
      dispositionBadge(one.disposition) ?? el("span", { class: "badge outline" }, "undecided"),
      el("time", { class: "muted num", datetime: one.time }, dateTime(one.time)),
    ),
    el("p", { class: "muted" }, one.sentence),
    el(
      "p",
      { class: "chips" },
      one.shared.map((code) => el("span", { class: "chip" }, words(code))),
    ),
  );
}
