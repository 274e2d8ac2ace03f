// After the first visit the site works without a network, and a new build is taken on the next reload.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, afterEach, beforeEach, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { SITE, dist } from "./support/server.mjs";

const read = (name) => readFileSync(path.join(dist, name));
const list = () => JSON.parse(read("files.json"));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
/** Waits until a promised answer is true. */
async function until(isTrue) {
  const end = Date.now() + 20_000;
  while (!(await isTrue())) {
    assert.ok(Date.now() < end, `gave up waiting for ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What the element has drawn. */
const drawn = (page) => page.locator('circuit-scope [data-figure="circuit"] [data-edge]').first().waitFor();

describe("offline", async () => {
  const { server, browser, close } = await openBrowser();
  let context, page;
  after(close);
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
  });
  afterEach(() => context.close());

  /** A first visit, until the worker keeps what it keeps. */
  const visit = async (name = "") => {
    await page.goto(server.origin + SITE + name);
    await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
    server.requests.length = 0;
  };
  /** What was asked for, but for the browser's own question whether there is a newer worker. */
  const asked = () => server.requests.map(({ pathname }) => pathname).filter((pathname) => !pathname.endsWith("service-worker.js"));
  const goOffline = () => context.setOffline(true);
  const caches = () => page.evaluate(async () => {
    const names = await window.caches.keys();
    return Promise.all(names.map(async (name) => [name, (await (await window.caches.open(name)).keys()).map(({ url }) => url)]));
  });

  it("the tool, the gallery and the demos are there after a visit to one of them", async () => {
    await visit("gallery.html");
    await goOffline();
    await page.reload();
    assert.equal(await page.locator(".card[data-kind]").count(), Object.keys(list().first).filter((name) => name.endsWith("figure.json")).length);
    await page.locator(".card a").first().click();
    await drawn(page);
    await page.goto(`${server.origin}${SITE}`);
    await page.locator('[data-figure="circuit"] [data-edge]').first().waitFor();
    assert.deepEqual(asked(), []);
  });

  it("a folder's page is found without the slash at its end", async () => {
    await visit("gallery.html");
    await goOffline();
    await page.goto(`${server.origin}${SITE}demo/ioi`);
    assert.ok(page.url().endsWith("/demo/ioi/"));
    await drawn(page);
  });

  it("the engine is kept when it was used, and runs without a network", async () => {
    await visit("demo/ioi/index.html");
    assert.ok(!(await caches()).flatMap(([, urls]) => urls).some((url) => /engine/.test(url)));
    const run = () => page.evaluate(() => document.querySelector("circuit-scope").run());
    await drawn(page);
    await run();
    await until(async () => {
      const urls = (await caches()).flatMap(([, urls]) => urls);
      return ["engine-relaxed_bg.wasm", "model.safetensors"].every((name) => urls.some((url) => url.endsWith(name)));
    });
    await goOffline();
    server.requests.length = 0;
    await page.reload();
    await drawn(page);
    await run();
    assert.deepEqual(asked(), []);
  });

  it("keeps nothing but the site's own files, by the hashes of the build", async () => {
    await visit("gallery.html");
    const other = server.add(`${SITE}notes.txt`, "not of the site");
    await page.evaluate((url) => fetch(url).then((response) => response.text()), other);
    await page.evaluate(() => fetch("demo/ioi/prompts.json?v=another").then((response) => response.text()));
    const [[name, urls], ...others] = await caches();
    assert.deepEqual(others, []);
    assert.equal(name, `circuitscope ${SITE} ${list().build}`);
    const expected = [...Object.keys(list().first), "files.json"].map((name) => server.origin + SITE + name);
    assert.deepEqual(urls.toSorted(), expected.toSorted());
  });

  it("lists every file that a page of the site may ask for", () => {
    const { first, later } = list();
    const all = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const names = all.map((entry) => path.relative(dist, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"));
    const asked = names.filter((name) => /\.(html|css|js|wasm|svg)$/.test(name) && !/service-worker\.js|loss\.svg/.test(name));
    for (const name of asked) assert.equal(first[name] ?? later[name], sha256(read(name)), name);
  });

  it("a new build is taken on the next reload, and the earlier one is let go", async () => {
    await visit("gallery.html");
    const { build, first, later } = list();
    const next = "feedfacefeedface";
    const renamed = (name) => read(name).toString().replaceAll(build, next);
    const gallery = renamed("gallery.html").replace("Circuits, ready to take apart", "The next build");
    const add = (name, bytes) => server.add(SITE + name, bytes);
    const scripts = Object.keys(first).filter((name) => /\.(js|html)$/.test(name));
    for (const name of scripts) {
      const bytes = name === "gallery.html" ? gallery : renamed(name);
      first[name] = sha256(bytes);
      add(name, bytes);
    }
    add("service-worker.js", renamed("service-worker.js"));
    add("files.json", JSON.stringify({ build: next, first, later }));
    await page.reload();
    assert.equal(await page.textContent("h1"), "The next build");
    await until(async () => (await caches()).every(([name]) => name.endsWith(next)));
    await goOffline();
    server.requests.length = 0;
    await page.reload();
    assert.equal(await page.textContent("h1"), "The next build");
    await page.locator(".card a").first().click();
    await drawn(page);
    assert.deepEqual(asked(), []);
  });

  it("a build that is only half there leaves the earlier one in use", async () => {
    const fresh = await openBrowser();
    try {
      const { build, first, later } = list();
      const page = await (await fresh.browser.newContext()).newPage();
      await page.goto(`${fresh.server.origin}${SITE}gallery.html`);
      await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
      fresh.server.add(`${SITE}service-worker.js`, read("service-worker.js").toString().replaceAll(build, "0badc0de0badc0de"));
      // One of its files is not uploaded yet.
      first["element.js"] = sha256("to come");
      fresh.server.add(`${SITE}files.json`, JSON.stringify({ build: "0badc0de0badc0de", first, later }));
      await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        await registration.update();
        const worker = registration.installing;
        if (worker) await new Promise((resolve) => worker.addEventListener("statechange", resolve));
      });
      assert.equal(await page.evaluate(() => navigator.serviceWorker.controller.state), "activated");
      await page.context().setOffline(true);
      await page.reload();
      assert.equal(await page.textContent("h1"), "Circuits, ready to take apart");
    } finally {
      await fresh.close();
    }
  });
});
