// @ts-check
// Tells screen readers, politely and not too often, what came in; and the tab's title, when nobody looks.

import { byId } from "../lib/dom.js";
import { plural } from "../lib/format.js";
import { gathered } from "../lib/frames.js";

const EVERY_MS = 8000;

export class Announcer {
  constructor() {
    this.place = byId("announce");
    this.title = document.title;
    this.critical = 0;
    this.fresh = 0;
    this.unseen = 0;
    this.tell = gathered(EVERY_MS, () => this.#tellFresh());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.unseen = 0;
      document.title = this.title;
    });
  }

  /** Says something now. @param {string} text */
  say(text) {
    this.place.textContent = text;
  }

  /** A case came in that the list did not have. @param {import("./types.js").Case} found */
  came(found) {
    this.fresh += 1;
    if (found.level === "critical") this.critical += 1;
    if (document.hidden) {
      this.unseen += 1;
      document.title = `(${this.unseen}) ${this.title}`;
    }
    this.tell();
  }

  #tellFresh() {
    const critical = this.critical ? `, ${this.critical} critical` : "";
    this.say(`${plural(this.fresh, "new case")}${critical}.`);
    this.fresh = 0;
    this.critical = 0;
  }
}
