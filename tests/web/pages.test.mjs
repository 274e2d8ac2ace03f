// The pages around the tool: gallery, demos, and those that explain. Each opens by itself, from any folder, for everyone.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { brotliCompressSync } from "node:zlib";

import { AXE, NO_WORKER, openBrowser } from "./support/browser.mjs";
import { LAPTOP, PHONE } from "./support/page.mjs";
import { SITE, dist } from "./support/server.mjs";

const read = (name) => readFileSync(path.join(dist, name), "utf8");
const DEMOS = readdirSync(path.join(dist, "demo")).filter((name) => statSync(path.join(dist, "demo", name, "figure.json"), { throwIfNoEntry: false }));
const figure = (name) => JSON.parse(read(`demo/${name}/figure.json`));
const PROSE = ["read.html", "embedding.html", "exactness.html"];
const PAGES = ["gallery.html", ...PROSE, ...DEMOS.map((name) => `demo/${name}/index.html`)];
/** What a page that says a lot may weigh: the gallery's HTML and style, as it is sent, in bytes. */
const GALLERY_LIMIT = 20_000;
/** Social networks show no larger ones without delay; every visitor of a shared link has it fetched. */
const CARD_LIMIT = 60_000;

describe("the pages around the tool", async () => {
  const { server, browser, close } = await openBrowser();
  let context, page, errors, asked;
  after(close);
  beforeEach(async () => {
    context = await browser.newContext({ ...NO_WORKER, viewport: LAPTOP });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    [errors, asked] = [[], []];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("response", (response) => response.ok() || errors.push(`${response.status()} ${response.url()}`));
    page.on("request", (request) => asked.push(request.url()));
  });
  afterEach(() => context.close());

  const open = (name) => page.goto(server.origin + SITE + name, { waitUntil: "networkidle" });
  /** Scrolls down, so that every figure is opened, and waits for them. */
  const drawAll = async () => {
    for (const figure of await page.locator("circuit-scope").all()) {
      await figure.scrollIntoViewIfNeeded();
      await figure.locator('[data-figure="circuit"] [data-edge]').first().waitFor();
    }
  };

  for (const name of PAGES) {
    it(`${name} opens without errors and asks no other host`, async () => {
      await open(name);
      await drawAll();
      const elsewhere = asked.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(server.origin + SITE));
      assert.deepEqual({ errors, elsewhere }, { errors: [], elsewhere: [] });
      assert.ok((await page.locator("h1").textContent()).length > 5);
    });

    it(`${name} is for everyone, light and dark, and fits a phone`, async () => {
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await open(name);
        await drawAll();
        await page.addScriptTag({ path: AXE });
        const found = await page.evaluate(async () => {
          const { violations } = await window.axe.run(document);
          return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary.split("\n")[1]}`));
        });
        assert.deepEqual(found, [], colorScheme);
      }
      await page.setViewportSize(PHONE);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is to be scrolled sideways");
    });
  }

  it("nothing moves while figures are drawn", async () => {
    for (const name of ["read.html", `demo/${DEMOS[0]}/index.html`]) {
      await page.addInitScript(() => {
        window.shifts = [];
        new PerformanceObserver((list) => window.shifts.push(...list.getEntries().filter(({ hadRecentInput }) => !hadRecentInput).map(({ value }) => value)))
          .observe({ type: "layout-shift", buffered: true });
      });
      await open(name);
      await drawAll();
      const shift = (await page.evaluate(() => window.shifts)).reduce((sum, value) => sum + value, 0);
      // What a person does not see, as the web vitals have it, is 0.1.
      assert.ok(shift < 0.01, `${name}: ${shift}`);
    }
  });

  it("every link of a page leads to a page", async () => {
    for (const name of PAGES) {
      const base = new URL(name, "http://site/");
      const html = read(name).replace(/<pre.*?<\/pre>/gs, "");
      const urls = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, url]) => url.replaceAll("&amp;", "&"));
      assert.ok(urls.length > 8, name);
      for (const url of urls.filter((url) => !/^(data:|https:\/\/)/.test(url))) {
        assert.ok(!url.startsWith("/"), `${name}: ${url} is not relative`);
        const { pathname, searchParams } = new URL(url, base);
        const files = [pathname, searchParams.get("figure")].filter(Boolean).map((file) => new URL(file, "http://site/").pathname);
        for (const file of files) assert.ok(statSync(path.join(dist, file.endsWith("/") ? `${file}index.html` : file), { throwIfNoEntry: false })?.isFile(), `${name}: ${url}`);
      }
    }
  });

  it("the gallery has a card for each demo, drawn, with what its figure says", async () => {
    await open("gallery.html");
    const cards = page.locator(".card[data-kind]");
    assert.equal(await cards.count(), DEMOS.length);
    for (const name of DEMOS) {
      const { title, view, recorded, caption } = figure(name);
      const card = cards.filter({ has: page.locator(`a[href="demo/${name}/"]`) });
      assert.equal(await card.locator("h2").textContent(), title);
      const text = await card.textContent();
      const all = Math.max(...recorded.circuits.map(({ circuit }) => circuit.nEdges));
      assert.match(text, new RegExp(`\\d layers, [\\d.]+ [kM]B · ${view.size.edges} of ${all} edges`));
      assert.match(text, /recorded, verified/);
      assert.ok(text.includes(caption.split(". ")[0]));
      // A ribbon for each edge, or for those between two boxes.
      const ribbons = await card.locator("svg.thumb path").count();
      assert.ok(ribbons > 0 && ribbons <= view.size.edges, `${name}: ${ribbons}`);
    }
  });

  it("the gallery can be narrowed, by keys as well", async () => {
    await open("gallery.html");
    const shown = () => page.locator(".card[data-kind]").evaluateAll((cards) => cards.filter((card) => card.offsetParent).map((card) => card.dataset.kind));
    await page.getByText("Compiled by Tracr", { exact: true }).click();
    assert.deepEqual([...new Set(await shown())], ["Compiled by Tracr"]);
    await page.getByRole("radio", { name: /^All/ }).focus();
    await page.keyboard.press("ArrowRight");
    assert.deepEqual([...new Set(await shown())], ["Language"]);
  });

  it("the gallery is HTML, style and pictures: nothing of the tool is fetched for it", async () => {
    await open("gallery.html");
    const names = asked.map((url) => path.basename(new URL(url).pathname));
    assert.deepEqual(names.toSorted(), ["gallery.html", "offline.js", "pages.css", "pages.js"]);
    const weight = names.reduce((sum, name) => sum + brotliCompressSync(readFileSync(path.join(dist, name))).length, 0);
    assert.ok(weight <= GALLERY_LIMIT, `${weight} bytes`);
  });

  it("light and dark are remembered, here and in the tool", async () => {
    await open("gallery.html");
    await page.getByRole("button", { name: "Light or dark theme" }).click();
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(await ground(), "rgb(17, 21, 27)");
    await open("read.html");
    assert.equal(await ground(), "rgb(17, 21, 27)");
    await page.goto(server.origin + SITE);
    await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  });

  it("a demo leads to the tool, which opens on it", async () => {
    await open("demo/induction/index.html");
    await page.getByRole("link", { name: "Open in the tool" }).click();
    await page.waitForURL(({ pathname }) => pathname === `${SITE}index.html`);
    await page.getByText(figure("induction").title).first().waitFor();
  });

  it("every demo has a card for social networks, of the right size and weight, and tags that name it", () => {
    for (const name of DEMOS) {
      const html = read(`demo/${name}/index.html`);
      const tag = (property) => html.match(new RegExp(`<meta (?:property|name)="${property}" content="([^"]*)">`))?.[1];
      const card = readFileSync(path.join(dist, "demo", name, "card.png"));
      assert.equal(card.toString("latin1", 1, 4), "PNG");
      assert.deepEqual([card.readUInt32BE(16), card.readUInt32BE(20)], [1200, 630], name);
      assert.ok(card.length < CARD_LIMIT, `${name}: ${card.length}`);
      assert.ok(tag("og:image").endsWith(`demo/${name}/card.png`));
      assert.equal(tag("og:title"), figure(name).title);
      assert.ok(tag("og:description").startsWith(figure(name).caption.split(". ")[0]));
      assert.ok(!/[{}]/.test(tag("og:description")), "its numbers are filled in");
      assert.equal(tag("twitter:card"), "summary_large_image");
    }
    for (const name of ["index.html", "gallery.html"]) assert.match(read(name), /property="og:image" content="[^"]*demo\/ioi\/card\.png"/);
  });

  it("every demo says how other sites embed it, and the frame that it names is there", () => {
    for (const name of DEMOS) {
      const { type, version, html, title } = JSON.parse(readFileSync(path.join(dist, "demo", name, "oembed.json"), "utf8"));
      assert.deepEqual([type, version, title], ["rich", "1.0", figure(name).title]);
      assert.ok(html.includes(`embed.html?figure=demo/${name}/figure.json"`) && !html.includes("__"), html);
      assert.match(readFileSync(path.join(dist, "demo", name, "index.html"), "utf8"), /<link rel="alternate" type="application\/json\+oembed" href="oembed.json">/);
    }
  });

  it("the numbers of prose are those of the figures", async () => {
    await open("read.html");
    const { recorded } = figure("ioi");
    const edges = Math.max(...recorded.circuits.map(({ circuit }) => circuit.nEdges));
    const text = await page.locator("main").textContent();
    assert.ok(text.includes(`has ${edges} edges`));
    assert.ok(text.includes(recorded.baseline.clean.logitDiff.mean.toFixed(2)));
  });

  it("the guide names every attribute that the element knows", async () => {
    await open("embedding.html");
    const text = await page.locator("main").textContent();
    for (const [, name] of read("element.js").matchAll(/getAttribute\("([a-z-]+)"\)/g)) assert.ok(text.includes(name), name);
    for (const name of ["cs-ready", "cs-change", "cs-select", "cs-progress", "cs-error", "cs-resize"]) assert.ok(text.includes(name), name);
  });
});
