// How the page looks, where it can be measured: what may not be covered, what stands in the middle, and what is told by its look.

import assert from "node:assert/strict";
import { it } from "node:test";

import { LAPTOP } from "./support/page.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("the look of the page", ({ page, ui }) => {
  const rect = (selector) => page.locator(selector).first().evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return { left, right, top, bottom };
  });

  it("keeps a tip within the drawing from the pointer's first move on", async () => {
    await ui.hover("A3.0->Resid End");
    await ui.tip().waitFor();
    const room = await rect(".room");
    await ui.until(async () => {
      const tip = await rect(".cs-tip");
      return tip.left >= room.left && tip.right <= room.right && tip.right - tip.left > 80;
    }, "the tip is within the room");
  });

  it("draws the matrix of a small circuit in the middle of its room, with one root", async () => {
    await page.locator(".view-menu > button").click();
    await page.locator(".view-menu .pop").getByRole("button", { name: "Matrix", exact: true }).click();
    await page.waitForSelector(".cs-drawing svg.matrix .cells > [data-cell]");
    const room = await rect(".room");
    const cells = await page.locator(".cs-drawing .cells > [data-cell]").evaluateAll((cells) => {
      const rects = cells.map((cell) => cell.getBoundingClientRect());
      const [left, right] = [Math.min(...rects.map((r) => r.left)), Math.max(...rects.map((r) => r.right))];
      const [top, bottom] = [Math.min(...rects.map((r) => r.top)), Math.max(...rects.map((r) => r.bottom))];
      return { left, right, top, bottom };
    });
    const off = (a, b) => Math.abs((cells[a] + cells[b]) / 2 - (room[a] + room[b]) / 2);
    // Names stand at the left and above only, so that the cells are a little to the right and below.
    assert.ok(off("left", "right") < 40 && off("top", "bottom") < 40, JSON.stringify({ room, cells }));
    assert.ok(cells.right - cells.left > 100);
    assert.equal(await page.locator("[data-figure=circuit]").count(), 1);
    assert.match(await page.textContent(".figure-bar .legend"), /half as wide/);
  });

  it("outlines the boxes of a group in the ink of the theme", async () => {
    for (const [theme, ink] of [["light", "rgb(26, 32, 41)"], ["dark", "rgb(231, 235, 240)"]]) {
      await ui.open({ query: "", theme });
      const outlines = page.locator(".cs-drawing .nd > .group");
      await outlines.first().waitFor();
      const strokes = await outlines.evaluateAll((all) => all.map((outline) => getComputedStyle(outline).stroke));
      assert.deepEqual([...new Set(strokes)], [ink], theme);
    }
    await ui.open();
  });

  it("starts with the setup folded where it would lie over the drawing", async () => {
    await ui.open({ size: { width: 1000, height: LAPTOP.height } });
    assert.ok((await rect(".rail")).right <= (await rect(".stage")).left);
    await page.locator(".fold").click();
    await page.locator("[data-section=model]").waitFor();
    await ui.open();
    assert.ok(await page.locator("[data-section=model]").isVisible());
    assert.ok((await rect(".rail")).right <= (await rect(".stage")).left);
  });

  it("tells what is chosen where the system sets the colours", async () => {
    await page.emulateMedia({ forcedColors: "active" });
    try {
      await ui.open();
      await ui.click("A3.0->Resid End");
      const colours = (selector, pseudo) => page.locator(selector).first().evaluate((element, pseudo) => {
        const { backgroundColor, borderTopColor, borderTopWidth } = getComputedStyle(element, pseudo);
        return { ground: backgroundColor, border: borderTopColor, width: borderTopWidth };
      }, pseudo);
      assert.notEqual((await colours(".switch")).ground, (await colours(".switch", "::after")).ground);
      assert.equal((await colours(".legend .swatch")).width, "1px");
      await ui.table("edges");
      assert.notEqual((await colours(".tabs [aria-selected=true]")).border, (await colours(".tabs [aria-selected=false]")).border);
    } finally {
      await page.emulateMedia({ forcedColors: "none" });
    }
  });
});
