// @ts-check
// What every page has: the mark of the page one is on, the way past the navigation, and the switch of the theme.

import { byId } from "./dom.js";
import { onTheme, theme, toggleTheme } from "./theme.js";

const here = document.body.dataset.page;
for (const link of document.querySelectorAll(".site-nav a")) {
  if (/** @type {HTMLElement} */ (link).dataset.page === here) link.setAttribute("aria-current", "page");
}

document.querySelector(".skip-link")?.addEventListener("click", (event) => {
  event.preventDefault(); // the address may name what is open
  byId("main").focus();
});

const button = byId("theme-switch");
button.addEventListener("click", toggleTheme);
onTheme(showSwitch);
showSwitch();

function showSwitch() {
  const other = theme() === "dark" ? "light" : "dark";
  button.setAttribute("aria-label", `Switch to ${other} theme`);
  button.title = `Switch to ${other} theme`;
  button.querySelector("use").setAttribute("href", `/static/icons.svg#${other === "dark" ? "moon" : "sun"}`);
}
