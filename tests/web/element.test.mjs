// The element <circuit-scope>: a figure in anybody's page, and in an iframe.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { SITE, dist } from "./support/server.mjs";

const FIGURE = `${SITE}demo/ioi/figure.json`;
const ATTRIBUTES = `src="${FIGURE}" engine="cpu"`;
const POSTER = `<img slot="poster" alt="A circuit" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 2 1'/%3E">`;

describe("the element", () => {
  let page, server, close;
  const errors = [];
  before(async () => {
    ({ page, server, close } = await openBrowser());
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => errors.push(error.message));
  });
  after(() => close());
  beforeEach(() => {
    errors.length = 0;
    server.requests.length = 0;
  });
  afterEach(() => assert.deepEqual(errors, []));

  const asked = () => server.requests.map(({ pathname }) => pathname.split("/").at(-1));
  /** Opens a page with this content. */
  const write = async (body, head = "") => {
    const name = `/page-${Math.random().toString(36).slice(2)}.html`;
    const script = `<script type="module" src="${SITE}element.js"></script>`;
    server.add(name, `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>An article</title>${head}${script}<body>${body}</body></html>`);
    await page.goto(server.origin + name);
  };
  const element = () => page.locator("circuit-scope").first();
  const ready = () => page.waitForFunction(() => {
    const elements = [...document.querySelectorAll("circuit-scope")];
    return elements.length > 0 && elements.every((one) => one.shadowRoot?.querySelector(".cs-drawing [data-node]"));
  });
  const call = (method, ...args) => element().evaluate((one, [method, args]) => one[method](...args), [method, args]);
  const ribbons = () => element().locator(".cs-drawing .ribbons > [data-edge]").count();
  const knob = () => element().getByRole("slider");

  it("draws a figure with its caption, its curve and its tokens, and fetches neither engine nor reader", async () => {
    await write(`<circuit-scope ${ATTRIBUTES}></circuit-scope>`);
    await ready();
    const figure = JSON.parse(await readFile(path.join(dist, "demo/ioi/figure.json"), "utf8"));
    assert.equal(await ribbons(), figure.view.size.edges);
    const caption = await element().locator("[part=caption]").innerText();
    assert.ok(caption.startsWith(figure.title) && !caption.includes("{"), caption);
    assert.equal(await knob().getAttribute("aria-valuenow"), String(figure.view.size.edges));
    assert.match(await element().locator("[part=tokens]").innerText(), /Prompt 1 of \d+/);
    assert.deepEqual(asked().filter((name) => /engine|reader|safetensors|tokenizer/.test(name)), []);
  });

  it("moves its strip by keys and by hand, and tells the page", async () => {
    await write(`<circuit-scope ${ATTRIBUTES}></circuit-scope>`);
    await ready();
    await page.evaluate(() => {
      window.told = [];
      document.addEventListener("cs-change", ({ detail }) => told.push(detail.edges));
    });
    const before = Number(await knob().getAttribute("aria-valuenow"));
    await knob().press("ArrowLeft");
    const now = Number(await knob().getAttribute("aria-valuenow"));
    assert.ok(now < before);
    assert.equal(await ribbons(), now);
    const { x, y, width, height } = await knob().boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x - 100, y + height / 2, { steps: 4 });
    await page.mouse.up();
    const dragged = Number(await knob().getAttribute("aria-valuenow"));
    assert.ok(dragged < now);
    const told = await page.evaluate(() => window.told);
    assert.deepEqual([told[0], told.at(-1)], [now, dragged]);
  });

  it("runs live on one engine for all figures of a page, and says how far that is from what was recorded", async () => {
    await write(`<circuit-scope ${ATTRIBUTES}></circuit-scope><circuit-scope ${ATTRIBUTES} edges="10"></circuit-scope>`);
    await ready();
    await page.evaluate(() => Promise.all([...document.querySelectorAll("circuit-scope")].map((one) => one.run())));
    for (const one of await page.locator("circuit-scope").all()) {
      assert.match(await one.locator("[part=foot]").innerText(), /Run here, CPU\. Verified: (no|largest) difference/);
    }
    assert.equal(asked().filter((name) => /^engine.*_bg\.wasm$/.test(name)).length, 1);
    assert.deepEqual(asked().filter((name) => /reader_bg|tokenizer\.json/.test(name)), [], "prompts that the figure has as tokens need no tokenizer");
    // A circuit that nobody has recorded is run when the strip comes to rest at it.
    await knob().press("2");
    await knob().press("3");
    await knob().press("Enter");
    await page.waitForFunction(() => !/not recorded/.test(document.querySelector("circuit-scope").shadowRoot.querySelector("[part=reading]").innerText));
  });

  it("stops a run, and runs again", async () => {
    await write(`<circuit-scope ${ATTRIBUTES}></circuit-scope>`);
    await ready();
    await element().evaluate((one) => {
      one.addEventListener("cs-progress", () => one.cancel(), { once: true });
      return one.run();
    });
    assert.match(await element().locator("[part=foot]").innerText(), /Recorded/);
    await call("run");
    assert.match(await element().locator("[part=foot]").innerText(), /Verified/);
  });

  it("keeps and restores what a reader chose, and gives its drawing as SVG", async () => {
    await write(`<circuit-scope ${ATTRIBUTES}></circuit-scope>`);
    await ready();
    await knob().press("End");
    await element().getByRole("button", { name: "Next prompt" }).click();
    const saved = await call("save");
    assert.equal(saved.prompt, 1);
    await knob().press("Home");
    await call("restore", saved);
    await page.waitForFunction((edges) => document.querySelector("circuit-scope").shadowRoot.querySelector("[role=slider]").ariaValueNow === String(edges), saved.edges);
    const [light, dark] = [await call("exportSvg", { theme: "light" }), await call("exportSvg", { theme: "dark" })];
    assert.ok(light.startsWith("<svg") && light !== dark);
    // An element that is moved keeps it too.
    await page.evaluate(() => document.body.prepend(document.querySelector("circuit-scope")));
    await ready();
    assert.deepEqual(await call("save"), saved);
  });

  it("shows the size, the theme and the controls that its attributes ask for", async () => {
    await write(`<circuit-scope src="${FIGURE}" edges="12" theme="dark" controls="curve" engine="none"></circuit-scope>`);
    await ready();
    assert.equal(await ribbons(), 12);
    assert.equal(await element().locator("[part=tokens], [part=run]").count(), 0);
    const ground = () => element().locator(".cs-figure").evaluate((figure) => getComputedStyle(figure).backgroundColor);
    assert.equal(await ground(), "rgb(17, 21, 27)");
    await element().evaluate((one) => {
      one.setAttribute("edges", "20");
      one.setAttribute("theme", "light");
    });
    await page.waitForFunction(() => document.querySelector("circuit-scope").shadowRoot.querySelectorAll(".ribbons > [data-edge]").length === 20);
    assert.equal(await ground(), "rgb(255, 255, 255)");
  });

  it("fetches nothing before it comes near the screen, and moves nothing when it comes", async () => {
    await write(`
      <p>Above</p><circuit-scope ${ATTRIBUTES} style="display:block;height:640px">${POSTER}</circuit-scope><p id="below">Below</p>
      <div style="height:5000px"></div><circuit-scope ${ATTRIBUTES} id="far" style="display:block;height:640px">${POSTER}</circuit-scope>
    `, `<script>window.shifts = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) shifts += one.value; }).observe({ type: "layout-shift", buffered: true });</script>`);
    await page.waitForFunction(() => document.querySelector("circuit-scope").shadowRoot?.querySelector(".cs-drawing [data-node]"));
    assert.equal(await page.evaluate(() => window.shifts), 0);
    const far = () => page.evaluate(() => document.querySelector("#far").shadowRoot.querySelector(".cs-drawing") !== null);
    assert.equal(await far(), false);
    assert.equal(asked().filter((name) => name === "figure.json").length, 1);
    await page.evaluate(() => document.querySelector("#far").scrollIntoView());
    await page.waitForFunction(() => document.querySelector("#far").shadowRoot.querySelector(".cs-drawing [data-node]"));
    assert.equal(await page.evaluate(() => window.shifts), 0);
  });

  it("waits for a click where it is to", async () => {
    await write(`<circuit-scope ${ATTRIBUTES} reveal="click">${POSTER}</circuit-scope>`);
    await page.waitForTimeout(300);
    assert.deepEqual(asked().filter((name) => /viewer|figure\.json/.test(name)), []);
    await element().getByRole("button", { name: "Show the circuit" }).click();
    await ready();
  });

  const workers = () => page.workers().length;
  const noWorker = async () => {
    for (let i = 0; i < 50 && workers() > 0; i++) await page.waitForTimeout(50);
    assert.equal(workers(), 0);
  };

  it("frees all when it is removed", async () => {
    await write(`<circuit-scope ${ATTRIBUTES}></circuit-scope>`);
    await ready();
    await call("run");
    assert.equal(workers(), 1);
    await page.evaluate(() => document.querySelector("circuit-scope").remove());
    await noWorker();
  });

  it("lets the engine go once it is off the screen for half a minute, and runs again when it is back", async () => {
    // Half a minute later timers say so at once.
    await write(`<circuit-scope ${ATTRIBUTES}></circuit-scope><div style="height:5000px"></div><p id="end">End</p>`, `<script>
      window.late = [];
      window.setTimeout = ((before) => (call, ms, ...rest) => ms === 30_000 ? late.push(call) : before(call, ms, ...rest))(setTimeout);
    </script>`);
    await ready();
    await call("run");
    assert.deepEqual([workers(), await page.evaluate(() => late.length)], [1, 0]);
    await page.evaluate(() => document.querySelector("#end").scrollIntoView());
    await page.waitForFunction(() => late.length === 1);
    assert.equal(workers(), 1, "not at once");
    await page.evaluate(() => late[0]());
    await noWorker();
    await page.evaluate(() => scrollTo(0, 0));
    await call("run");
    assert.equal(workers(), 1);
    assert.match(await element().locator("[part=foot]").innerText(), /Verified/);
  });

  describe("with a file that is wrong", () => {
    const cases = [
      ["a web page in its place", "<!DOCTYPE html><p>Not found", ".html", /answered with a web page/],
      ["half of a JSON", "{", ".json", /EOF|end/i],
      ["another JSON", "{}", ".json", /format/],
      ["an unknown version", '{"format":"circuitscope-figure","version":9}', ".json", /version.*9/],
    ];
    for (const [what, text, type, message] of cases) {
      it(`says so: ${what}`, async () => {
        const name = `/wrong-${Math.random().toString(36).slice(2)}${type}`;
        server.add(name, text);
        await write(`<circuit-scope src="${name}">${POSTER}</circuit-scope><p id="after">After</p>`);
        const said = element().getByRole("alert");
        await said.waitFor();
        assert.match(await said.innerText(), message);
        assert.equal(await element().locator("slot[name=poster]").count(), 1, "the poster stays");
      });
    }

    it("does not run with other weights than the figure's, and asks no other host unbidden", async () => {
      const figure = JSON.parse(await readFile(path.join(dist, "demo/ioi/figure.json"), "utf8"));
      figure.files.weights[0].url = `${SITE}demo/induction/model.safetensors`;
      server.add("/other-weights.json", JSON.stringify(figure));
      await write(`<circuit-scope src="/other-weights.json" engine="cpu"></circuit-scope>`);
      await ready();
      await assert.rejects(call("run"), /model\.safetensors: (should be|larger than|its SHA-256)/);
      assert.match(await element().locator("[part=foot]").innerText(), /another file lies there/);
      figure.files.weights[0].url = "https://weights.example/model.safetensors";
      server.add("/elsewhere.json", JSON.stringify(figure));
      await write(`<circuit-scope src="/elsewhere.json" engine="cpu"></circuit-scope>`);
      await ready();
      const asked = [];
      await page.route("https://weights.example/**", (route) => {
        asked.push(route.request().url());
        return route.abort();
      });
      await assert.rejects(call("run"), /weights\.example/);
      await element().locator("[part=foot]").filter({ hasText: "weights.example, which will see your address" }).waitFor();
      assert.deepEqual(asked, []);
      await element().getByRole("button", { name: "Fetch and run" }).click();
      await element().locator("[part=foot] .wrong").waitFor();
      assert.deepEqual(asked, ["https://weights.example/model.safetensors"], "it is asked once the reader agreed");
    });

    it("shows labels of markup as text", async () => {
      const figure = JSON.parse(await readFile(path.join(dist, "demo/ioi/figure.json"), "utf8"));
      figure.title = "<img src=x onerror=window.hurt=1>";
      figure.view.labels = { "A1.3": "<b onclick=x>mover" };
      server.add("/markup.json", JSON.stringify(figure));
      await write(`<circuit-scope src="/markup.json"></circuit-scope>`);
      await ready();
      assert.match(await element().locator("[part=caption]").innerText(), /<img src=x/);
      assert.match(await element().locator(".cs-drawing svg").evaluate((svg) => svg.textContent), /<b onclick=x>mover/);
      assert.equal(await page.evaluate(() => window.hurt), undefined);
    });
  });

  describe("in an iframe", () => {
    const frame = async (query, listen = "") => {
      await write(`<iframe src="${SITE}embed.html?figure=demo/ioi/figure.json&engine=cpu${query}" style="width:100%;height:100px"></iframe>`, `
        <script>window.heights = []; window.changes = []; addEventListener("message", ({ data }) => { if (data.type === "circuitscope:height") heights.push(data.height); if (data.type === "circuitscope:change") changes.push(data.edges); });${listen}</script>`);
      const handle = await page.waitForSelector("iframe");
      const inner = await handle.contentFrame();
      await inner.waitForFunction(() => document.querySelector("circuit-scope")?.shadowRoot?.querySelector(".cs-drawing [data-node]"));
      return inner;
    };

    it("tells its height, and takes the number of edges and the theme", async () => {
      const inner = await frame("&edges=12");
      assert.equal(await inner.evaluate(() => document.querySelector("circuit-scope").save().edges), 12);
      await page.waitForFunction(() => heights.at(-1) > 500);
      assert.equal(await page.evaluate(() => heights.at(-1)), await inner.evaluate(() => Math.ceil(document.querySelector("main").getBoundingClientRect().height)));
      await page.evaluate(() => document.querySelector("iframe").contentWindow.postMessage({ type: "circuitscope:set", edges: 20, theme: "dark" }, location.origin));
      await inner.waitForFunction(() => document.querySelector("circuit-scope").save().edges === 20);
      assert.equal(await inner.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(17, 21, 27)");
      await page.waitForFunction(() => changes.at(-1) === 20);
    });

    it("listens to no other page than the one around it", async () => {
      const inner = await frame("&origin=https://another.example");
      await page.evaluate(() => document.querySelector("iframe").contentWindow.postMessage({ type: "circuitscope:set", edges: 3 }, "*"));
      await inner.evaluate(() => window.postMessage({ type: "circuitscope:set", edges: 4 }, "*"));
      await page.waitForTimeout(300);
      assert.ok((await inner.evaluate(() => document.querySelector("circuit-scope").save().edges)) > 4);
    });

    it("asks before it fetches a figure of another host", async () => {
      await write(`<iframe src="${SITE}embed.html?figure=https://figures.example/f.json"></iframe>`);
      const inner = await (await page.waitForSelector("iframe")).contentFrame();
      await inner.getByRole("button", { name: "Fetch it" }).waitFor();
      assert.match(await inner.locator("main").innerText(), /figures\.example/);
    });
  });
});
