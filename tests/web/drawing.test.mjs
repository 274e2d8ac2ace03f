// The drawing in its room: it fits, is magnified, keeps its order, and has names that scripts can rely on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { drawingOf } from "./support/drawing.mjs";
import { PHONE, middleOf } from "./support/page.mjs";
import { pageSuite } from "./support/suite.mjs";

/** The two edges of the demo's circuit. */
const IN = "Resid Start->A3.0.V";
const OUT = "A3.0->Resid End";

await pageSuite("the drawing as a whole", ({ page, ui, visitor }) => {
  const { button } = ui;
  const { nodes, edges, boxAt, viewBox, nothingIsSelected, view, openRandom } = drawingOf({ page, ui });

  it("carries names that scripts can rely on", async () => {
    assert.equal(await page.locator("[data-figure=circuit]").count(), 1);
    assert.deepEqual((await nodes()).sort(), ["A3.0", "Resid End", "Resid Start"]);
    assert.deepEqual((await edges()).sort((a, b) => a.edge.localeCompare(b.edge)), [
      { edge: OUT, src: "A3.0", dest: "Resid End" },
      { edge: IN, src: "Resid Start", dest: "A3.0" },
    ]);
    assert.deepEqual(await ui.box("A3.0").locator("[data-port]").evaluateAll((ports) => ports.map(({ dataset }) => dataset.port)), ["Q", "K", "V"]);
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

    it("by the wheel with Ctrl, so that a box stays under the pointer", async () => {
      const sizeOf = async (name) => (await ui.box(name).locator(".box").boundingBox()).width;
      const [whole, at, width] = [await viewBox(), await boxAt("A3.0"), await sizeOf("A3.0")];
      // A pointer is at whole pixels.
      const pointer = { x: Math.round(at.x), y: Math.round(at.y) };
      const isUnderPointer = async () => {
        const [now, scale] = [await boxAt("A3.0"), (await sizeOf("A3.0")) / width];
        const away = (axis) => now[axis] - pointer[axis] - scale * (at[axis] - pointer[axis]);
        // A drawing is whole pixels large, and its room may be a part of one larger.
        return Math.hypot(away("x"), away("y")) < 0.5 * scale;
      };
      await page.mouse.move(pointer.x, pointer.y);
      const turn = async (way) => {
        await page.keyboard.down("Control");
        await page.mouse.wheel(0, way);
        await page.keyboard.up("Control");
      };
      for (const n of [1, 2, 3]) {
        await turn(-200);
        // e^0.36 = 1.43 times as large at each turn of 200 pixels.
        await ui.until(async () => (await sizeOf("A3.0")) > 1.4 ** n * width);
        assert.ok(await isUnderPointer(), `${n} turns nearer`);
      }
      const near = await sizeOf("A3.0");
      await turn(200);
      await ui.until(async () => (await sizeOf("A3.0")) < near);
      assert.ok(await isUnderPointer(), "a turn back");
      await turn(2000);
      await ui.until(async () => (await viewBox()).width === whole.width, "the whole");
      assert.deepEqual(await viewBox(), whole, "it is no smaller than its room");
      assert.ok(await button("Fit to view").isDisabled());
    });

    it("and stays so where the window changes, around the same middle", async () => {
      await button("Zoom in").click();
      const { x, y, width, height } = await viewBox();
      const room = await page.locator(".room").boundingBox();
      const middle = [(x + width / 2) / room.width, (y + height / 2) / room.height];
      const size = page.viewportSize();
      await page.setViewportSize({ width: size.width + 120, height: size.height });
      await ui.until(async () => (await page.locator(".room").boundingBox()).width > room.width && (await viewBox()).width > width, "a wider room");
      const [now, wider] = [await viewBox(), await page.locator(".room").boundingBox()];
      assert.ok(now.width < wider.width - 1, "it is still magnified");
      assert.ok(Math.hypot((now.x + now.width / 2) / wider.width - middle[0], (now.y + now.height / 2) / wider.height - middle[1]) < 0.02);
      await page.setViewportSize(size);
      await button("Fit to view").click();
    });

    for (const [direction, dx, dy] of [["across", 1, 0], ["up and down", 0, 1], ["aslant", 0.8, -0.6]]) {
      it(`by two fingers that move apart ${direction}`, async () => {
        const { page, ui, context } = await visitor({ viewport: PHONE, hasTouch: true });
        await ui.visit();
        const { viewBox, nothingIsSelected } = drawingOf({ page, ui });
        const whole = await viewBox();
        const room = await page.locator(".room").boundingBox();
        const session = await context.newCDPSession(page);
        const middle = middleOf(room);
        /** Two fingers as far from the middle of the room. */
        const fingers = (reach) => [-reach, reach].map((way, id) => ({ id, x: middle.x + way * dx, y: middle.y + way * dy }));
        const touch = (type, touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
        /** The point of the drawing under a finger. */
        const under = ({ x, y }, box) => {
          const scale = whole.width / box.width;
          return { x: box.x + (x - room.x) / scale, y: box.y + (y - room.y) / scale };
        };
        const isScale = (scale) => ui.until(
          async () => Math.abs((await viewBox()).width * scale - whole.width) < 0.5,
          async () => `${scale} times as large as ${JSON.stringify(whole)} in ${JSON.stringify(room)}, not ${JSON.stringify(await viewBox())} in ${JSON.stringify(await page.locator(".room").boundingBox())}`,
        );
        await touch("touchStart", fingers(40));
        for (const reach of [50, 60, 70, 80]) await touch("touchMove", fingers(reach));
        await isScale(2);
        const near = await viewBox();
        for (const [i, before] of fingers(40).entries()) {
          const [was, is] = [under(before, whole), under(fingers(80)[i], near)];
          assert.ok(Math.hypot(is.x - was.x, is.y - was.y) < 1, `finger ${i} was over ${JSON.stringify(was)}, and is over ${JSON.stringify(is)}`);
        }
        for (const reach of [70, 60, 50]) await touch("touchMove", fingers(reach));
        await isScale(1.25);
        await touch("touchEnd", []);
        await isScale(1.25);
        await nothingIsSelected();
        assert.equal(await page.evaluate(() => visualViewport.scale), 1, "the page itself is as large as before");
      });
    }

    it("on the whole screen", async () => {
      await view("Full screen");
      await page.waitForFunction(() => document.fullscreenElement?.classList.contains("figure"));
      await ui.drawing().focus();
      await page.keyboard.press("f");
      await page.waitForFunction(() => !document.fullscreenElement);
    });
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
