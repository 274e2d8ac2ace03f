// The strip: the curve of a measure over the size of the circuit, and the knob on it that sets the size.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { middleOf } from "./support/page.mjs";
import { randomModel } from "./support/random_model.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("the strip", ({ page, ui, visitor }) => {
  const strip = () => page.locator(".cs-strip");
  const dots = () => strip().locator("svg.strip .chosen .dot");
  const axis = () => strip().locator("svg.strip").getAttribute("aria-label");
  /** Random weights and scores: 1,519 edges, all of different scores, and no circuit that was run. */
  const openRandom = async () => {
    await ui.drop(randomModel());
    await ui.allReady();
  };
  /** Only its scores, so that nothing is run. */
  const openScores = () => ui.drawScores(randomModel());
  const knobAt = async () => middleOf(await ui.knob().boundingBox());

  describe("has a knob that is a slider", () => {
    it("which says the size of the circuit, and its reading in words", async () => {
      const knob = ui.knob();
      assert.equal(await knob.getAttribute("aria-label"), "Edges kept in the circuit");
      const value = async () => Promise.all(["min", "max", "now", "text"].map((part) => knob.getAttribute(`aria-value${part}`)));
      assert.deepEqual(await value(), ["0", "77", "2", "2 edges, |score| at least 1.00, KL 0.00, logit diff 0.73"]);
      await ui.press("Home");
      assert.equal((await value())[2], "0");
      assert.match((await value())[3], /^0 edges, /);
      assert.equal(await knob.innerText(), "0");
    });

    it("which stops where circuits end: edges of one score come in together", async () => {
      for (const [key, n] of [["ArrowRight", 77], ["ArrowLeft", 2], ["ArrowDown", 0], ["ArrowUp", 2], ["End", 77], ["PageDown", 2], ["Home", 0], ["PageUp", 2]]) {
        await ui.press(key);
        assert.equal(await ui.count(), n, key);
      }
    });

    it("which steps by one, by ten, by half of it, and to the ends", async () => {
      await openScores();
      await ui.chooseCount(40);
      for (const [key, n] of [
        ["ArrowRight", 41], ["Shift+ArrowRight", 51], ["Shift+ArrowLeft", 41], ["ArrowLeft", 40], ["PageUp", 60], ["PageDown", 40],
        ["End", 1519], ["ArrowRight", 1519], ["Home", 0], ["ArrowLeft", 0],
      ]) {
        await ui.press(key);
        assert.equal(await ui.count(), n, key);
      }
    });

    it("which takes typed digits at Enter, and forgets them at Escape or where the focus leaves", async () => {
      await openScores();
      await ui.press("3", "1");
      assert.equal(await ui.knob().innerText(), "31_");
      const before = await ui.count();
      assert.notEqual(before, 31);
      await page.keyboard.press("Backspace");
      assert.equal(await ui.knob().innerText(), "3_");
      await page.keyboard.press("5");
      await page.keyboard.press("Enter");
      assert.equal(await ui.count(), 35);
      assert.equal(await ui.knob().innerText(), "35");
      await ui.drawn(35);
      await ui.press("9", "Escape");
      assert.equal(await ui.count(), 35);
      await ui.press("9", "Tab");
      assert.equal(await ui.count(), 35);
      assert.equal(await ui.knob().innerText(), "35");
      // No number has more digits than the number of edges: the fifth is none, and 9,999 are all there are.
      await ui.press("9", "9", "9", "9", "9", "Enter");
      assert.equal(await ui.count(), 1519);
    });

    it("which takes nothing but digits", async () => {
      for (const key of ["-", ".", "x"]) {
        await ui.press(key, "Enter");
        assert.equal(await ui.count(), 2, key);
        await ui.drawn(2);
      }
    });

    it("whose digits are no shortcuts of the page", async () => {
      await ui.press("1");
      assert.equal(await page.locator(".drawer .pane").count(), 0);
      await page.keyboard.press("Escape");
    });
  });

  it("leaves the circuit of a file alone that comes before a key has settled", async () => {
    const { page, ui } = await visitor();
    // Timers end when the test lets them.
    await page.clock.install();
    await ui.visit();
    const { name, text } = await ui.saved(() => ui.menu("share", /^Edges as JSON/));
    await page.clock.pauseAt(Date.now() + 60_000);
    await ui.press("End");
    await ui.drawn(77);
    assert.ok(await ui.button("Undo").isDisabled(), "the key has not settled");
    await ui.drop([{ name, base64: btoa(text) }]);
    await ui.drawn(2);
    await page.clock.runFor(2000);
    assert.equal(await ui.count(), 2);
    await ui.drawn(2);
    // One step back are the scores of before, with the circuit that had settled.
    await ui.button("Undo").click();
    await ui.shows("[data-section=scores]", /official circuit/);
    assert.equal(await ui.count(), 2);
    assert.ok(await ui.button("Undo").isDisabled(), "there is no step to the key's circuit");
  });

  describe("is dragged", () => {
    it("and draws the circuit at once, and runs it where it comes to rest", async () => {
      await openRandom();
      await ui.onCpu();
      await ui.chooseCount(20);
      await ui.status(/Done: the chosen circuit/);
      const { x, y } = await knobAt();
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + 60, y, { steps: 6 });
      const on = await ui.count();
      assert.ok(on > 20, `${on}`);
      await ui.drawn(on);
      assert.match(await ui.reading(), new RegExp(`^k = ${on} edges`));
      await page.mouse.move(x + 90, y, { steps: 6 });
      const further = await ui.count();
      assert.ok(further > on, `${further}`);
      await page.mouse.up();
      assert.equal(await ui.count(), further);
      await page.waitForFunction(() => document.querySelectorAll("svg.strip .chosen .dot").length >= 2);
      await ui.shows(".reading", new RegExp(`^k = ${further} edges.*KL`));
      await page.mouse.move(x, y);
      assert.equal(await ui.count(), further, "moving without the button points only");
    });

    it("by its curve as well, to the count that is there", async () => {
      await ui.press("Home");
      await strip().locator("svg.strip .chosen .dot").last().waitFor({ state: "attached" });
      const all = middleOf(await dots().last().boundingBox());
      await page.mouse.click(all.x, all.y);
      await ui.countIs(77);
      const none = middleOf(await dots().first().boundingBox());
      await page.mouse.move(all.x, all.y);
      await page.mouse.down();
      await page.mouse.move(none.x, none.y, { steps: 5 });
      await page.mouse.up();
      await ui.countIs(0);
      const { x } = await knobAt();
      assert.ok(Math.abs(x - none.x) < 30, "the knob is over its dot");
    });

    it("and a drag is one step to undo", async () => {
      await openScores();
      await ui.chooseCount(20);
      await page.waitForFunction(() => !document.querySelector("[aria-label=Undo]").disabled);
      const { x, y } = await knobAt();
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + 80, y, { steps: 8 });
      await page.mouse.up();
      const far = await ui.count();
      assert.ok(far > 20);
      await page.keyboard.press("Control+z");
      await ui.countIs(20);
      await ui.drawn(20);
      await page.keyboard.press("Control+y");
      await ui.countIs(far);
    });
  });

  describe("shows a curve", () => {
    it("of measured circuits, with the middle half of the prompts and the unpatched model", async () => {
      assert.equal(await dots().count(), 3);
      assert.ok(await strip().locator("svg.strip .bands path").count());
      assert.ok(await strip().locator("svg.strip .levels path").count());
      assert.match(await axis(), /KL|faithful|Clean/i);
    });

    it("only once something was run: before, the sizes of the scores", async () => {
      await openRandom();
      assert.ok(await strip().locator("svg.strip .distribution .line").count());
      assert.equal(await dots().count(), 0);
      assert.match(await ui.reading(), /not run/);
      await ui.set({ device: "CPU", "edge-counts": "a list", "edge-count-list": "0, 10, 100, 1519" });
      await ui.run();
      assert.equal(await dots().count(), 4);
      assert.equal(await strip().locator("svg.strip .distribution").count(), 0);
    });

    it("as it grows, while circuits are run", async () => {
      await openRandom();
      await ui.set({ device: "CPU", "edge-counts": "all" });
      await ui.runButton().click();
      await page.waitForSelector("svg.strip .chosen.partial .dot", { state: "attached" });
      const some = await dots().count();
      await page.waitForFunction((some) => document.querySelectorAll("svg.strip .chosen .dot").length > some, some);
      await ui.cancelButton().click();
      await page.waitForFunction(() => !document.querySelector("svg.strip .chosen.partial"));
      assert.ok((await dots().count()) >= some);
    });

    it("of the measure that is chosen, on the axis that fits it", async () => {
      const measure = () => page.locator("#metric");
      assert.equal(await measure().inputValue(), "KL divergence from clean");
      const kl = await axis();
      await measure().selectOption({ label: "Correct answer" });
      assert.notEqual(await axis(), kl);
      assert.match(await ui.reading(), /correct/i);
      assert.equal(await strip().locator("svg.strip .bands path").count(), 0, "rights and wrongs have no middle half");
      await measure().selectOption({ label: "Answer log probability" });
      // Below 0 there is no logarithm.
      assert.ok((await strip().locator("svg.strip .grid text").allTextContents()).some((text) => text.startsWith("−")));
      await ui.table("compare");
      await measure().selectOption({ label: "KL divergence from clean" });
      const ticks = () => strip().locator("svg.strip .grid text").allTextContents();
      const logarithmic = await ticks();
      await page.getByRole("checkbox", { name: "logarithmic" }).uncheck();
      assert.notDeepEqual(await ticks(), logarithmic);
    });

    it("beside those that were pinned, until they are unpinned", async () => {
      const pinned = () => strip().locator("svg.strip .pinned > *").count();
      assert.equal(await pinned(), 0);
      await ui.button("Pin").click();
      assert.equal(await page.locator(".series .key .name").innerText(), "official circuit · edge · resample");
      await ui.set({ device: "CPU", ablation: "zero" });
      await ui.run();
      assert.equal(await pinned(), 1);
      await page.getByRole("button", { name: "Unpin official circuit · edge · resample" }).first().click();
      assert.equal(await pinned(), 0);
      assert.equal(await page.locator(".series .key").count(), 0);
    });

    it("whose changed circuits are a point beside it, with the way back", async () => {
      await ui.onCpu();
      await ui.click("A3.0->Resid End");
      await page.getByRole("switch", { name: "In the circuit" }).click();
      await strip().locator(".above .mark.edited").waitFor();
      await ui.shows(".left-out", /1 edge changed, 1 of them taken out/);
      await page.getByRole("button", { name: "Back to the top 2" }).click();
      assert.equal(await strip().locator(".above .mark.edited").count(), 0);
      await ui.drawn(2);
    });
  });
});
