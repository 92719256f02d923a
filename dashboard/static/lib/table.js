// @ts-check
// Tables of data: headings, rows that begin with their header, the region that a wide one scrolls in, and a fold.

import { el, replace } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A column. One without a heading only pictures or explains what stands beside it.
 * @typedef {object} Column
 * @property {string} [heading]
 * @property {string} [kind] class of its heading and its cells
 * @property {string} [cells] class of its cells where their heading has none
 */

/**
 * @typedef {object} Table
 * @property {string} [caption] none where the region around it says what it shows
 * @property {(string | Column)[]} head
 * @property {(Child | Child[])[][]} rows each begins with its header
 * @property {"caption" | "head"} [unseen] what is there for screen readers alone
 * @property {string} [kind] a class beside "table"
 * @property {string} [id]
 */

/** @param {Table} told @returns {HTMLTableElement} */
export function table({ caption, head, rows, unseen, kind, id }) {
  const columns = head.map((one) => (typeof one === "string" ? { heading: one } : one));
  return el(
    "table",
    { class: ["table", kind], id },
    caption && el("caption", { class: unseen === "caption" && "sr-only" }, caption),
    el("thead", { class: unseen === "head" && "sr-only" }, el("tr", null, columns.map(headingOf))),
    el(
      "tbody",
      null,
      rows.map((cells) =>
        el(
          "tr",
          null,
          cells.map((cell, at) => cellOf(cell, columns[at], at === 0)),
        ),
      ),
    ),
  );
}

/** Columns of figures, which stand on the right. @param {...string} headings @returns {Column[]} */
export function figures(...headings) {
  return headings.map((heading) => ({ heading, kind: "num" }));
}

/** What scrolls sideways by itself, by keyboard too. @param {string} label @param {...Child} content */
export function region(label, ...content) {
  return el("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": label }, ...content);
}

/**
 * A table behind a fold, made anew whenever that is opened.
 * @param {string} summary
 * @param {string} label of its region
 * @param {() => Table | undefined} tell
 */
export function folded(summary, label, tell) {
  const place = region(label);
  const details = el("details", { class: "chart-table" }, el("summary", null, summary), place);
  details.addEventListener("toggle", () => {
    const told = details.open && tell();
    replace(place, told && table(told));
  });
  return details;
}

/** @param {Column} column */
function headingOf({ heading, kind }) {
  return heading ? el("th", { scope: "col", class: kind }, heading) : el("td", { class: kind });
}

/** @param {Child | Child[]} cell @param {Column} column @param {boolean} first */
function cellOf(cell, { kind, cells = kind }, first) {
  return first ? el("th", { scope: "row", class: cells }, cell) : el("td", { class: cells }, cell);
}
