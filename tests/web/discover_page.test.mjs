// Finding circuits in the page, as a person would.

import assert from "node:assert/strict";
import { beforeEach, it } from "node:test";

import { PHONE } from "./support/page.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("finding circuits in the page", ({ page, ui }) => {
  beforeEach(async () => {
    await ui.onCpu();
    await ui.section("find");
  });

  const button = (name) => page.locator(".rail-panel").getByRole("button", { name, exact: true });
  const choose = (name) => page.selectOption("#find-algorithm", { label: name });
  const sizes = async () => (await ui.circuits()).map(([n]) => n);
  /** The scores that there are, and which of them are in use. */
  const scores = async () => {
    await ui.section("scores");
    return page.locator(".scores-list li").evaluateAll((rows) => rows.map((row) => {
      return [row.querySelector("span").textContent, row.querySelector("input").checked];
    }));
  };
  /** What is found is drawn, and the panel out of its way. */
  const find = async () => {
    await button("Find").click();
    await page.waitForSelector(".rail-panel", { state: "detached" });
  };
  /** The name and the metadata of the scores in use, as they are saved. */
  const saved = async () => {
    await ui.section("scores");
    await page.selectOption("#save-scores-format", { index: 0 });
    const { name, bytes } = await ui.saved(() => button("Download").click());
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))));
    return [name, header.__metadata__];
  };

  it("tells the cost before anything is fetched", async () => {
    assert.match(await page.textContent(".cost"), /^2 forward and 1 backward pass, about \d+\.\d kB beside the weights\.$/);
    await choose("ACDC: remove edges one by one");
    // 20 thresholds of 77 edges, and two unpatched passes.
    assert.match(await page.textContent(".cost"), /^At most 1,542 forward passes/);
    await choose("Baseline: random");
    assert.equal(await page.textContent(".cost"), "No pass of the model is needed.");
    // The rail says the same beside its button.
    assert.match(await page.textContent(".cost-line"), /^Baseline: random: No pass of the model is needed\.$/);
    assert.ok(!ui.asked().some((name) => /^engine.*_bg/.test(name)));
  });

  it("draws and measures what EAP finds, and goes back to the scores before", async () => {
    await find();
    // The program uses two edges, with the same score to the last bit, and the others have 0: there is one size to run.
    await ui.status(/Done: 1 circuit on 6 prompts/);
    assert.deepEqual(await sizes(), ["2"]);
    await ui.drawn(2);
    assert.match(await page.textContent("[data-section=scores]"), /EAP/);
    assert.deepEqual(await scores(), [["scores.safetensors (the demo's)", false], ["EAP on reverse.safetensors", true]]);
    await page.locator(".scores-list label").first().click();
    assert.deepEqual((await scores()).map(([, chosen]) => chosen), [true, false]);
    await page.locator(".scores-list label").last().click();
    assert.equal(await ui.count(), 2);
    await button("Forget EAP on reverse.safetensors").click();
    assert.equal(await page.locator(".scores-list").count(), 0);
  });

  it("saves scores that say where they come from", async () => {
    await choose("EAP-IG: gradients along the inputs");
    await page.fill("#find-steps", "3");
    await find();
    const [name, metadata] = await saved();
    assert.equal(name, "EAP-IG on reverse-scores.safetensors");
    assert.equal(metadata.kind, "PruneScores");
    assert.equal(metadata.algorithm, "eap_ig");
    assert.equal(metadata.prompts, "prompts.json");
    assert.match(metadata.date, /^\d{4}-\d\d-\d\d$/);
    const { algorithm, batchSize, slice } = JSON.parse(metadata.settings);
    assert.deepEqual([algorithm.steps, algorithm.gradFunction, batchSize, slice], [3, "logit", 6, "not_first_seq"]);
    assert.equal(JSON.parse(metadata.model).nLayers, 4);
  });

  it("keeps some edges as scores of their own", async () => {
    await find();
    await ui.section("scores");
    await page.getByText("Keep only some edges of these scores").click();
    await page.fill("#keep-count", "78");
    await button("Make these scores").click();
    await ui.shows("#keep-count-error", /^a whole number from 1 to 77$/);
    await page.fill("#keep-count", "2");
    await button("Make these scores").click();
    await page.waitForFunction(() => document.querySelectorAll(".scores-list li").length === 3);
    assert.deepEqual((await scores()).at(-1), ["EAP on reverse, connected 2.safetensors", true]);
    const [, metadata] = await saved();
    assert.equal(metadata.algorithm, "eap, connected 2");
  });

  it("shows the loss of subnetwork probing as it works, times a pass, and stops", async () => {
    await choose("Subnetwork probing: learned masks");
    await page.fill("#find-epochs", "20000");
    await button("Estimate the time").click();
    await ui.shows(".search-status", /^A pass was timed/);
    assert.match(await page.textContent(".cost"), /, about [\d.]+ (s|min|h) on this device\.$/);
    assert.match(await page.textContent("[data-section=scores]"), /official circuit/, "a trial gives no scores");
    await button("Find").click();
    await page.waitForSelector(".loss svg .line");
    await ui.shows(".discover .progress span", /epoch \d+ of 20000.* left$/);
    await ui.status(/Searching.*epoch \d+ of 20000.* left$/);
    assert.equal(await ui.runButton().count(), 0, "one thing at a time");
    await ui.cancelButton().click();
    await ui.shows(".search-status", /^Cancelled/);
    assert.match(await page.textContent(".loss .about"), /^loss [\d.e-]+ after \d+ passes$/);
    assert.match(await page.textContent("[data-section=scores]"), /official circuit/);
    await page.fill("#find-epochs", "5");
    await find();
    assert.equal((await scores()).at(-1)[0], "Subnetwork probing on reverse.safetensors");
  });

  it("explains wrong settings where they are typed", async () => {
    await choose("Subnetwork probing: learned masks");
    await page.fill("#find-epochs", "0");
    assert.equal(await page.textContent("#find-epochs-error"), "a whole number from 1 to 100000");
    assert.ok(await button("Find").isDisabled());
    await choose("ACDC: remove edges one by one");
    await page.fill("#find-thresholds", "0.1, x");
    assert.match(await page.textContent("#find-thresholds-error"), /^numbers above 0 with commas between/);
    await choose("EAP: edge attribution patching");
    assert.ok(await button("Find").isEnabled());
  });

  it("says why the engine could not do it", async () => {
    await choose("EAP: edge attribution patching");
    // The demo's answers are tokens.
    await page.selectOption("#find-answer", { label: "squared error of numbers" });
    await button("Find").click();
    await page.waitForSelector(".notice");
    assert.match(await page.textContent(".notice"), /numbers, for the mean squared error/);
    await ui.shows(".search-status", /^The search failed/);
    await ui.drawn(2);
  });

  it("offers the official circuits of models of this shape", async () => {
    await choose("Official circuit of a paper");
    assert.deepEqual(await page.locator("#find-circuit option").allInnerTexts(), ["Tracr reverse", "Tracr reverse, as compiled"]);
    await find();
    await ui.status(/Done/);
    await ui.set({ graph: "nodes (unfactorized)" });
    await ui.section("find");
    assert.ok(await button("Find").isDisabled());
    assert.equal(await page.locator("#find-circuit option").count(), 0);
  });

  it("starts at once from the rail, with what the panel says", async () => {
    await ui.shut();
    await ui.button("Find a circuit").click();
    await ui.status(/Done: 1 circuit/);
    assert.deepEqual(await sizes(), ["2"]);
  });

  it("needs no scores to start, and is offered where they are missing", async () => {
    const { pathname } = new URL("../fixtures/cases/gpt2/", import.meta.url);
    const files = ["model.safetensors", "config.json", "prompts.json"];
    await ui.section("model");
    await page.locator(".files input[type=file]").first().setInputFiles(files.map((name) => pathname + name));
    await ui.status(/Drop some, or find a circuit/);
    await page.locator(".stat").getByRole("button", { name: "Show" }).click();
    await page.waitForSelector("#find-algorithm");
    await find();
    await ui.status(/Done/);
    assert.ok((await sizes()).length > 5);
    assert.ok((await ui.nRibbons()) > 0);
  });

  it("fits a screen of 400 pixels", async () => {
    await page.setViewportSize(PHONE);
    for (const option of await page.locator("#find-algorithm option").allInnerTexts()) {
      await choose(option);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400, option);
    }
  });
});
