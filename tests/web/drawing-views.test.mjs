// The drawing seen otherwise: its directions and looks, parts of it, and what it shows where edges are many.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { drawingOf } from "./support/drawing.mjs";
import { PHONE } from "./support/page.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("the drawing is seen otherwise", ({ page, ui }) => {
  const { button } = ui;
  const { nodes, edges, boxAt, leftOut, isSelected, view, openRandom } = drawingOf({ page, ui });

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

  describe("with more than 300 edges apart", () => {
    const openApart = async (n) => {
      await openRandom(n);
      await button("Heads apart").click();
      await ui.drawn(n);
      // How many paths each drawing has from now on that merges edges.
      await page.evaluate(() => {
        window.merged = [];
        const svg = document.querySelector(".cs-drawing > svg");
        const look = () => merged.push(...[...svg.querySelectorAll("g.ribbons.merged")].map((ribbons) => ribbons.childElementCount));
        new MutationObserver(look).observe(svg, { childList: true });
      });
    };
    const merged = () => page.evaluate(() => window.merged);
    /** So many are drawn, an element an edge, and nothing else is. */
    const assertApart = async (n) => {
      assert.equal(await page.locator(".cs-drawing g.ribbons.merged").count(), 0);
      const names = (await edges()).map(({ edge }) => edge);
      assert.deepEqual([names.length, new Set(names).size], [n, n]);
      assert.equal(await page.locator(".cs-drawing .ribbons > *").count(), n);
    };

    // Ribbons of one width and sign are merged: the strongest edges have each a width of their own, the others all the least.
    for (const [n, mostPaths] of [[320, 332], [1200, 120]]) {
      it(`merges ${n} while keys follow each other, and has an element an edge when it rests`, async () => {
        await openApart(n);
        await assertApart(n);
        await ui.press(...Array(12).fill("ArrowRight"));
        await ui.drawn(n + 12);
        await assertApart(n + 12);
        assert.equal(await ui.count(), n + 12);
        const paths = await merged();
        assert.ok(paths.length > 0 && paths.every((path) => path > 0 && path <= mostPaths), `${paths} paths`);
        await ui.hoverOneOf((await edges()).map(({ edge }) => edge));
        await ui.tip().waitFor();
      });
    }

    it("never merges them while one is selected", async () => {
      await openApart(320);
      const { x, y } = await ui.pointOnOneOf((await edges()).map(({ edge }) => edge));
      await page.mouse.click(x, y);
      const selected = await page.locator(".cs-drawing .ribbons > .sel").getAttribute("data-edge");
      await ui.press(...Array(6).fill("ArrowRight"));
      await ui.drawn(326);
      await assertApart(326);
      assert.deepEqual(await merged(), []);
      assert.equal(await page.locator(".cs-drawing .ribbons > .sel").getAttribute("data-edge"), selected);
    });
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
