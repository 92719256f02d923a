// @ts-check
// Builds elements. The only place that makes DOM from data: text becomes text nodes, never markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "open", "indeterminate"]);

/**
 * An element. Attributes that are null, undefined or false are left out, true is an empty attribute; `onclick` and the
 * like take functions; `class` may be a list; `data` is an object of data attributes; `css` one of custom properties.
 * @param {string} tag
 * @param {Record<string, any> | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {any} the element (any: callers know which one they asked for)
 */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) set(node, name, value);
  node.append(...nodes(children));
  return node;
}

/**
 * Puts these children in the place of what a node holds.
 * @param {Element} node
 * @param {...(Child | Child[])} children
 */
export function replace(node, ...children) {
  node.replaceChildren(...nodes(children));
}

/**
 * Sets a node's text if it differs, so that nothing is laid out anew for nothing.
 * @param {Element | null} node
 * @param {string | number} value
 */
export function text(node, value) {
  if (node && node.textContent !== String(value)) node.textContent = String(value);
}

/**
 * A picture of icons.svg; decorative unless it gets a label.
 * @param {string} name
 * @param {string} [label]
 * @returns {SVGElement}
 */
export function icon(name, label) {
  const picture = svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": label ? null : "true" });
  if (label) {
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", label);
  }
  picture.append(svg("use", { href: `/static/icons.svg#${name}` }));
  return picture;
}

/**
 * @param {string} tag
 * @param {Record<string, string | number | null>} attributes
 * @param {...Element} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== null) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * The element with this id; a page without it is broken, so this says which.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no element #${id}`);
  return node;
}

/** @param {HTMLElement} node @param {string} name @param {any} value */
function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function" && name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "class") node.className = Array.isArray(value) ? value.filter(Boolean).join(" ") : value;
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name === "css")
    for (const [key, one] of Object.entries(value)) node.style.setProperty(key, String(one));
  else if (PROPERTIES.has(name)) /** @type {any} */ (node)[name] = value;
  else if (name === "href" && !/^(\/(?!\/)|#|\?)/.test(String(value)))
    throw new Error(`a link out of the site: ${value}`);
  else if (name === "style" || name.startsWith("on")) throw new Error(`${name} is not set from here`);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** @param {any[]} children @returns {(Node | string)[]} */
function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}
