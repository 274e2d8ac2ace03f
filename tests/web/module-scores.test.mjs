// Scores and circuits of other programs through `circuitscope.js`: read, run and written. The model is the case gpt2.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, it } from "node:test";

import { caseFile } from "./support/cases.mjs";
import { CASE, FILES, moduleSuite } from "./support/module.mjs";
import { numbers, parse } from "./support/safetensors.mjs";
import { cases } from "./support/server.mjs";

const { prompts, scores } = CASE;
const FORMATS = ["gpt2.scores.pt", "gpt2.task-prune-scores.pkl", "gpt2.mib.json", "gpt2.mib.pt"];

await moduleSuite("scores of other programs in the module", ({ page, add, load, run: runWith }) => {
  let early;
  before(async () => {
    for (const format of FORMATS) add(format, readFileSync(path.join(cases, "../formats", format)));
    early = await page.evaluate(() => tests.outcome(engine.readScores([])));
    await load(FILES);
  });

  const run = (options) => runWith({ prompts, batchSize: 2, edgeCounts: [0, 7, 33], ...options });

  it("needs a model", async () => {
    assert.match(early.error.message, /a model has to be loaded first/);
  });

  it("runs with each format as with safetensors", async () => {
    const { value: expected } = await run({ scores: scores(0) });
    for (const file of FORMATS) {
      const pick = file.endsWith(".pkl") ? "Tiny Task/EAP" : undefined;
      const { value, error } = await run({ scores: `/made/${file}`, pick });
      assert.equal(error, undefined, file);
      assert.deepEqual(value.circuits, expected.circuits, file);
    }
  });

  it("asks which of a cache's scores are meant", async () => {
    const { error } = await run({ scores: "/made/gpt2.task-prune-scores.pkl" });
    assert.match(error.message, /`pick` should be "Tiny Task\/EAP" or "Tiny Task\/Random"/);
  });

  it("takes an edge list as a value, with its graph", async () => {
    const read = await page.evaluate(async () => {
      const { scores, ...rest } = await engine.readScores(["Resid Start->A0.1", "A0.1->MLP 1"]);
      return { ...rest, n: scores.length };
    });
    assert.deepEqual(read.graph.separateQkv, false);
    assert.deepEqual([read.format, read.nCircuit, read.choices], ["edge-list-json", 2, []]);
    const { value } = await run({ scores: ["Resid Start->A0.1", "A0.1->MLP 1"], edgeCounts: [2] });
    assert.equal(value.circuits[0].edges, 2);
    const { error } = await run({ scores: ["A0.1->MLP 7"] });
    assert.match(error.message, /1 edge \(`A0\.1->MLP 7`\)/);
  });

  it("writes every format, and reads what it wrote", async () => {
    for (const format of ["safetensors", "mib-json", "edge-list-json", "edge-list-csv"]) {
      const base64 = await page.evaluate(async ([url, format]) => {
        const written = await engine.writeScores(url, { format, edgeCount: 7, algorithm: "eap" });
        const { scores } = await engine.readScores(written);
        return btoa(String.fromCharCode(...scores));
      }, [scores(0), format]);
      const [found, expected] = [parse(Buffer.from(base64, "base64")), parse(caseFile("gpt2", "graph0.scores.safetensors"))];
      for (const [name, tensor] of Object.entries(expected)) {
        assert.deepEqual([...numbers(found[name])], [...numbers(tensor)], `${format} ${name}`);
      }
    }
    const csv = await page.evaluate(async (url) => {
      const bytes = await engine.writeScores(url, { format: "edge-list-csv", edgeCount: 7, extent: "circuit" });
      return new TextDecoder().decode(bytes);
    }, scores(0));
    assert.equal(csv.trim().split("\n").length, 8);
    const refused = await page.evaluate((url) => tests.outcome(engine.writeScores(url, { format: "pt" })), scores(0));
    assert.match(refused.error.message, /`format` should be "safetensors"/);
  });
});
