// @ts-check
// The name that an analyst signs suppressions with, remembered in this browser.

const KEY = "riskstream-owner";

/** @returns {string} */
export function owner() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} name */
export function rememberOwner(name) {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // A browser that forbids storage asks again next time.
  }
}
