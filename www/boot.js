// Starts the page. On a visit without a wish of its own the first circuit comes first: the viewer draws it in the document's own stage,
// where its strip can be moved, and only then the page is fetched, which takes over at the circuit that the reader has reached.

import "./element.js?v=__BUILD_ID__";

/** @import { CircuitScopeElement } from "./element.js" */

/** A viewer that has neither drawn nor failed after this time keeps nobody from the page, in milliseconds. */
const PATIENCE_MS = 8000;

const figure = /** @type {CircuitScopeElement | null} */ (document.querySelector("#app circuit-scope"));
if (figure) await drawn();
await start();

/** Resolves once the first circuit can be moved, or will not come. */
function drawn() {
  return new Promise((resolve) => {
    for (const event of ["cs-ready", "cs-error"]) figure?.addEventListener(event, resolve, { once: true });
    setTimeout(resolve, PATIENCE_MS);
  });
}

async function start() {
  /** @type {number | undefined} */
  let edges;
  figure?.addEventListener("cs-change", ({ detail }) => (edges = detail.edges));
  // Trunk writes their names, which are those of this build.
  const names = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=circuitscope-page]"));
  const { js = "", wasm = "" } = names.dataset;
  const [page, module] = await Promise.all([
    import(new URL(js, document.baseURI).href),
    WebAssembly.compileStreaming(fetch(new URL(wasm, document.baseURI))),
  ]);
  if (edges !== undefined && location.hash.length < 2) history.replaceState(null, "", `#k=${edges}`);
  await page.default({ module_or_path: module });
}
