// What the page's scripts build their elements with.

/** What the server put into the page for this load. */
export const boot = JSON.parse(document.getElementById('boot').textContent);

/** A class name that says nothing and is another one at every load, as a bundler's are at every release. */
const names = new Map();
export function hashed(name) {
  if (!names.has(name)) names.set(name, `x${Math.random().toString(36).slice(2, 8)}`);
  return names.get(name);
}

/** @param {string} tag @param {Record<string, unknown>} attributes `text` is its text, `on…` its listeners, `part` a name for its class */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'text') made.textContent = value;
    else if (name === 'part') made.className = hashed(value);
    else if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (typeof value === 'boolean') made.toggleAttribute(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** An element of its own with an open shadow root around what it holds. */
export function shadowed(tag, attributes, ...children) {
  if (!customElements.get(tag)) customElements.define(tag, class extends HTMLElement {});
  const host = element(tag, attributes);
  host.attachShadow({ mode: 'open' }).append(element('link', { rel: 'stylesheet', href: '/system/icloud.com/current/page.css' }), ...children);
  return host;
}

/** Posts JSON as web clients do, and gives the status and what came back; status 0 when nothing did. */
export async function postJson(url, body, headers = { 'Content-Type': 'text/plain' }) {
  try {
    const response = await fetch(url, { method: 'POST', headers, credentials: 'include', body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: /^[[{]/.test(text) ? JSON.parse(text) : null };
  } catch {
    return { status: 0, headers: new Headers(), body: null };
  }
}
