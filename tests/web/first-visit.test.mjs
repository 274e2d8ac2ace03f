// A first visit: the first circuit stands in the document, can be moved before the page is there, and the page takes over from it.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { it } from "node:test";
import { brotliCompressSync } from "node:zlib";

import { PHONE } from "./support/page.mjs";
import { SITE, dist } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

/** What a visitor has fetched when the first circuit is seen, and when it can be moved, in bytes after brotli. */
const SEEN = 60_000;
const MOVABLE = 450_000;

const weight = (file) => brotliCompressSync(readFileSync(path.join(dist, file))).length;
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

await pageSuite("a first visit", { anew: false }, ({ page, server }) => {
  /** Opens the site, and holds the page's program back until `let_it_come` is called. */
  const arrive = async (size = { width: 1280, height: 800 }) => {
    await page.unrouteAll();
    let letItCome;
    const held = new Promise((resolve) => (letItCome = resolve));
    await page.route(/page-[0-9a-f]+_bg\.wasm/, async (route) => {
      await held;
      await route.continue();
    });
    await page.setViewportSize(size);
    await page.goto("about:blank");
    server.requests.length = 0;
    await page.goto(`${server.origin}${SITE}`, { waitUntil: "commit" });
    await page.waitForFunction(() => document.querySelector("circuit-scope")?.shadowRoot?.querySelector(".cs-strip .knob"));
    return letItCome;
  };
  const taken = () => page.waitForSelector(".page:not(.shell) .cs-drawing svg [data-node]");
  const rectOf = (selector) => page.locator(selector).first().boundingBox();

  it("shows the first circuit before any program is there", async () => {
    await page.unrouteAll();
    const held = [];
    await page.route(/\.(wasm|js)(\?|$)/, (route) => held.push(route));
    await page.goto("about:blank");
    await page.goto(`${server.origin}${SITE}`, { waitUntil: "commit" });
    const poster = page.locator("circuit-scope img");
    await page.waitForFunction(() => document.querySelector("circuit-scope img")?.naturalWidth > 0);
    const { width, height } = await poster.boundingBox();
    assert.ok(width > 600 && height > 200, `${width} x ${height}`);
    assert.match(await page.locator(".stage > .caption").innerText(), /edges keep/);
    assert.ok(held.length > 0, "programs were asked for");
    for (const route of held) await route.abort();
  });

  it("says the same as the page that takes over", async () => {
    const letItCome = await arrive();
    const words = () => page.locator(".stage > .caption").innerText();
    const before = await words();
    letItCome();
    await taken();
    assert.equal(before, await words());
  });

  for (const [name, size] of [["a laptop", undefined], ["a phone", PHONE]]) {
    it(`has drawing and curve where the page has them, on ${name}`, async () => {
      const letItCome = await arrive(size);
      const boxes = async () => [await rectOf(".room"), await rectOf(".cs-strip")];
      const ribbons = () => page.locator(".ribbons > [data-edge]").evaluateAll((all) => all.map((one) => [one.dataset.edge, one.querySelector("path")?.getAttribute("d")]));
      const before = [await boxes(), await ribbons()];
      letItCome();
      await taken();
      assert.deepEqual([await boxes(), await ribbons()], before);
    });
  }

  it("can be moved before the page is there, which takes over where it was moved to", async () => {
    const letItCome = await arrive();
    const knob = page.getByRole("slider");
    await knob.press("Home");
    await knob.press("PageUp");
    await knob.press("ArrowRight");
    const k = await knob.getAttribute("aria-valuenow");
    assert.notEqual(k, "40");
    letItCome();
    await taken();
    assert.equal(await page.getByRole("slider").getAttribute("aria-valuenow"), k);
  });

  it("is seen within 60 KB, and moved within 450 KB", async () => {
    const letItCome = await arrive();
    const asked = server.requests.map(({ pathname }) => pathname.slice(SITE.length) || "index.html").filter((file) => !file.includes("page-"));
    letItCome();
    const styles = readdirSync(dist).filter((file) => file.endsWith(".css") && readFileSync(path.join(dist, "index.html"), "utf8").includes(`/${file}"`));
    const seen = sum(["index.html", "demo/ioi/poster.svg", ...styles].map(weight));
    const movable = sum([...new Set(asked)].map(weight));
    assert.ok(asked.includes("viewer_bg.wasm") && asked.includes("demo/ioi/figure.json"), `${asked}`);
    assert.ok(seen <= SEEN, `seen after ${seen} bytes`);
    assert.ok(movable <= MOVABLE, `moved after ${movable} bytes: ${asked}`);
  });

  it("leaves an address that asks for something else to the page", async () => {
    await page.unrouteAll();
    server.requests.length = 0;
    await page.goto(`${server.origin}${SITE}?figure=demo/induction/figure.json`);
    await taken();
    assert.ok(!server.requests.some(({ pathname }) => pathname.endsWith("viewer_bg.wasm")));
    assert.match(await page.locator(".stage > .caption").innerText(), /nduction|repeat/);
  });
});
