// @ts-check
// The head of an alert: what was paid, how risky it is and what is recommended; the buttons that act on it.

import { post } from "../lib/api.js";
import { el, icon, replace } from "../lib/dom.js";
import { ago, dateTime, money, score } from "../lib/format.js";
import { actionWords, CHECK_WORDS, checkBadge, levelBadge, scoreWords } from "./marks.js";

/** @typedef {import("./types.js").Found} Found */

/**
 * @param {Found} found
 * @param {{verdict: Element, close: () => void, suppress: () => void}} parts
 */
export function header(found, { verdict, close, suppress }) {
  const { alert, assessment, case: group } = found;
  const check = alert.status === "random_check";
  return el(
    "header",
    { class: "detail-head" },
    el(
      "button",
      { type: "button", class: "button quiet small detail-back", onclick: close },
      icon("back"),
      "Cases",
    ),
    el(
      "div",
      { class: "detail-top" },
      el(
        "div",
        { class: "detail-what" },
        el(
          "h2",
          { id: "detail-title", tabindex: "-1" },
          money(alert.amount, alert.currency),
          el("span", { class: "muted" }, " to "),
          el("bdi", null, alert.merchant),
        ),
        el(
          "p",
          { class: "muted num" },
          placeOf(assessment),
          `paid ${dateTime(alert.time, { seconds: true })} · arrived ${ago(alert.arrived)}`,
        ),
        el("p", { class: "detail-account" }, "Account ", accountOf(found)),
      ),
      el(
        "div",
        { class: "detail-score" },
        el("p", { class: "score-value num" }, score(alert.score)),
        el("p", { class: "muted" }, scoreWords(assessment.score_kind)),
        el(
          "p",
          { class: "detail-badges" },
          levelBadge(alert.level),
          check && checkBadge(),
          alert.status === "escalation" && el("span", { class: "badge outline" }, icon("up"), "escalation"),
        ),
        el(
          "p",
          null,
          el("span", { class: "muted" }, "recommended: "),
          el("strong", null, actionWords(assessment.recommended_action)),
        ),
      ),
    ),
    check && el("p", { class: "remark calm" }, icon("dice"), el("span", null, CHECK_WORDS)),
    notes(found),
    el(
      "div",
      { class: "detail-actions" },
      verdict,
      group.kind === "alert" &&
        el("button", { type: "button", class: "button quiet push", onclick: suppress }, icon("mute"), "Suppress…"),
    ),
  );
}

/** @param {Record<string, any>} assessment */
function placeOf({ location, country }) {
  const place = [location, country].filter(Boolean).join(", ");
  return place && [el("bdi", null, place), " · "];
}

/** @param {Found} found */
function notes({ assessment, case: group }) {
  const lines = [];
  if (group.suppression) {
    const { owner, reason, expires } = group.suppression;
    lines.push(`Suppressed by ${owner} until ${dateTime(expires)}: ${reason}`);
  }
  if (assessment.provisional)
    lines.push("The bundle’s thresholds are provisional: they rest on fewer than 1,000 reference payments.");
  if (assessment.degraded.length)
    lines.push(`Assessed without ${assessment.degraded.join(" and ")}: what depends on it was left out.`);
  if (assessment.late) lines.push("This payment arrived after a younger one of its account.");
  return lines.map((line) => el("p", { class: "remark" }, icon("warning"), el("span", null, line)));
}

/** The account, masked, and a button that shows it; the server logs that it was shown. @param {Found} found */
function accountOf(found) {
  const shown = el("b", { class: "mono", "aria-live": "polite" }, found.case.account);
  const button = el(
    "button",
    { type: "button", class: "button quiet small", onclick: reveal },
    icon("eye"),
    "Reveal account",
  );
  async function reveal() {
    button.disabled = true;
    const answer = await post(`/api/alerts/${encodeURIComponent(found.alert.id)}/reveal`, {}).catch(() => null);
    button.disabled = false;
    if (!answer) return;
    shown.textContent = answer.account_id;
    replace(button, icon("eye"), "Hide account");
    button.removeEventListener("click", reveal);
    button.addEventListener("click", hide);
  }
  function hide() {
    shown.textContent = found.case.account;
    replace(button, icon("eye"), "Reveal account");
    button.removeEventListener("click", hide);
    button.addEventListener("click", reveal);
  }
  return el("span", { class: "account-shown" }, shown, button);
}
