// The pages of `www/examples`: each opens without an error, does what it shows, and says what its figures have recorded.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";

import { AXE, openBrowser } from "./support/browser.mjs";
import { figureIn, watched } from "./support/embedded.mjs";
import { SITE, dist } from "./support/server.mjs";

/** The figures of a page that are drawn before anything is done with it. */
const DRAWN = { "index.html": 0, "article.html": 1, "slides.html": 0, "twice.html": 2, "dark.html": 1 };

describe("the examples", () => {
  let page, server, close, wrong;
  before(async () => {
    ({ page, server, close } = await openBrowser());
    page.setDefaultTimeout(20_000);
    wrong = watched(page);
  });
  after(() => close?.());
  afterEach(() => assert.deepEqual(wrong.splice(0), []));

  const open = (name) => page.goto(`${server.origin}${SITE}examples/${name}`);

  it("are all linked from their index", async () => {
    const pages = readdirSync(path.join(dist, "examples")).sort();
    assert.deepEqual(pages, Object.keys(DRAWN).sort());
    await open("index.html");
    const links = await page.getByRole("link").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    assert.deepEqual(links.sort(), ["../index.html", "../gallery.html", ...pages.filter((name) => name !== "index.html")].sort());
  });

  for (const [name, n] of Object.entries(DRAWN)) {
    it(`opens and is open to all: ${name}`, async () => {
      await open(name);
      for (let i = 0; i < n; i++) await figureIn(page, i).isDrawn();
      assert.notEqual(await page.title(), "");
      await page.addScriptTag({ path: AXE });
      const violations = await page.evaluate(async () => (await axe.run(document)).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`));
      assert.deepEqual(violations, []);
    });
  }

  it("says in the article what is so", async () => {
    await open("article.html");
    await figureIn(page).isDrawn();
    const text = await page.locator("article").innerText();
    assert.match(text, /to 10 edges\. The right name still gets far more than the wrong one, and yet it is never the likeliest/);
    const [small, large] = [recorded("ioi", 10), recorded("ioi", 60)];
    assert.ok(small.logitDiff.mean > 5 && small.correctAnswerPercent.mean === 0);
    assert.equal(large.correctAnswerPercent.mean, 100);
    const prompt = JSON.parse(readFileSync(path.join(dist, "demo/ioi/prompts.json"), "utf8")).prompts[0];
    assert.ok(text.includes(prompt.clean), prompt.clean);
    for (const edge of ["A0.1->MLP 0", "MLP 0->A1.3.V", "MLP 0->A2.3.V", "A1.3->Resid End", "A2.3->Resid End"]) {
      assert.equal(await figureIn(page).element.locator(`.ribbons > [data-edge="${edge}"]`).count(), 1, edge);
    }
  });

  it("goes through the slides by keys, and through the sizes of a slide's figure", async () => {
    await open("slides.html");
    const seen = async () => {
      await page.locator("section:not([hidden]) :is(h1, h2)").waitFor();
      const figure = page.locator("section:not([hidden]) circuit-scope");
      if ((await figure.count()) === 0) return "text";
      await figure.locator("[data-node]").first().waitFor();
      return Number(await figure.getByRole("slider").getAttribute("aria-valuenow"));
    };
    const shown = [await seen()];
    for (let i = 0; i < 7; i++) {
      await page.keyboard.press("ArrowRight");
      shown.push(await seen());
    }
    assert.deepEqual(shown, ["text", 3, 6, 10, 10, 40, 60, 60]);
    await page.keyboard.press("PageUp");
    assert.equal(await seen(), 40);
    // The figure's own arrows do not turn the page.
    await page.locator("section:not([hidden])").getByRole("slider").press("ArrowRight");
    assert.equal(await seen(), 41);
    assert.ok(recorded("induction", 6).correctAnswerPercent.mean > 90);
  });

  it("runs both figures of a page on one engine", async () => {
    await open("twice.html");
    const figures = [figureIn(page, 0), figureIn(page, 1)];
    for (const figure of figures) {
      await figure.isDrawn();
      await figure.element.evaluate((element) => element.setAttribute("engine", "cpu"));
      await figure.isDrawn();
    }
    server.requests.length = 0;
    await page.getByRole("button", { name: "Run both" }).click();
    for (const figure of figures) await figure.element.getByText(/^Run here, CPU\. Verified/).waitFor();
    assert.equal(server.requests.filter(({ pathname }) => /engine(-relaxed)?_bg\.wasm$/.test(pathname)).length, 1);
  });

  it("is dark on a dark page, in its colours", async () => {
    await page.emulateMedia({ colorScheme: "light" });
    await open("dark.html");
    const figure = figureIn(page);
    await figure.isDrawn();
    const colours = await figure.element.locator(".cs-figure").evaluate((node) => [getComputedStyle(node).backgroundColor, getComputedStyle(node).color]);
    assert.deepEqual(colours, ["rgb(20, 16, 28)", "rgb(231, 235, 240)"]);
  });
});

/** What the figure of a demo has recorded of its circuit of so many edges. */
function recorded(demo, edges) {
  const { recorded } = JSON.parse(readFileSync(path.join(dist, "demo", demo, "figure.json"), "utf8"));
  return recorded.circuits.find(({ circuit }) => circuit.nEdges === edges).measurement;
}
