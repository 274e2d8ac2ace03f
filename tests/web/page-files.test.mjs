// A person's own files: recognised, checked, and named where they are wrong.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { it } from "node:test";

import { CASE_FILES } from "./support/page.mjs";
import { pageSuite } from "./support/suite.mjs";

await pageSuite("a person's own files", ({ page, ui }) => {
  it("are recognised in any order and run", async () => {
    await ui.onCpu();
    await ui.dropCase("gpt2", [CASE_FILES[3], CASE_FILES[2]]);
    await ui.dropCase("gpt2", [CASE_FILES[1]]);
    await ui.status(/missing: weights/);
    await ui.section("model");
    assert.deepEqual(await ui.fileStates(), ["missing", "ready", "ready", "ready"]);
    await ui.dropCase("gpt2", [CASE_FILES[0]]);
    await ui.allReady();
    assert.deepEqual(await ui.fileStates(), ["ready", "ready", "ready", "ready"]);
    const { graphs } = JSON.parse(await readFile(new URL("../fixtures/cases/gpt2/case.json", import.meta.url)));
    const kl = graphs[0].runs[0].metrics["Clean KL Div"];
    await ui.set({ "edge-counts": "a list", "edge-count-list": kl.map(([n]) => n).join(", "), "batch-size": "2" });
    await ui.run();
    assert.deepEqual((await ui.circuits()).map((row) => Number(row[0])), kl.map(([n]) => n));
    const found = await ui.savedMeans("Clean KL Div");
    assert.deepEqual(found.map(({ edges }) => edges), kl.map(([n]) => n));
    found.forEach(({ edges, mean }, i) => assert.ok(Math.abs(mean - kl[i][1]) < 6e-4 + 1e-3 * kl[i][1], `${edges}: ${mean}`));
  });

  it("can be chosen with the file dialog, and taken back to the demo", async () => {
    const { pathname } = new URL("../fixtures/cases/gpt2/", import.meta.url);
    await ui.section("model");
    await page.locator(".files input[type=file]:not([webkitdirectory])").setInputFiles(CASE_FILES.map((name) => pathname + name));
    await ui.allReady();
    assert.match(await page.textContent(".top .model"), /^GPT-2 · 2 layers/);
    await page.getByRole("button", { name: "Back to the demo" }).click();
    assert.match(await page.textContent(".top .model"), /^Tracr reverse/);
    await ui.drawn(2);
  });

  it("lose nothing to files that are wrong", async () => {
    const picture = () => page.innerHTML(".cs-drawing svg");
    const shown = await picture();
    const bytes = (...list) => Buffer.from(list).toString("base64");
    await ui.section("model");
    await ui.drop([
      { name: "cat.png", base64: bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) },
      { name: "empty.json", base64: "" },
      { name: "cut.json", base64: btoa('{"prompts": [{"clean"') },
      { name: "none.json", base64: btoa('{"prompts": []}') },
      { name: "huge.safetensors", base64: bytes(255, 255, 255, 255, 0, 0, 0, 0) },
    ]);
    const problems = page.locator("li.file.bad .wrong");
    await page.waitForFunction(() => document.querySelectorAll("li.file.bad").length === 5);
    const reasons = [
      /^cat\.png: expected a JSON or a safetensors file, or scores; /,
      /^empty\.json is empty$/,
      /^cut\.json is cut off: /,
      /^none\.json: `prompts` should be at least one prompt, found an empty list$/,
      /^huge\.safetensors: not a readable safetensors file: /,
    ];
    for (const [i, text] of (await problems.allInnerTexts()).entries()) assert.match(text, reasons[i]);
    assert.deepEqual(await ui.fileStates(), ["ready", "ready", "ready", "ready"]);
    assert.equal(await picture(), shown);
    await page.getByRole("button", { name: "Remove cat.png" }).click();
    assert.equal(await page.locator("li.file.bad").count(), 4);
    assert.match(await page.textContent(".files"), /4 files are refused; what was in use stays so\./);
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    assert.equal(await page.locator("li.file.bad").count(), 0);
  });

  it("say which tensor does not fit the config", async () => {
    await ui.dropCase("gpt2");
    await ui.allReady();
    await ui.section("model");
    await ui.dropCase("solu", ["model.safetensors"]);
    await page.waitForSelector("li.file.bad");
    assert.match(await ui.file("Weights").locator(".wrong").innerText(), /tensor `transformer\.wte\.weight`|`wte\.weight` of shape \[48, \d+\] is missing/);
    await ui.file("Weights").getByRole("button", { name: /^Remove/ }).click();
    await ui.allReady();
  });

  it("choose their graph where they are a model's first scores, and offer it where they are not", async () => {
    await ui.dropCase("gpt2", [...CASE_FILES.slice(0, 3), "graph3.scores.safetensors"]);
    await ui.allReady();
    await ui.section("model");
    assert.match(await page.textContent(".files"), /The settings were switched to .*: that is the graph of graph3\.scores\.safetensors\./);
    assert.notEqual(await ui.nRibbons(), 0);
    await ui.dropCase("gpt2", ["graph0.scores.safetensors"]);
    await page.getByRole("button", { name: /^Switch to/ }).click();
    await ui.allReady();
    assert.notEqual(await ui.nRibbons(), 0);
  });

  it("are named where they are neither weights nor scores, and take nothing's place", async () => {
    await ui.section("model");
    await ui.dropCase("gpt2", ["expected.safetensors"]);
    await page.waitForSelector("li.file.bad");
    assert.match(await page.textContent("li.file.bad .wrong"), /^expected\.safetensors: expected a model's weights .* or prune scores .*, found `/);
    assert.deepEqual(await ui.fileStates(), ["ready", "ready", "ready", "ready"]);
  });

  it("are refused where token ids or answers are out of range", async () => {
    await ui.section("model");
    await ui.drop([{ name: "p.json", base64: btoa('{"prompts": [{"clean": [3, 9], "corrupt": [3, 1]}]}') }]);
    await page.waitForSelector("li.file.bad");
    const reason = /p\.json: `prompts\[0\]\.clean` should be token ids below 5, the size of the vocabulary, found 9/;
    assert.match(await page.locator("li.file.bad .wrong").innerText(), reason);
    assert.match(await page.textContent("[data-section=prompts]"), /prompts\.json/, "the good ones stay in use");
    assert.equal(await ui.runButton().isEnabled(), true);
  });
});
