// Starts the workers of the engine and the reader.
//
// Their addresses are written out: that is how a bundler finds them. A worker's script must come from the page's own origin, so one
// that lies elsewhere is imported by a small script that is made here. A policy (CSP) has to allow both: `worker-src blob: https://…`.

import { Connection } from "./connection.js?v=__BUILD_ID__";

/** Where this file is; a bundler follows addresses that are built from it no further. */
const HERE = import.meta.url;
/** What a bundle has, and a page whose scripts are its own. */
const IS_OWN = new URL(HERE).origin === globalThis.location?.origin;

/**
 * @param {string | undefined} url Where `engine-worker.js` is, if not beside the module.
 */
export function startEngine(url) {
  if (url !== undefined || !IS_OWN) return start(url ?? beside("engine-worker.js"), "engine");
  const worker = new Worker(new URL("../engine-worker.js?v=__BUILD_ID__", import.meta.url), { type: "module", name: "circuitscope engine" });
  return new Connection(worker, "engine");
}

/**
 * @param {string | undefined} url Where `reader-worker.js` is, if not beside the module.
 */
export function startReader(url) {
  if (url !== undefined || !IS_OWN) return start(url ?? beside("reader-worker.js"), "reader");
  const worker = new Worker(new URL("../reader-worker.js?v=__BUILD_ID__", import.meta.url), { type: "module", name: "circuitscope reader" });
  return new Connection(worker, "reader");
}

/**
 * The worker whose script is at an absolute URL, on whatever host.
 *
 * @param {string} url
 * @param {string} name
 */
function start(url, name) {
  /** @type {WorkerOptions} */
  const options = { type: "module", name: `circuitscope ${name}` };
  if (new URL(url).origin === globalThis.location?.origin) return new Connection(new Worker(url, options), name);
  const script = URL.createObjectURL(new Blob([importing(url)], { type: "text/javascript" }));
  const { host, origin } = new URL(url);
  const refused = `the page's policy (CSP) does not allow it. As its script is at ${host}, the policy should have \`worker-src blob: ${origin}\``;
  try {
    return new Connection(new Worker(script, options), name, refused);
  } catch {
    // Chromium and Firefox start no worker and say so later, WebKit throws.
    throw new Error(`the ${name}'s worker failed: ${refused}`);
  }
}

/**
 * A script that imports a worker's script, keeps the messages that arrive meanwhile, and says where that fails.
 *
 * @param {string} url
 */
function importing(url) {
  return `
    const held = [];
    const hold = ({ data }) => held.push(data);
    addEventListener("message", hold);
    import(${JSON.stringify(url)}).then(() => {
      removeEventListener("message", hold);
      for (const data of held) dispatchEvent(new MessageEvent("message", { data }));
    }, (error) => setTimeout(() => { throw error; }));
  `;
}

/** @param {string} file */
function beside(file) {
  return new URL(`../${file}?v=__BUILD_ID__`, HERE).href;
}
