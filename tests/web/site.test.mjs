// The built site: what it weighs, and that it needs nothing but itself.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";

import { openBrowser } from "./support/browser.mjs";
import { SITE, dist } from "./support/server.mjs";

const html = () => readFileSync(path.join(dist, "index.html"), "utf8");
const script = /\.(js|wasm|css)$/;

/** Bytes after brotli at its best, each file by itself, as a server sends them. */
function brotliSize(files) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 };
  const sizes = files.map((file) => brotliCompressSync(readFileSync(path.join(dist, file)), { params }).length);
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe("the built site", () => {
  it("has a page of at most 380 KB after brotli", () => {
    const named = readdirSync(dist, { recursive: true }).filter((file) => script.test(file) && html().includes(`./${file}`));
    // Without these, something else was weighed.
    for (const kind of [/^page.*\.js$/, /^page.*\.wasm$/, /\.css$/]) assert.ok(named.some((file) => kind.test(file)));
    const size = brotliSize(["index.html", ...named]);
    assert.ok(size <= 380_000, `found ${size} bytes`);
  });

  it("has an engine of at most 2 MB after brotli", () => {
    const size = brotliSize(["engine-worker.js", "engine.js", "engine_bg.wasm"]);
    assert.ok(size <= 2_000_000, `found ${size} bytes`);
  });

  it("has a reader of at most 700 KB after brotli", () => {
    const size = brotliSize(["reader-worker.js", "reader.js", "reader_bg.wasm"]);
    assert.ok(size <= 700_000, `found ${size} bytes`);
  });

  it("names its files by relative URLs", () => {
    const urls = [...html().matchAll(/(?:src|href)="([^"]*)"|(?:from|module_or_path:) '([^']*)'/g)].map(([, a, b]) => a ?? b);
    assert.ok(urls.length >= 4);
    for (const url of urls) assert.match(url, /^(\.\/|data:)/);
  });

  it("has the build's name in place of its mark", () => {
    const module = readdirSync(path.join(dist, "module")).map((file) => `module/${file}`);
    for (const file of ["index.html", "circuitscope.js", ...module]) {
      assert.ok(!readFileSync(path.join(dist, file), "utf8").includes("__BUILD_ID__"), file);
    }
  });

  it("opens in a folder of any host, and asks no other", async () => {
    const { page, server, close } = await openBrowser();
    try {
      const [asked, failed, errors] = [[], [], []];
      page.on("request", (request) => asked.push(request.url()));
      page.on("response", (response) => response.ok() || failed.push(`${response.status()} ${response.url()}`));
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(server.origin + SITE, { waitUntil: "networkidle" });
      const elsewhere = asked.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(server.origin + SITE));
      assert.deepEqual({ elsewhere, failed, errors }, { elsewhere: [], failed: [], errors: [] });
      assert.ok(asked.some((url) => url.endsWith(".wasm")));
    } finally {
      await close();
    }
  });
});
