// The drawing: what the pointer, a finger and the keys find in it, and what a person changes.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";

import { drawingOf } from "./support/drawing.mjs";
import { PHONE } from "./support/page.mjs";
import { pageSuite } from "./support/suite.mjs";

/** The two edges of the demo's circuit. */
const IN = "Resid Start->A3.0.V";
const OUT = "A3.0->Resid End";

await pageSuite("the drawing", ({ page, ui, visitor }) => {
  const { button } = ui;
  const { edges, boxAt, isSelected, nothingIsSelected, openRandom } = drawingOf({ page, ui });
  /** Waits until a screen reader is told something. */
  const said = (pattern) => ui.shows(".figure > [aria-live=polite]", pattern);
  const effects = () => page.locator("table.effects tbody tr").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.innerText)));

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
      const phone = await visitor({ viewport: PHONE, hasTouch: true });
      await phone.ui.visit();
      const { x, y } = await phone.ui.pointOnOneOf([OUT]);
      await phone.page.touchscreen.tap(x, y);
      await drawingOf(phone).isSelected("A3.0 → Unembed");
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
      assert.deepEqual(kl, ["KL", "0.00", "0.27", "+0.27"]);
      assert.match(logits.join(" "), /^logit diff\w* 0\.73 −0\.73 −1\.47$/i);
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
});
