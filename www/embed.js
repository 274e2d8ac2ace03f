// A figure in an iframe, for pages that allow no scripts of others.
//
// The page around it is told, by `postMessage`, `{ type: "circuitscope:height", height }` in pixels whenever that changes, and
// `{ type: "circuitscope:change", edges, threshold }` when another circuit is shown. It may send
// `{ type: "circuitscope:set", edges?, theme? }`. Both ways only its own origin counts: that of `origin` in the address, else that of
// the page that opened the frame, where the browser tells it. Without either, nothing is listened to, and only the height is told.

import "./element.js?v=__BUILD_ID__";

/** @import { CircuitScopeElement } from "./element.js" */

const address = new URLSearchParams(location.search);
const main = /** @type {HTMLElement} */ (document.getElementById("figure"));
const parentOrigin = originOf(address.get("origin")) ?? originOf(document.referrer);

start();

function start() {
  const figure = address.get("figure");
  if (!figure) return say("This address names no figure: add ?figure=URL.");
  setTheme(address.get("theme"));
  const url = urlOf(figure);
  if (!url) return say(`“${figure}” is no address of a figure.`);
  if (url.origin === location.origin) show(url);
  else ask(url);
  new ResizeObserver(() => tell({ type: "circuitscope:height", height: Math.ceil(main.getBoundingClientRect().height) }, "*")).observe(main);
  addEventListener("message", heard);
}

/** @param {URL} url */
function show(url) {
  const element = /** @type {CircuitScopeElement} */ (document.createElement("circuit-scope"));
  element.setAttribute("fit", "content");
  element.setAttribute("loading", "eager");
  element.setAttribute("src", url.href);
  for (const name of ["edges", "threshold", "controls", "engine"]) {
    const value = address.get(name);
    if (value) element.setAttribute(name, value);
  }
  element.addEventListener("cs-change", ({ detail }) => {
    if (parentOrigin) tell({ type: "circuitscope:change", ...detail }, parentOrigin);
  });
  main.replaceChildren(element);
}

/** A figure of another host is fetched only where the reader wants it. @param {URL} url */
function ask(url) {
  const text = say(`This figure is at ${url.host}.`);
  const button = document.createElement("button");
  button.textContent = "Fetch it";
  button.onclick = () => show(url);
  text.append(button);
}

/** @param {MessageEvent} event */
function heard({ source, origin, data }) {
  if (source !== parent || origin !== parentOrigin || data?.type !== "circuitscope:set") return;
  const element = main.querySelector("circuit-scope");
  if (Number.isInteger(data.edges) && data.edges >= 0) element?.setAttribute("edges", String(data.edges));
  if (typeof data.theme === "string") setTheme(data.theme);
}

/**
 * @param {object} message
 * @param {string} origin
 */
function tell(message, origin) {
  if (parent !== window) parent.postMessage(message, origin);
}

/** @param {string | null} theme */
function setTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** @param {string} text */
function say(text) {
  const paragraph = document.createElement("p");
  paragraph.className = "asked";
  paragraph.textContent = text;
  main.replaceChildren(paragraph);
  return paragraph;
}

/** @param {string} figure */
function urlOf(figure) {
  const url = URL.canParse(figure, location.href) ? new URL(figure, location.href) : null;
  return url && /^https?:$/.test(url.protocol) ? url : null;
}

/** @param {string | null} url */
function originOf(url) {
  const origin = url && URL.canParse(url) ? new URL(url).origin : null;
  return origin && origin !== "null" ? origin : null;
}
