// The built site needs nothing but itself. What it may weigh, `cargo xtask build` checks.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { SITE, dist } from "./support/server.mjs";

const html = () => readFileSync(path.join(dist, "index.html"), "utf8");

describe("the built site", () => {
  it("names its files by relative URLs", () => {
    const urls = [...html().replace(/<a [^>]*>/g, "").matchAll(/(?:src|href)="([^"]*)"|(?:from|module_or_path:) '([^']*)'/g)].map(([, a, b]) => a ?? b);
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
