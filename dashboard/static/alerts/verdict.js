// @ts-check
// What the analyst found out: three buttons that publish a label, and what was said last. It can be changed.

import { post } from "../lib/api.js";
import { el, icon, replace } from "../lib/dom.js";
import { DISPOSITIONS } from "./marks.js";

/** @typedef {import("./types.js").Found} Found */
/** @typedef {import("./types.js").Disposition} Disposition */

/** @type {[Disposition, string, string][]} */
const BUTTONS = [
  ["confirmed_fraud", "warning", "f"],
  ["false_positive", "check", "p"],
  ["inconclusive", "question", "i"],
];

export class Verdict {
  /** @param {Found} found @param {{changed: (found: import("./types.js").Case) => void, say: (text: string) => void}} links */
  constructor(found, links) {
    this.found = found;
    this.links = links;
    /** @type {Map<Disposition, HTMLButtonElement>} */
    this.buttons = new Map();
    for (const [disposition, picture, key] of BUTTONS) {
      const button = el(
        "button",
        {
          type: "button",
          class: "button verdict",
          "aria-keyshortcuts": key,
          onclick: () => this.#publish(disposition),
        },
        icon(picture),
        DISPOSITIONS[disposition],
        el("kbd", { "aria-hidden": "true" }, key),
      );
      this.buttons.set(disposition, button);
    }
    this.state = el("p", { class: "verdict-state muted" });
    this.node = el(
      "div",
      { class: "verdict-bar" },
      el("div", { class: "verdict-buttons", role: "group", "aria-label": "What came out" }, [
        ...this.buttons.values(),
      ]),
      this.state,
    );
    this.show(found);
  }

  /** @param {Found} found */
  show(found) {
    this.found = found;
    const said = found.alert.disposition;
    for (const [disposition, button] of this.buttons)
      button.setAttribute("aria-pressed", String(disposition === said));
    replace(
      this.state,
      said
        ? this.#decided(said)
        : "Not decided. A decision is published as a label and used in the next training.",
    );
  }

  /** @param {Disposition} disposition @returns {boolean} */
  focus(disposition) {
    this.buttons.get(disposition)?.focus();
    return true;
  }

  /** @param {Disposition} said */
  #decided(said) {
    const next = this.found.members.find(
      (member) => !member.disposition && member.id !== this.found.alert.id,
    );
    return [
      `${DISPOSITIONS[said]}: published as a label, and can be changed. `,
      next && el("a", { href: `#${encodeURIComponent(next.id)}` }, `Next undecided alert of this account`),
    ];
  }

  /** @param {Disposition} disposition */
  async #publish(disposition) {
    if (this.node.getAttribute("aria-busy") === "true") return;
    this.node.setAttribute("aria-busy", "true");
    replace(this.state, "Publishing the label…");
    const { alert } = this.found;
    try {
      const group = await post(`/api/alerts/${encodeURIComponent(alert.id)}/disposition`, { disposition });
      this.show({ ...this.found, ...group });
      this.links.say(`${DISPOSITIONS[disposition]} published.`);
      if (group.case) this.links.changed(group.case);
    } catch {
      this.show(this.found);
      replace(this.state, el("span", { class: "field-error" }, "The label was not published. Try again."));
    } finally {
      this.node.removeAttribute("aria-busy");
    }
  }
}
