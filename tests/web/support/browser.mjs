// Chromium for the tests, driven by playwright-core.
//
// `cargo xtask test` installs both and names them in CHROMIUM and CIRCUITSCOPE_NODE_MODULES. By hand: `npm ci` in this
// folder's parent, `cargo xtask build`, then `CHROMIUM=$(which chromium) node --test tests/web/*.test.mjs`.

import { createRequire } from "node:module";
import path from "node:path";

import { BLANK, SITE, startServer } from "./server.mjs";

const { CHROMIUM = "/usr/bin/chromium", CIRCUITSCOPE_NODE_MODULES } = process.env;
const require = createRequire(
  CIRCUITSCOPE_NODE_MODULES ? path.join(CIRCUITSCOPE_NODE_MODULES, "any.js") : import.meta.url,
);
const { chromium } = require("playwright-core");
/** The script of axe, which looks for what keeps people from using a page. */
export const AXE = require.resolve("axe-core/axe.min.js");

// WebGPU without a GPU, and nothing that asks other hosts.
const ARGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Runs first in every page: what the tests' own code in a page uses. */
function pageHelpers({ site }) {
  /** The numbers of logits, for the way out of the page. */
  const base64 = (floats) => {
    const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  };
  window.tests = {
    module: () => import(`${site}circuitscope.js`),
    /** A file at a URL as another kind of source. */
    async source(url, as) {
      if (as === "url") return url;
      const blob = await (await fetch(url)).blob();
      const name = url.split("/").at(-1);
      if (as === "file") return new File([blob], name);
      if (as === "blob") return blob;
      if (as === "buffer") return blob.arrayBuffer();
      if (as === "json") return JSON.parse(await blob.text());
      if (as === "text") return blob.text();
      // A view of a part of a larger buffer.
      const bytes = new Uint8Array(blob.size + 11);
      bytes.set(new Uint8Array(await blob.arrayBuffer()), 5);
      return bytes.subarray(5, 5 + blob.size);
    },
    /** A run's result as plain data. */
    plain(result) {
      const plain = (values) => Object.fromEntries(Object.entries(values ?? {}).map(([key, list]) => [key, list && Array.from(list)]));
      const one = ({ logits, perPrompt, ...rest }) => ({ ...rest, perPrompt: plain(perPrompt), logits: base64(logits) });
      const unpatched = ({ shape, measurement, metrics, spread, logits }) => one({ shape, measurement, metrics, spread, logits });
      const { circuits, clean, corrupt, ...counts } = result;
      return { ...counts, circuits: circuits.map(one), clean: unpatched(clean), corrupt: unpatched(corrupt) };
    },
    /** What a promise came to: `{ value }` or `{ error }`. */
    async outcome(promise) {
      try {
        return { value: await promise };
      } catch (error) {
        return { error: { isError: error instanceof Error, name: error.name, message: error.message } };
      }
    },
  };
}

/** Most tests serve what they like, and are not to be answered from what an earlier one left. */
export const NO_WORKER = { serviceWorkers: "block" };

/** Starts a server and a browser with a page; `close` ends both. */
export async function openBrowser(pathname = BLANK) {
  const server = await startServer();
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGS });
  const page = await browser.newPage(NO_WORKER);
  page.setDefaultTimeout(0);
  await page.addInitScript(pageHelpers, { site: server.origin + SITE });
  await page.goto(server.origin + pathname);
  const close = async () => {
    await browser.close();
    server.close();
  };
  return { server, browser, page, close };
}

/** The numbers that a page sent. */
export function floats(base64) {
  const bytes = Buffer.from(base64, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
