// @ts-check
// Talks to the dashboard's server. Failures are told in #notice, in the server's own words.

import { el, icon, replace } from "./dom.js";

/** What the server refused, and the field it is about, if any. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status @param {string | null} field */
  constructor(message, status, field) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

/** @typedef {{signal?: AbortSignal, quiet?: boolean}} Options quiet: the caller shows the error itself */

/** @param {string} path @param {Options} [options] @returns {Promise<any>} */
export const get = (path, options) => request("GET", path, undefined, options);

/** @param {string} path @param {object} body @param {Options} [options] @returns {Promise<any>} */
export const post = (path, body, options) => request("POST", path, body, options);

/** @param {string} path @param {object} body @param {Options} [options] @returns {Promise<any>} */
export const del = (path, body, options) => request("DELETE", path, body, options);

/**
 * @param {string} method @param {string} path @param {object | undefined} body @param {Options} [options]
 * @returns {Promise<any>}
 * @throws {ApiError} when the server refuses or cannot be reached; an aborted request throws the browser's AbortError
 */
async function request(method, path, body, { signal, quiet = false } = {}) {
  try {
    return await send(method, path, body, signal);
  } catch (error) {
    if (!quiet && error instanceof ApiError) notice(error.message);
    throw error;
  }
}

/** @param {string} method @param {string} path @param {object | undefined} body @param {AbortSignal} [signal] */
async function send(method, path, body, signal) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json" };
  if (method !== "GET") Object.assign(headers, { "content-type": "application/json", "x-riskstream": "1" });
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal,
      credentials: "same-origin",
      body: body && JSON.stringify(body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The dashboard's server does not answer. Is `riskstream dashboard` running?", 0, null);
  }
  if (response.status === 401) location.assign("/login");
  const said = await response.json().catch(() => null);
  if (response.ok && said !== null) return said;
  throw new ApiError(
    said?.error ?? `The server answered ${response.status} to ${method} ${path}.`,
    response.status,
    said?.field ?? null,
  );
}

/**
 * Tells something in the bar on top of the page; an error stays until it is closed, the rest goes after 6 s.
 * @param {string} message
 * @param {"error" | "done"} [kind]
 */
export function notice(message, kind = "error") {
  const place = document.getElementById("notice");
  if (!place) return;
  const close = el(
    "button",
    { type: "button", class: "button quiet icon-only", "aria-label": "Close message", onclick: () => clear(line) },
    icon("close"),
  );
  const line = el(
    "div",
    { class: ["notice", `notice-${kind}`] },
    icon(kind === "error" ? "warning" : "check"),
    el("p", null, message),
    close,
  );
  replace(place, line);
  if (kind === "done") setTimeout(() => clear(line), 6000);
}

/** @param {Element} line */
function clear(line) {
  line.remove();
}
