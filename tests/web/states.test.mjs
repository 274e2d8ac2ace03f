// The states of the page, from the first visit on: what each says, what can be done next, and that nothing jumps between them.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import { fakeEngine } from "./support/fake_engine.mjs";
import { randomModel } from "./support/random_model.mjs";
import { pageSuite } from "./support/suite.mjs";

/** The parts of the screen that stay where they are. */
const PARTS = [".top", ".rail", ".stage", ".inspector", ".room", ".strip-panel", ".curve", ".drawer"];

await pageSuite("the states of the page", ({ page, ui, server }) => {
  const engine = fakeEngine(server);
  afterEach(() => engine.healthy());

  const { button } = ui;
  const stat = (state) => page.waitForSelector(`.stat.${state}`);
  /** Where the parts are; those of another place are a jump. */
  const places = () => page.evaluate((parts) => Object.fromEntries(parts.map((part) => {
    const { x, y, width, height } = document.querySelector(part).getBoundingClientRect();
    return [part, [x, y, width, height].map(Math.round).join(" ")];
  })), PARTS);
  const stays = async (before, state) => assert.deepEqual(await places(), before, state);
  /** A run that takes a while. */
  const startLong = async () => {
    await ui.drop(randomModel());
    await ui.allReady();
    await ui.set({ device: "CPU", "edge-counts": "all", "batch-size": "1" });
    const before = await places();
    await ui.runButton().click();
    return before;
  };

  describe("a first visit", () => {
    it("shows the example with a sentence, where its numbers come from, and three hints", async () => {
      assert.match(await page.textContent(".caption"), /^This transformer was compiled from a program by Tracr, and writes a sequence backwards\./);
      assert.match(await ui.statusText(), /^Recorded with this example, checked against auto-circuit\. Nothing has run here yet\./);
      assert.ok(await page.locator(".stat.good").count());
      assert.equal(await page.locator(".hints li").count(), 3);
      assert.match(await page.textContent(".device"), /Engine not loaded/);
      assert.ok(await ui.runButton().isEnabled());
    });

    it("is rid of its hints for good once they are dismissed", async () => {
      await button("Dismiss the hints").click();
      assert.equal(await page.locator(".hints").count(), 0);
      await page.reload();
      await ui.isDrawn();
      assert.equal(await page.locator(".hints").count(), 0);
    });
  });

  it("without a model asks for one, and keeps its axes", async () => {
    await ui.dropCase("gpt2", ["config.json"]);
    await ui.status(/missing: weights, prompts, scores/);
    assert.match(await page.textContent(".caption"), /^Now the scores: drop a file of them, or let “Find a circuit” make some\./);
    for (const [line, sign] of [["model", "weights missing"], ["prompts", "none yet"], ["scores", "none yet"]]) {
      assert.match(await page.textContent(`[data-section=${line}]`), new RegExp(sign));
    }
    assert.ok((await page.textContent(".room .empty")).length > 10);
    assert.equal(await page.locator(".cs-drawing").count(), 0);
  });

  it("while the engine is fetched says so, and can be left", async () => {
    engine.is("");
    const before = await places();
    await ui.runButton().click();
    await stat("busy");
    await ui.status(/Starting the engine/);
    assert.match(await page.textContent(".device"), /Starting the engine…/);
    await stays(before, "starting");
    assert.equal(await ui.nRibbons(), 2, "what was drawn stays");
    await ui.cancelButton().click();
    await ui.status(/Cancelled\. What is shown was recorded with this example\./);
    await stays(before, "cancelled");
  });

  describe("running", () => {
    it("says how far it is and how long it takes, draws the curve as it comes, and is cancelled", async () => {
      const before = await startLong();
      await page.waitForSelector(".stat.busy progress[value]");
      await ui.status(/Running.*pass \d+ of .* left/);
      await page.waitForSelector("svg.strip .chosen.partial .dot", { state: "attached" });
      await stays(before, "running");
      assert.equal(await ui.runButton().count(), 0, "one run at a time");
      await ui.cancelButton().click();
      await ui.status(/Cancelled\. Stopped after [\d,]+ of [\d,]+ passes\. Results so far are kept\./);
      await stays(before, "cancelled");
    });

    it("lets the circuit be looked at meanwhile", async () => {
      await startLong();
      await page.waitForSelector(".stat.busy progress[value]");
      await ui.chooseCount(12);
      await ui.drawn(12);
      await ui.hoverOneOf(await ui.ribbons().evaluateAll((ribbons) => ribbons.map(({ dataset }) => dataset.edge)));
      await ui.tip().waitFor();
      assert.ok(await page.locator(".stat.busy").count());
      await ui.cancelButton().click();
      await ui.status(/Cancelled/);
    });
  });

  it("stale says that what is shown is of the run before, until it is run again", async () => {
    await ui.onCpu();
    const before = await places();
    await ui.set({ ablation: "zero" });
    await stat("stale");
    await ui.status(/Settings or files changed\. The curve and the numbers show the earlier run\./);
    assert.ok(await page.locator(".figure.stale").count());
    assert.ok(await page.locator("svg.strip.stale .frame").count());
    assert.match(await ui.reading(), /not run with these settings/);
    assert.equal(await ui.nRibbons(), 2, "nothing is blanked");
    assert.match(await page.textContent(".sentence"), /zero/);
    await stays(before, "stale");
    await ui.run();
    assert.equal(await page.locator(".figure.stale, svg.strip.stale, .stat.stale").count(), 0);
    assert.doesNotMatch(await ui.reading(), /not run/);
    await stays(before, "done");
  });

  it("wrong says what and where, and leads there", async () => {
    await ui.dropCase("gpt2");
    await ui.allReady();
    await ui.shut();
    const before = await places();
    await ui.dropCase("solu", ["model.safetensors"]);
    await stat("bad");
    await ui.status(/This cannot run\. .*model\.safetensors/);
    assert.ok(await page.locator("[data-section=model].bad").count());
    await stays(before, "wrong");
    await page.locator(".stat").getByRole("button", { name: "Show" }).click();
    await page.waitForSelector("#panel-model li.file.bad");
    assert.match(await page.textContent("#panel-model li.file.bad .wrong"), /tensor `/);
    await stays(before, "panel open");
  });

  it("wrong settings are named where they are typed, and in the rail", async () => {
    await ui.section("settings");
    await page.selectOption("#edge-counts", "a list");
    await page.fill("#edge-count-list", "1, 2, x");
    assert.ok((await page.textContent("#edge-count-list-error")).length > 5);
    await stat("bad");
    await page.fill("#edge-count-list", "1, 78");
    await ui.shows("#edge-count-list-error", /77/);
    await page.fill("#edge-count-list", "1, 77");
    await page.waitForFunction(() => !document.querySelector(".stat.bad"));
    await page.fill("#batch-size", "7");
    await stat("bad");
  });

  for (const [what, script, message, remedy] of [
    ["an error of a run", 'opened() || loaded() || reply({ type: "failed", message: "the numbers ran out" })', /the numbers ran out/, null],
    ["a lost device", 'opened() || reply({ type: "deviceLost", message: "the GPU was unplugged" }, 0)', /The GPU is gone: the GPU was unplugged/, "Go on with the CPU"],
    ["an engine that died", 'if (!opened()) throw new Error("out of memory")', /The engine stopped: .*out of memory/, "Restart the engine"],
  ]) {
    it(`${what} says what, what is kept and what next`, async () => {
      engine.does(script);
      const before = await places();
      await ui.runButton().click();
      const notice = page.locator(".notice[role=alert]");
      await notice.waitFor();
      assert.match(await notice.innerText(), message);
      assert.equal(await notice.getByRole("button", { name: remedy ?? "Go on" }).count(), remedy ? 1 : 0);
      await ui.status(/The run failed\. Results so far are kept\./);
      assert.equal((await page.locator("svg.strip .chosen .dot").count()), 3);
      await stays(before, "failed");
      await button("Dismiss").click();
      assert.equal(await notice.count(), 0);
      await stays(before, "dismissed");
    });
  }
});
