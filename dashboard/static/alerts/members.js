// @ts-check
// The alerts of the account that belong to the open case, newest first; nothing is hidden in the group.

import { el, icon } from "../lib/dom.js";
import { dateTime, money, plural, score } from "../lib/format.js";
import { dispositionBadge, levelBadge } from "./marks.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {import("./types.js").Member} Member */

const STATUS = { new: "alert", escalation: "escalation", random_check: "random check" };

/** @param {Found} found @returns {Element | null} nothing for a single alert */
export function members({ case: group, alert, members: shown }) {
  if (group.alerts < 2) return null;
  const left = shown.length < group.alerts ? `, the ${shown.length} most urgent shown` : "";
  return el(
    "section",
    { class: "panel", "aria-labelledby": "members-title" },
    el(
      "header",
      { class: "panel-head" },
      el("h3", { id: "members-title" }, "Alerts of this account"),
      el("p", { class: "panel-meta" }, `${plural(group.alerts, "alert")}, ${group.open} undecided${left}`),
    ),
    el(
      "ol",
      { class: "members panel-body" },
      shown.map((member) => row(member, member.id === alert.id)),
    ),
  );
}

/** @param {Member} member @param {boolean} here */
function row(member, here) {
  return el(
    "li",
    { data: { member: member.id } },
    el(
      "a",
      { href: `#${encodeURIComponent(member.id)}`, class: "member", "aria-current": here ? "true" : null },
      el("time", { class: "muted num", datetime: member.time }, dateTime(member.time)),
      el("span", { class: "num" }, score(member.score)),
      levelBadge(member.level),
      member.status === "new"
        ? null
        : el(
            "span",
            { class: "badge outline" },
            icon(member.status === "escalation" ? "up" : "dice"),
            STATUS[member.status],
          ),
      el("span", { class: "num" }, money(member.amount, member.currency)),
      el("span", { class: "member-said" }, member.sentence),
      dispositionBadge(member.disposition),
    ),
  );
}
