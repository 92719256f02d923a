// @ts-check
// What stands in the place of an alert: nothing chosen, not there yet, not to be had.

import { el, icon } from "../lib/dom.js";

export function nothing() {
  const key = (/** @type {string} */ name) => el("kbd", null, name);
  const keys = [
    key("j"),
    " and ",
    key("k"),
    " go through the list, ",
    key("Enter"),
    " opens, ",
    key("?"),
    " lists all shortcuts.",
  ];
  return el(
    "div",
    { class: "empty tall" },
    icon("alerts"),
    el("strong", null, "Choose a case to see why it was raised."),
    el("p", null, keys),
  );
}

export function waiting() {
  const bars = ["title", "line", "block", "block"].map((size) => el("span", { class: ["skeleton", size] }));
  return el(
    "div",
    { class: "detail-waiting", role: "status" },
    el("span", { class: "sr-only" }, "Loading the alert"),
    bars,
  );
}

/** @param {string} message @param {() => void} leave */
export function failure(message, leave) {
  const back = el("button", { type: "button", class: "button small", onclick: leave }, "Back to the list");
  const title = el("strong", null, "This alert cannot be shown.");
  return el("div", { class: "empty tall", role: "alert" }, icon("warning"), title, el("p", null, message), back);
}
