// The drawing: what the pointer, a finger and the keys find in it, and how much of a circuit it shows.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";

import { PHONE, drive, openSite } from "./support/page.mjs";
import { randomModel } from "./support/random_model.mjs";
import { SITE } from "./support/server.mjs";

/** The two edges of the demo's circuit. */
const IN = "Resid Start->A3.0.V";
const OUT = "A3.0->Resid End";

describe("the drawing", () => {
  let site, page, ui;
  before(async () => {
    site = await openSite();
    ({ page, ui } = site);
  });
  after(() => site?.close());
  beforeEach(async () => {
    site.errors.length = 0;
    await ui.open();
  });
  afterEach(() => assert.deepEqual(site.errors, []));

  const button = (name) => page.getByRole("button", { name, exact: true });
  const title = () => page.locator(".inspector h2").first().innerText();
  const isSelected = (name) => page.waitForFunction((name) => document.querySelector(".inspector h2").innerText === name, name);
  const nothingIsSelected = () => page.waitForFunction(() => !document.querySelector(".inspector [aria-label='Clear the selection']"));
  const said = (pattern) => ui.shows(".figure > [aria-live=polite]", pattern);
  const effects = () => page.locator("table.effects tbody tr").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.innerText)));
  const viewBox = () => page.locator(".cs-drawing > svg").evaluate(({ viewBox: { baseVal: { x, y, width, height } } }) => ({ x, y, width, height }));
  const nodes = () => page.locator(".cs-drawing .nodes > [data-node]").evaluateAll((boxes) => boxes.map((box) => box.dataset.node));
  const edges = () => ui.ribbons().evaluateAll((ribbons) => ribbons.map(({ dataset: { edge, src, dest } }) => ({ edge, src, dest })));
  const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });
  const boxAt = async (name) => middle(await ui.box(name).locator(".box").boundingBox());
  /** How many edges are drawn, how many of the circuit are not, and how many others. */
  const leftOut = async () => {
    const text = (await page.textContent(".left-out > span")).replaceAll(",", "");
    return [/(\d+) edges? drawn/, /(\d+) edges? of the circuit/, /(\d+) edges? outside it/].map((part) => Number(part.exec(text)?.[1] ?? 0));
  };
  const view = async (choice) => {
    await page.locator(".view-menu > button").click();
    const named = { name: new RegExp(`^${choice}`) };
    const pop = page.locator(".view-menu .pop");
    await pop.getByRole("button", named).or(pop.getByRole("checkbox", named)).click();
    await page.keyboard.press("Escape");
  };
  /** Random scores: 4 layers of 8 heads, 1,519 edges. */
  const openRandom = async (count, sizes) => {
    await ui.drawScores(randomModel(sizes));
    if (count !== undefined) await ui.chooseCount(count);
  };

  describe("at the pointer", () => {
    it("says name, score and rank of a ribbon, and lights up its ends", async () => {
      await ui.hover(OUT);
      await ui.tip().waitFor();
      assert.match(await ui.tip().innerText(), /^A3\.0 → Unembed\s+\+1\.00 · rank \d of 77$/);
      assert.ok(await ui.ribbon(OUT).evaluate((ribbon) => ribbon.classList.contains("hot")));
      assert.deepEqual(await page.locator(".cs-drawing .lit").evaluateAll((lit) => lit.map(({ dataset }) => dataset.node)), ["A3.0", "Resid End"]);
      await said(/^A3\.0 → Unembed \+1\.00, rank \d of 77$/);
      const room = await page.locator(".room").boundingBox();
      const tip = await ui.tip().boundingBox();
      assert.ok(tip.x >= room.x && tip.x + tip.width <= room.x + room.width && tip.y >= room.y, JSON.stringify({ room, tip }));
      await page.mouse.move(5, 5);
      assert.equal(await ui.tip().count(), 0);
      assert.equal(await page.locator(".cs-drawing .hot, .cs-drawing .lit").count(), 0);
    });

    it("says what goes in and out of a box", async () => {
      const { x, y } = await boxAt("A3.0");
      await page.mouse.move(x, y);
      await ui.tip().waitFor();
      assert.match(await ui.tip().innerText(), /^A3\.0\s+1 edge in, 1 out$/);
    });

    it("changes classes, and no element", async () => {
      await openRandom(60);
      await page.evaluate(() => {
        window.changes = 0;
        new MutationObserver((list) => { window.changes += list.length; })
          .observe(document.querySelector(".cs-drawing > svg"), { childList: true, subtree: true });
      });
      const { x, y, width, height } = await page.locator(".room").boundingBox();
      for (let i = 1; i < 30; i++) await page.mouse.move(x + (width * i) / 30, y + height * (0.3 + 0.02 * (i % 10)));
      await ui.hoverOneOf((await edges()).map(({ edge }) => edge));
      await ui.tip().waitFor();
      await page.mouse.move(5, 5);
      assert.equal(await page.evaluate(() => window.changes), 0);
    });
  });

  describe("at a click", () => {
    it("shows an edge in the inspector, and lets go at another click or at Escape", async () => {
      await ui.click(OUT);
      await isSelected("A3.0 → Unembed");
      const facts = await ui.inspector().innerText();
      assert.match(facts, /\+1\.00\s+score · helps the answer/);
      assert.match(facts, /Rank\s+\d of 77/);
      assert.match(facts, /auto-circuit's name\s+A3\.0->Resid End/);
      assert.ok(await ui.ribbon(OUT).evaluate((ribbon) => ribbon.classList.contains("sel")));
      await ui.click(OUT);
      await nothingIsSelected();
      await ui.click(IN);
      await isSelected("Embed → A3.0 · V");
      await page.keyboard.press("Escape");
      await nothingIsSelected();
      await ui.click(IN);
      await button("Clear the selection").click();
      await nothingIsSelected();
    });

    it("on its ground lets go", async () => {
      await ui.click(OUT);
      await isSelected("A3.0 → Unembed");
      const { x, y } = await page.locator(".room").boundingBox();
      await page.mouse.click(x + 3, y + 3);
      await nothingIsSelected();
    });

    it("shows a box, with its edges, which lead on", async () => {
      const { x, y } = await boxAt("A3.0");
      await page.mouse.click(x, y);
      await isSelected("A3.0");
      assert.match(await ui.inspector().innerText(), /head 0 of layer 3\. 1 in, 1 out, of 2 edges\./);
      await ui.inspector().getByRole("button", { name: "Embed → A3.0 · V" }).click();
      await isSelected("Embed → A3.0 · V");
      assert.ok(await ui.ribbon(IN).evaluate((ribbon) => ribbon.classList.contains("sel")));
    });

    it("is the same selection as in the table of edges", async () => {
      const table = await ui.table("edges");
      await ui.click(OUT);
      await isSelected("A3.0 → Unembed");
      assert.match(await table.locator("tr.chosen").innerText(), /A3\.0\s+Unembed/);
      await table.getByRole("button", { name: "Embed" }).click();
      await isSelected("Embed → A3.0 · V");
      assert.ok(await ui.ribbon(IN).evaluate((ribbon) => ribbon.classList.contains("sel")));
    });

    it("shows the edge under a finger", async () => {
      const context = await site.browser.newContext({ viewport: PHONE, hasTouch: true });
      try {
        const phone = await context.newPage();
        const touched = drive({ page: phone, server: site.server });
        await phone.goto(site.server.origin + SITE);
        await touched.isDrawn();
        const { x, y } = await touched.pointOnOneOf([OUT]);
        await phone.touchscreen.tap(x, y);
        await phone.waitForFunction(() => document.querySelector(".inspector h2").innerText === "A3.0 → Unembed");
      } finally {
        await context.close();
      }
    });
  });

  describe("changed by hand", () => {
    beforeEach(() => ui.onCpu());

    const inCircuit = () => page.getByRole("switch", { name: "In the circuit" });
    /** Takes an edge out. The other one is enough: what it carries goes on along edges outside of the circuit, too. */
    const takeOut = async (edge) => {
      await ui.click(edge);
      await inCircuit().click();
      assert.equal(await inCircuit().getAttribute("aria-checked"), "false");
      // Its ribbon stays, as a trace.
      await page.waitForFunction((edge) => document.querySelector(`.cs-drawing [data-edge="${edge}"]`).classList.contains("ghost"), edge);
    };

    it("runs again without its edges: reading and tokens change, and can be undone", async () => {
      assert.match(await ui.reading(), /KL 0\.00\b/);
      await takeOut(IN);
      await ui.shows(".reading", /KL (0\.00|\d\.\de.\d\d).*changed/);
      await ui.shows(".left-out", /1 edge changed, 1 of them taken out/);
      await takeOut(OUT);
      // What the recorded circuit of no edges has.
      await ui.shows(".reading", /KL 0\.27/);
      const [kl, logits] = await effects();
      assert.deepEqual(kl, ["KL", "0.0000", "0.2671", "+0.27"]);
      assert.match(logits.join(" "), /^logit diff\w* 0\.7333 .0\.7333 −1\.47$/i);
      assert.match(await page.textContent(".left-out"), /2 edges changed, 2 of them taken out/);
      await ui.shows(".cs-next .wrong td:last-child", /57\.6 %/);
      await button("Undo").click();
      await ui.shows(".left-out", /1 edge changed/);
      assert.equal(await inCircuit().getAttribute("aria-checked"), "true");
      await button("Redo").click();
      await ui.shows(".reading", /KL 0\.27/);
      await page.keyboard.press("Control+z");
      await page.keyboard.press("Control+z");
      await ui.until(async () => !/changed/.test(await ui.reading()));
      assert.match(await ui.reading(), /KL 0\.00\b/);
      assert.ok(await button("Undo").isDisabled());
    });

    it("takes a part of an edge", async () => {
      await takeOut(IN);
      await ui.click(OUT);
      await page.locator("#mask").fill("0.5");
      assert.equal(await page.locator(".mask output").innerText(), "0.50");
      await ui.until(async () => /KL 0\.[01]*[1-9]/.test(await ui.reading()));
      const kl = Number((await effects())[0][2]);
      assert.ok(kl > 0.001 && kl < 0.2671, `${kl}`);
      await ui.hover(OUT);
      assert.match(await ui.tip().innerText(), /mask 0\.50/);
      assert.ok(await ui.ribbon(OUT).locator(".missing").count(), "the part that is missing is seen");
      await page.keyboard.press("Control+z");
      await ui.shows(".mask output", /1\.00/);
    });

    it("is changed by the table of edges as well", async () => {
      const table = await ui.table("edges");
      const box = (edge) => table.getByRole("checkbox", { name: `${edge} in the circuit` });
      await box("A3.0 → Unembed").uncheck();
      await box("Embed → A3.0 · V").uncheck();
      await ui.shows(".reading", /KL 0\.27/);
      await button("Back to the top 2").click();
      await ui.shows(".reading", /KL 0\.00\b/);
      assert.ok(await box("A3.0 → Unembed").isChecked());
    });
  });

  describe("with the keyboard", () => {
    it("is one stop of Tab, walked by arrows along the strongest edges, and looked into by Enter", async () => {
      await button("View: how the circuit is drawn").focus();
      await page.keyboard.press("Tab");
      assert.ok(await ui.drawing().evaluate((drawing) => drawing === document.activeElement));
      for (const [key, heard] of [
        ["ArrowRight", /^Embed, 0 edges in, 1 out$/],
        ["ArrowRight", /^A3\.0, 1 edge in, 1 out$/],
        ["ArrowRight", /^Unembed, 1 edge in, 0 out$/],
        ["ArrowRight", /^Unembed,/],
        ["ArrowLeft", /^A3\.0,/],
        ["e", /^Embed → A3\.0 · V \+1\.00, rank \d of 77$/],
        ["ArrowDown", /^A3\.0 → Unembed \+1\.00/],
      ]) {
        await page.keyboard.press(key);
        await said(heard);
      }
      await page.keyboard.press("Enter");
      await isSelected("A3.0 → Unembed");
      await page.keyboard.press("Escape");
      await nothingIsSelected();
      assert.ok(await ui.drawing().evaluate((drawing) => drawing === document.activeElement), "the focus stays");
      await page.keyboard.press("Tab");
      assert.ok(!(await ui.drawing().evaluate((drawing) => drawing.contains(document.activeElement))), "and leaves at once");
    });

    it("puts an edge in and out by Enter, and e leads back to its box", async () => {
      await ui.onCpu();
      await ui.drawing().focus();
      for (const key of ["ArrowRight", "ArrowRight", "e", "Enter"]) await page.keyboard.press(key);
      await isSelected("Embed → A3.0 · V");
      await page.keyboard.press("Enter");
      await ui.shows(".left-out", /1 edge changed, 1 of them taken out/);
      await page.keyboard.press("Enter");
      await ui.until(async () => !/changed/.test(await ui.reading()));
      await page.keyboard.press("e");
      await said(/^A3\.0,/);
    });

    it("names its keys", async () => {
      assert.match(await ui.drawing().getAttribute("aria-keyshortcuts"), /ArrowLeft.*Enter.*Escape/);
      assert.equal(await ui.drawing().getAttribute("aria-label"), "Circuit of 2 edges between 3 nodes");
    });
  });

  describe("is magnified", () => {
    it("by buttons and keys, and fitted again", async () => {
      const whole = await viewBox();
      assert.ok(await button("Fit to view").isDisabled());
      await button("Zoom in").click();
      const near = await viewBox();
      assert.ok(near.width < whole.width && near.x > 0);
      await button("Zoom out").click();
      assert.deepEqual(await viewBox(), whole);
      await ui.drawing().focus();
      await page.keyboard.press("+");
      assert.deepEqual(await viewBox(), near);
      await page.keyboard.press("-");
      assert.deepEqual(await viewBox(), whole);
      for (let i = 0; i < 20; i++) await page.keyboard.press("+");
      assert.ok((await viewBox()).width > whole.width / 13, "not without end");
      await page.keyboard.press("0");
      assert.deepEqual(await viewBox(), whole);
      await button("Zoom in").click();
      await button("Fit to view").click();
      assert.deepEqual(await viewBox(), whole);
    });

    it("by the wheel with Ctrl, around the pointer, and dragged", async () => {
      const whole = await viewBox();
      const { x, y } = await page.locator(".room").boundingBox();
      await page.mouse.move(x + 50, y + 50);
      await page.mouse.wheel(0, -300);
      assert.deepEqual(await viewBox(), whole, "the wheel alone scrolls the page");
      await page.keyboard.down("Control");
      await page.mouse.wheel(0, -300);
      await page.keyboard.up("Control");
      await page.waitForFunction((width) => document.querySelector(".cs-drawing > svg").viewBox.baseVal.width < width, whole.width);
      const near = await viewBox();
      const scale = whole.width / near.width;
      assert.ok(Math.abs(near.x + 50 / scale - 50) < 1 && Math.abs(near.y + 50 / scale - 50) < 1, "what was under the pointer still is");
      await page.mouse.down();
      await page.mouse.move(x + 30, y + 40, { steps: 3 });
      await page.mouse.up();
      const moved = await viewBox();
      assert.ok(Math.abs(moved.x - (near.x + 20 / scale)) < 1 && Math.abs(moved.y - (near.y + 10 / scale)) < 1);
      await nothingIsSelected();
    });

    it("on the whole screen", async () => {
      await view("Full screen");
      await page.waitForFunction(() => document.fullscreenElement?.classList.contains("figure"));
      await ui.drawing().focus();
      await page.keyboard.press("f");
      await page.waitForFunction(() => !document.fullscreenElement);
    });
  });

  describe("is seen otherwise", () => {
    it("from left to right or from top to bottom", async () => {
      const ends = async () => [await boxAt("Resid Start"), await boxAt("Resid End")];
      const [from, to] = await ends();
      assert.ok(to.x - from.x > 400 && Math.abs(to.y - from.y) < 200);
      const goesDown = async () => {
        const [top, bottom] = await ends();
        return bottom.y - top.y > 150 && Math.abs(bottom.x - top.x) < 200;
      };
      await button("Turn the drawing").click();
      await ui.until(goesDown);
      await page.keyboard.press("r");
      await ui.until(async () => JSON.stringify(await ends()) === JSON.stringify([from, to]));
      await ui.open({ size: PHONE });
      await ui.until(goesDown, "on a phone it goes down");
    });

    it("as a matrix, from 100 edges on, with the same selection", async () => {
      await openRandom(99);
      assert.equal(await button("Matrix").count(), 0);
      await ui.press("ArrowRight");
      await button("Matrix").click();
      await page.waitForSelector(".cs-drawing svg.matrix");
      assert.deepEqual(await leftOut(), [100, 0, 1419]);
      const cell = page.locator('.cs-drawing [data-edge*="->MLP"]').first();
      const name = await cell.getAttribute("data-edge");
      await cell.hover({ force: true });
      assert.match(await ui.tip().innerText(), /rank \d+ of 1,519/);
      await cell.click({ force: true });
      await isSelected(name.replace("Resid Start", "Embed").replace("->", " → "));
      await button("Flow").click();
      await ui.drawn(100);
      assert.ok(await ui.ribbon(name).evaluate((ribbon) => ribbon.classList.contains("sel")));
    });

    it("as auto-circuit draws it", async () => {
      await view("As auto-circuit draws it");
      await page.waitForFunction(() => !document.querySelector(".cs-drawing > svg.circuit-flow"));
      assert.equal(await page.locator("[data-figure=circuit]").count(), 1);
      await view("Flow");
      await page.waitForSelector(".cs-drawing > svg.circuit-flow");
      await ui.drawn(2);
    });

    it("around one node, by how many edges", async () => {
      await openRandom(80);
      const all = await edges();
      const { src: name } = all.find(({ src }) => src.startsWith("A1."));
      const { x, y } = await boxAt(name);
      await page.mouse.click(x, y);
      await isSelected(name);
      await button("1 edge").click();
      await page.waitForFunction((n) => document.querySelectorAll(".cs-drawing .ribbons > [data-edge]").length < n, all.length);
      const near = await edges();
      assert.ok(near.length > 0 && near.every(({ src, dest }) => [src, dest].includes(name)), JSON.stringify(near));
      assert.deepEqual(near.map(({ edge }) => edge).sort(), all.filter(({ src, dest }) => [src, dest].includes(name)).map(({ edge }) => edge).sort());
      await button("2 edges").click();
      assert.ok((await ui.nRibbons()) >= near.length);
      await button(`‹ All nodes (now around ${name})`).click();
      await ui.drawn(all.length);
    });

    it("close up, a window of layers", async () => {
      await openRandom(200);
      await ui.inspector().locator("#first-layer").selectOption("1");
      await ui.inspector().locator("#last-layer").selectOption("2");
      const all = button("‹ All layers (now 1 to 2)");
      await all.waitFor();
      const drawn = await nodes();
      assert.ok(drawn.some((name) => name.startsWith("A1.")) && drawn.some((name) => name.startsWith("A2.")));
      assert.ok(!drawn.some((name) => /^A[03]\./.test(name)), `${drawn}`);
      const [n, rest, weaker] = await leftOut();
      assert.equal(n + rest + weaker, 1519, "what is not drawn is counted");
      await all.click();
      await ui.drawn(200);
    });

    it("by the layers that a person drags over", async () => {
      await openRandom(200);
      const { x, y, width, height } = await ui.inspector().locator("svg.layers").boundingBox();
      await page.mouse.move(x + width / 2, y + 0.375 * height);
      await page.mouse.down();
      await page.mouse.move(x + width / 2, y + 0.875 * height, { steps: 4 });
      await page.mouse.up();
      await button("‹ All layers (now 1 to 3)").waitFor();
    });

    it("with the heads of a layer in one box where there are many edges, which a click opens", async () => {
      await openRandom(300);
      await ui.drawn(300);
      await ui.press("ArrowRight");
      await page.waitForFunction(() => document.querySelectorAll(".cs-drawing .ribbons > [data-edge]").length <= 58);
      const [n, rest, weaker] = await leftOut();
      assert.deepEqual([n + rest, weaker], [301, 1218], "what is not drawn is counted");
      const together = await nodes();
      assert.ok(together.includes("A2") && !together.some((name) => name.startsWith("A2.")), `${together}`);
      const { x, y } = await boxAt("A2");
      await page.mouse.move(x, y);
      assert.match(await ui.tip().innerText(), /heads of layer 2\s+Click to draw the heads apart/);
      await page.mouse.click(x, y);
      await page.waitForSelector('.cs-drawing .nodes > [data-node^="A2."]');
      assert.ok((await nodes()).includes("A1"), "the others stay as they are");
      await button("Heads apart").click();
      await ui.drawn(301);
      await button("By layer").click();
      await page.waitForSelector('.cs-drawing .nodes > [data-node="A1"]');
    });

    it("with edges on no path faded, or left out", async () => {
      await openRandom(90);
      await ui.drawn(90);
      const off = () => page.locator(".cs-drawing .ribbons > .off").count();
      const faded = await off();
      assert.ok(faded > 0 && faded < 90, `${faded}`);
      const names = await page.locator(".cs-drawing .ribbons > .off").evaluateAll((ribbons) => ribbons.map(({ dataset }) => dataset.edge));
      await ui.hoverOneOf(names);
      assert.match(await ui.tip().innerText(), /on no path from Embed to Unembed/);
      await page.mouse.move(5, 5);
      await page.getByLabel(/on a path only/i).check();
      await ui.drawn(90 - faded);
      assert.equal(await off(), 0);
    });

    it("with Q, K and V as one", async () => {
      await ui.press("End");
      await ui.drawn(77);
      assert.ok((await page.locator(".cs-drawing .nodes .cell").count()) > 0);
      assert.ok((await edges()).some(({ edge }) => /\.[QKV]$/.test(edge)));
      await view("Merge Q, K and V");
      await page.waitForFunction(() => !document.querySelector('.cs-drawing .ribbons > [data-edge$=".Q"]'));
      assert.ok(!(await edges()).some(({ edge }) => /\.[QKV]$/.test(edge)));
    });

    it("in an order of its own, and back", async () => {
      await openRandom(60);
      const shown = () => page.locator(".cs-drawing .nodes > [data-node] > .box").evaluateAll((boxes) => boxes.map((box) => box.getAttribute("y")).join());
      const usual = await shown();
      await view("Compact order");
      await page.waitForFunction((usual) => [...document.querySelectorAll(".cs-drawing .nodes > [data-node] > .box")].map((box) => box.getAttribute("y")).join() !== usual, usual);
      await view("Compact order");
      await page.waitForFunction((usual) => [...document.querySelectorAll(".cs-drawing .nodes > [data-node] > .box")].map((box) => box.getAttribute("y")).join() === usual, usual);
    });

    it("token by token, where positions are apart", async () => {
      await ui.dropCase("gpt2", ["model.safetensors", "config.json", "prompts.json", "graph2.scores.safetensors"]);
      await ui.allReady();
      await ui.chooseCount(12);
      await page.waitForSelector(".cs-drawing .nodes > [data-seq]");
      const named = (await edges()).map(({ edge }) => edge);
      assert.equal(named.length, 12);
      assert.ok(named.every((edge) => /^\d+:.+->.+$/.test(edge)), `${named}`);
      const { x, y } = await ui.pointOnOneOf(named);
      await page.mouse.click(x, y);
      await ui.shows(".inspector .facts", /Token position\d/);
    });
  });

  it("never puts boxes in another order when an edge more is drawn", async () => {
    await ui.dropCase("gpt2");
    await ui.allReady();
    /** The boxes of each column, from the top. */
    const columns = () => page.locator(".cs-drawing .nodes > [data-node]").evaluateAll((boxes) => {
      const columns = {};
      for (const box of boxes) {
        const { x, y } = box.querySelector(".box").getBoundingClientRect();
        const column = /^A\d+/.exec(box.dataset.node)?.[0] ?? box.dataset.node;
        (columns[column] ??= []).push({ name: box.dataset.node, x, y });
      }
      return Object.values(columns).map((column) => column.sort((a, b) => a.y - b.y).map(({ name }) => name));
    });
    await ui.chooseCount(30);
    await ui.drawn(30);
    let before = (await columns()).flat();
    for (let n = 31; n <= 60; n++) {
      await ui.press("ArrowRight");
      await ui.drawn(n);
      const after = (await columns()).flat();
      const common = (a, b) => a.filter((name) => b.includes(name));
      assert.deepEqual(common(after, before), common(before, after), `${n} edges`);
      before = after;
    }
  });

  it("carries names that scripts can rely on", async () => {
    assert.equal(await page.locator("[data-figure=circuit]").count(), 1);
    assert.deepEqual((await nodes()).sort(), ["A3.0", "Resid End", "Resid Start"]);
    assert.deepEqual((await edges()).sort((a, b) => a.edge.localeCompare(b.edge)), [
      { edge: OUT, src: "A3.0", dest: "Resid End" },
      { edge: IN, src: "Resid Start", dest: "A3.0" },
    ]);
    assert.deepEqual(await ui.box("A3.0").locator("[data-port]").evaluateAll((ports) => ports.map(({ dataset }) => dataset.port)), ["Q", "K", "V"]);
  });

  describe("fits its room", () => {
    const SIZES = [{ width: 1280, height: 800 }, { width: 1600, height: 900 }, PHONE];
    /** What of the drawing is outside of its room, or can be scrolled. */
    const outside = () => page.evaluate(() => {
      const room = document.querySelector(".room");
      const { left, top, right, bottom } = room.getBoundingClientRect();
      const found = [];
      if (room.scrollWidth > room.clientWidth || room.scrollHeight > room.clientHeight) found.push("it can be scrolled");
      for (const element of document.querySelectorAll(".cs-drawing svg :is(rect, path, text, circle)")) {
        if (element.closest("defs, pattern") || !element.getClientRects().length) continue;
        const rect = element.getBoundingClientRect();
        if (rect.left < left - 1 || rect.top < top - 1 || rect.right > right + 1 || rect.bottom > bottom + 1) {
          found.push(`${element.outerHTML.slice(0, 120)} at ${[rect.left - left, rect.top - top, rect.right - right, rect.bottom - bottom].map(Math.round)}`);
        }
      }
      return found;
    });

    for (const nLayers of [1, 4, 12, 30, 48]) {
      it(`at ${nLayers} layer${nLayers === 1 ? "" : "s"}`, async () => {
        for (const size of SIZES) {
          await ui.open({ size });
          await openRandom(undefined, { nLayers, nHeads: 4, dHead: 4 });
          for (const count of [10, 60, 250, 400]) {
            await ui.chooseCount(count);
            await page.waitForFunction((n) => document.querySelector("[data-strip-handle]").ariaValueNow === String(n) || n > Number(document.querySelector("[data-strip-handle]").ariaValueMax), count);
            assert.deepEqual(await outside(), [], `${count} edges in ${size.width} x ${size.height}`);
            assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
          }
        }
      });
    }
  });
});
