// What goes wrong with the engine: the page says what, keeps what there is, and goes on.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, it } from "node:test";

import { fakeEngine } from "./support/fake_engine.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("what goes wrong with the engine", ({ page, ui, server }) => {
  const engine = fakeEngine(server);
  afterEach(() => engine.healthy());

  for (const [what, script, message, remedy] of [
    ["no WebGPU", 'reply({ type: "failed", message: "no adapter" })', /no adapter/, "Go on with the CPU"],
    ["a lost device", 'opened() || reply({ type: "deviceLost", message: "unplugged" }, 0)', /unplugged/, "Go on with the CPU"],
    ["a dead worker", 'if (!opened()) throw new Error("out of memory")', /out of memory/, "Restart the engine"],
  ]) {
    it(`says of ${what}, and goes on`, async () => {
      engine.does(script);
      await ui.runButton().click();
      await page.waitForSelector(".notice");
      assert.match(await page.textContent(".notice"), message);
      assert.equal((await ui.circuits()).length, 3, "what was recorded is kept");
      await engine.healthy();
      if (remedy !== "Go on with the CPU") await ui.onCpu();
      await page.getByRole("button", { name: remedy }).click();
      await ui.status(/Done/);
      assert.equal(await page.locator(".notice").count(), 0);
      assert.match(await page.textContent(".device"), /^CPU/);
    });
  }

  it("starts another engine where one does not stop", async () => {
    engine.does("opened() || loaded()");
    await ui.runButton().click();
    await ui.shows(".device", /^GPU: x/);
    await page.waitForFunction(() => /Running/.test(document.querySelector(".status").textContent));
    await ui.cancelButton().click();
    await ui.status(/Cancelled/);
    await engine.healthy();
    await ui.onCpu();
    await ui.runButton().click();
    // It is given 15 seconds to stop.
    await page.waitForFunction(() => /Done: /.test(document.querySelector(".status").textContent), null, { timeout: 60_000 });
  });

  it("says that another device is taken from the next run on", async () => {
    engine.does("opened() || loaded()");
    await ui.runButton().click();
    await ui.status(/Running/);
    const panel = await ui.section("settings");
    const note = panel.getByText("is taken from the next run on");
    assert.equal(await note.count(), 0, "nothing was changed yet");
    await page.locator("#device").selectOption("CPU");
    await note.waitFor();
    await ui.shut();
    await ui.cancelButton().click();
    await ui.status(/Cancelled/);
    await ui.section("settings");
    assert.equal(await note.count(), 0, "no run is going on");
  });

  it("runs a circuit again whose tokens only an engine that died could tell", async () => {
    const recorded = JSON.parse(await readFile(new URL("../../www/demo/tracr-reverse/recorded.json", import.meta.url)));
    const { circuits, baseline, tokens: [[[tokens]]] } = recorded;
    engine.does(`if (opened() || loaded()) return;
      if (request.type === "run") {
        for (const result of ${JSON.stringify(circuits)}) reply({ type: "circuit", result });
        return reply({ type: "ran", baseline: ${JSON.stringify(baseline)}, areas: [] });
      }
      // It dies when nothing is asked of it any more.
      setTimeout(() => { throw new Error("out of memory"); }, 200);
      reply({ type: "tokens", tokens: ${JSON.stringify(tokens)} });`);
    // The recorded results are of other settings, so that nothing but the engine knows the tokens.
    await ui.set({ ablation: "zero" });
    await ui.run(/Done: 3 circuits/);
    await page.waitForSelector(".notice");
    assert.match(await page.textContent(".notice"), /out of memory/);
    await engine.healthy();
    await ui.onCpu();
    await page.getByRole("button", { name: "Restart the engine" }).click();
    await ui.shows(".device", /^CPU/);
    await page.selectOption("#prompt", { index: 1 });
    await ui.status(/Done: the chosen circuit/);
    await page.waitForSelector(".cs-next");
  });

  it("says when the engine cannot be fetched", async () => {
    engine.is("throw new Error('no such engine')");
    await ui.runButton().click();
    await page.waitForSelector(".notice");
    assert.match(await page.textContent(".notice"), /no such engine/);
  });
});
