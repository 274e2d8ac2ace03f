// The page, used as a person would: the demo, and runs that never stand in the way.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { randomModel } from "./support/random_model.mjs";
import { pageSuite } from "./support/suite.mjs";

/** What counts as a task that a person notices, in milliseconds. */
const LONG_TASK_MS = 50;
/** A first visit has its drawing after so long. */

await pageSuite("the page", ({ page, ui }) => {
  /** The likeliest tokens: what each is called, what it is to the prompt, and its probabilities. */
  const nextTokens = () => page.locator(".cs-next tbody tr").evaluateAll((rows) => rows.map((row) => {
    return [row.querySelector("th").firstChild.textContent, row.className, ...[...row.querySelectorAll("td")].map((td) => td.innerText.trim())];
  }));
  const chosenCircuit = () => page.locator("tr.circuit-row.chosen th").innerText();

  describe("the demo", () => {
    it("is drawn with its results before the engine is fetched", async () => {
      assert.equal(await ui.nRibbons(), 2);
      assert.deepEqual(await ui.circuits(), [
        ["0", "−0.73", "0.27", "0.00"],
        ["2", "0.73", "0.00", "0.27"],
        ["77", "0.73", "0.00", "0.27"],
      ]);
      assert.deepEqual(await page.locator(".cs-next thead th").allInnerTexts(), ["Token", "Clean", "Corrupt", "Circuit"]);
      assert.ok(!ui.asked().some((name) => name.startsWith("engine")), `asked for ${ui.asked()}`);
    });

    it("is redrawn by the strip, with the numbers that belong to it", async () => {
      await ui.table("circuits");
      await ui.press("ArrowRight");
      await ui.drawn(77);
      assert.equal(await chosenCircuit(), "77");
      await ui.press("Home");
      await ui.drawn(0);
      assert.equal(await chosenCircuit(), "0");
      // Without an edge the circuit answers as the corrupt run does.
      const likeliest = (await nextTokens()).find(([token]) => token === "1");
      assert.deepEqual([likeliest[1], likeliest.at(-1)], ["wrong", "57.6 %"]);
    });

    it("is computed here as it was recorded", async () => {
      const recorded = await ui.circuits();
      assert.match(await ui.statusText(), /^Recorded/);
      await ui.onCpu();
      await ui.run(/^\s*Done: 3 circuits/);
      assert.deepEqual(await ui.circuits(), recorded);
      assert.match(await page.textContent(".device"), /^CPU/);
      assert.equal(await page.locator(".results .note").count(), 0);
      const answer = (await nextTokens()).find(([, role]) => role === "answer");
      assert.deepEqual([answer[0], answer.at(-1)], ["0", "57.6 %"]);
    });

    it("runs the circuit that the strip comes to rest at, under other settings", async () => {
      await ui.set({ device: "CPU", ablation: "zero" });
      await ui.table("circuits");
      assert.match(await page.textContent(".results .note"), /other files or settings/);
      await ui.press("End");
      await ui.status(/Done: the chosen circuit/);
      assert.deepEqual((await ui.circuits()).map(([n]) => n), ["77"]);
      await ui.press("Home");
      await ui.circuitsAre(2);
    });
  });

  it("gives the batch size back where nothing is typed in its place", async () => {
    await ui.section("settings");
    await page.fill("#batch-size", "");
    assert.equal(await page.inputValue("#batch-size"), "");
    await page.locator("#batch-size").blur();
    assert.equal(await page.inputValue("#batch-size"), "6");
  });

  describe("a longer run", () => {
    const start = async (edgeCounts = "logarithmic") => {
      await ui.drop(randomModel());
      await ui.allReady();
      await ui.set({ device: "CPU", "edge-counts": edgeCounts });
      await page.evaluate(() => {
        window.longTasks = [];
        new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
          .observe({ entryTypes: ["longtask"] });
      });
      await ui.runButton().click();
    };

    it("never blocks the page", async () => {
      await start();
      await page.waitForSelector(".stat progress[value]");
      for (let i = 0; i < 20; i++) await ui.press(i % 2 ? "ArrowLeft" : "ArrowRight");
      await page.waitForFunction(() => !document.querySelector(".stat progress"), null, { timeout: 120_000 });
      const longTasks = await page.evaluate(() => window.longTasks);
      assert.ok(Math.max(0, ...longTasks) < LONG_TASK_MS, `tasks of ${longTasks} ms`);
      assert.ok((await ui.circuits()).length > 20);
    });

    it("is cancelled, and what was done stays", async () => {
      await start("all");
      await ui.table("circuits");
      await page.waitForSelector("tr.circuit-row");
      await ui.cancelButton().click();
      await ui.status(/Cancelled/);
      const done = (await ui.circuits()).length;
      assert.ok(done > 0);
      // A run that went on would add circuits: another one of 3 edges adds that alone.
      await ui.set({ "edge-counts": "a list", "edge-count-list": "1519" });
      await ui.run();
      const after = (await ui.circuits()).map(([n]) => n);
      assert.ok(after.length <= done + 1, `${done}, then ${after}`);
    });
  });
});
