// Folders and shards, dropped on the page and chosen in a dialog; the memory that a model takes.

import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";

import { caseFile } from "./support/cases.mjs";
import { parse, write } from "./support/safetensors.mjs";
import { SITE, cases } from "./support/server.mjs";
import { pageSuite } from "./support/suite.mjs";

const INDEX = "model.safetensors.index.json";
const SHARDS = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);

/** Case gpt2's weights in three shards and their index, by name. */
function shards() {
  const tensors = Object.entries(parse(caseFile("gpt2", "model.safetensors")));
  const parts = SHARDS.map((_, part) => Object.fromEntries(tensors.filter((_, i) => i % 3 === part)));
  const weight_map = Object.fromEntries(parts.flatMap((part, i) => Object.keys(part).map((name) => [name, SHARDS[i]])));
  const files = Object.fromEntries(parts.map((part, i) => [SHARDS[i], write(part)]));
  return { ...files, [INDEX]: Buffer.from(JSON.stringify({ metadata: {}, weight_map })) };
}

await pageSuite("folders and shards", ({ page, ui, server }) => {
  let folder;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "circuitscope-"));
    await ui.section("model");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const put = async (name, bytes) => {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  };
  /** Case gpt2 as a snapshot of a repository: with what lies beside a model. */
  const snapshot = async (name = "gpt2", weights = { "model.safetensors": caseFile("gpt2", "model.safetensors") }) => {
    for (const [file, bytes] of Object.entries(weights)) await put(`${name}/${file}`, bytes);
    for (const file of ["config.json", "prompts.json", "graph0.scores.safetensors"]) await put(`${name}/${file}`, caseFile("gpt2", file));
    for (const file of [".gitattributes", "README.md", "merges.txt", "vocab.json", "generation_config.json", "pytorch_model.bin"]) await put(`${name}/${file}`, "x");
    await put(`${name}/onnx/config.json`, caseFile("gpt2", "config.json"));
    await put(`${name}/onnx/model.onnx`, "x");
  };
  const choose = (name) => page.locator("input[webkitdirectory]").setInputFiles(path.join(folder, name));
  /** Drops paths of this computer, folders too, as the browser itself would. */
  const drop = async (...names) => {
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: names.map((name) => path.join(folder, name)), dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"]) await session.send("Input.dispatchDragEvent", { type, x: 600, y: 400, data });
  };
  const remark = async () => (await page.locator(".remark").allInnerTexts()).join("\n");
  const run = async () => {
    await ui.set({ device: "CPU", "batch-size": "2" });
    await ui.run();
    return ui.circuits();
  };

  it("take a chosen folder whole, and say what they left out", async () => {
    await snapshot();
    await choose("gpt2");
    await ui.allReady();
    assert.match(await remark(), /Not used: README\.md, .* and 3 more\./);
    assert.equal(await page.locator("li.file.bad").count(), 0);
    assert.match(await page.textContent(".top .model"), /^GPT-2 · 2 layers/);
  });

  it("take a dropped folder whole, shards too, and run as the whole file does", async () => {
    await snapshot("whole");
    await drop("whole");
    await ui.allReady();
    const expected = await run();
    await ui.open();
    await snapshot("sharded", shards());
    await drop("sharded");
    await ui.allReady();
    await ui.section("model");
    assert.equal(await ui.file("Weights").locator(".name").innerText(), "3 of 3 shards");
    assert.deepEqual(await run(), expected);
    await ui.section("model");
    await ui.file("Weights").getByRole("button", { name: /^Remove/ }).click();
    assert.equal(await ui.fileState("Weights"), "missing");
  });

  it("name the shard that is missing until it comes", async () => {
    const all = shards();
    for (const [name, bytes] of Object.entries(all)) await put(name, bytes);
    await cp(path.join(cases, "gpt2", "config.json"), path.join(folder, "config.json"));
    await drop("config.json", SHARDS[0], SHARDS[2], INDEX);
    await page.waitForSelector("li.file.bad");
    assert.match(await ui.file("Weights").locator(".wrong").innerText(), /model-00002-of-00003\.safetensors is missing/);
    await drop(SHARDS[1]);
    await page.waitForFunction(() => !document.querySelector("li.file.bad"));
    assert.equal(await ui.fileState("Weights"), "ready");
  });

  it("say what is wrong with a folder", async () => {
    await mkdir(path.join(folder, "empty"));
    await snapshot("two/a");
    await snapshot("two/b");
    await put("pickled/config.json", caseFile("gpt2", "config.json"));
    await put("pickled/pytorch_model.bin", "x");
    for (const [name, message] of [
      ["empty", /The folder is empty/],
      ["two", /There are 2 models here, in two\/a, two\/b\. Drop the folder of one\./],
      ["pickled", /pytorch_model\.bin: weights are read from safetensors only/],
    ]) {
      await drop(name);
      await page.waitForFunction((source) => new RegExp(source).test(document.querySelector(".remark.wrong")?.textContent), message.source);
    }
  });

  it("take a TransformerLens dictionary", async () => {
    for (const name of ["tl_config.json", "model.safetensors", "prompts.json", "graph0.scores.safetensors"]) {
      await put(`solu/${name}`, caseFile("solu", name));
    }
    await choose("solu");
    await ui.allReady();
    assert.match(await page.textContent(".top .model"), /^TransformerLens/);
  });

  describe("through the module", () => {
    const load = (weights) => page.evaluate(async ({ config, weights }) => {
      const { openEngine } = await tests.module();
      const engine = await openEngine({ device: "cpu" });
      const outcome = await tests.outcome(engine.loadModel({ config, weights }));
      engine.close();
      return outcome.error?.message ?? outcome.value.nParams;
    }, { config: "/cases/gpt2/config.json", weights });

    it("shards are loaded as a list, or by their index", async () => {
      const { add } = server;
      const all = shards();
      const urls = Object.fromEntries(Object.entries(all).map(([name, bytes]) => [name, add(`/sharded/${name}`, bytes)]));
      add(`/elsewhere/${INDEX}`, all[INDEX]);
      const whole = await load("/cases/gpt2/model.safetensors");
      assert.ok(whole > 0);
      assert.equal(await load(SHARDS.map((name) => urls[name])), whole);
      assert.equal(await load({ index: urls[INDEX] }), whole);
      assert.equal(await load({ index: `/elsewhere/${INDEX}`, base: "/sharded" }), whole);
      assert.equal(await load({ index: JSON.parse(all[INDEX]), files: SHARDS.map((name) => urls[name]) }), whole);
    });

    it("what is missing is named", async () => {
      const there = [SHARDS[0], SHARDS[2]].map((name) => server.add(`/part/${name}`, shards()[name]));
      assert.match(await load(there), /model-00002-of-00003\.safetensors is missing/);
      server.add(`/part/${INDEX}`, shards()[INDEX]);
      assert.match(await load({ index: `/part/${INDEX}` }), /\/part\/model-00002-of-00003\.safetensors.*404/);
      assert.match(await load({ index: { weight_map: 3 } }), /loadModel: `weights.base` should be the URL of the folder/);
      assert.match(await load({ index: { weight_map: 3 }, base: "/part" }), /`weight_map` should be an object of file names, found 3/);
      assert.match(await load([]), /expected at least one file/);
    });
  });

  describe("memory", () => {
    const config = (n_embd, n_layer) => JSON.stringify({ model_type: "gpt2", n_layer, n_head: 16, n_embd, n_positions: 1024, vocab_size: 50257 });

    it("is told before anything of the weights is there, and a model that cannot fit is refused", async () => {
      await put("config.json", config(768, 12));
      await drop("config.json");
      await page.waitForFunction(() => /Memory: 497\.8 MB of weights, the largest tensor 154\.4 MB/.test(document.querySelector(".remark")?.textContent));
      await put("config.json", config(1600, 48));
      await drop("config.json");
      await page.waitForFunction(() => /Memory: 6\.23 GB/.test(document.querySelector(".remark")?.textContent));
      await ui.onCpu();
      await ui.section("model");
      assert.match(
        await page.locator(".remark.wrong").innerText(),
        /the weights take 6\.23 GB as f32.*the engine's memory in a browser ends at 4\.29 GB; choose WebGPU/s,
      );
      assert.equal(await ui.runButton().count(), 0);
      assert.match(await ui.statusText(), /This cannot run\..*the weights take 6\.23 GB/s);
    });

    it("is the engine's own rule as well", async () => {
      await put("config.json", config(1600, 48));
      const refused = await page.evaluate(async ({ site, text }) => {
        const { openEngine } = await import(`${site}circuitscope.js`);
        const engine = await openEngine({ device: "cpu" });
        const outcome = await tests.outcome(engine.loadModel({ config: text, weights: new Uint8Array(8) }));
        engine.close();
        return outcome.error.message;
      }, { site: server.origin + SITE, text: config(1600, 48) });
      assert.match(refused, /config: the weights take 6\.23 GB as f32/);
    });
  });
});
