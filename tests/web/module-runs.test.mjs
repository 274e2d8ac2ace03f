// Runs through `circuitscope.js`: metrics against the reference's, every setting, batches and edge counts.

import assert from "node:assert/strict";
import { before, it } from "node:test";

import { caseFile } from "./support/cases.mjs";
import { CASE, FILES, RUN, assertError, assertSame, moduleSuite } from "./support/module.mjs";

const { prompts } = CASE;
/** The reference's names, in its order. */
const METRICS = [
  "Clean KL Div", "Corrupt KL Div", "Answer Prob", "Answer Logit", "Wrong Answer Logit", "Answer Logprob", "Logit Diff", "Prob Diff",
  "Logprob Diff", "Logit Diff Percent", "Prob Diff Percent", "LogProb Diff Percent", "Correct Answer Percent",
  "Correct Answer Greater Than Incorrect Percent",
];

await moduleSuite("runs of the module", ({ page, load, run, addJson, firstRun, assertUnharmed }) => {
  before(async () => {
    await load(FILES);
    await firstRun();
  });

  it("tells the reference's metrics by its names, with their spread over prompts and the areas under their curves", async () => {
    const { test_edge_counts: edgeCounts, metrics } = CASE.graphs[0].runs[0];
    const { value } = await run({ ...RUN, edgeCounts });
    assert.deepEqual(Object.keys(value.metrics), METRICS);
    for (const [key, expected] of Object.entries(metrics)) {
      const { points, auc } = value.metrics[key];
      assert.deepEqual(points.map(([n]) => n), expected.map(([n]) => n));
      points.forEach(([n, found], i) => assertMetric(found, expected[i][1], `${key} at ${n}`));
      assert.ok(auc >= 1e-3, key);
      value.circuits.forEach((circuit, i) => {
        assert.equal(circuit.metrics[key], points[i][1]);
        const prompts = circuit.perPrompt[key];
        assert.equal(prompts.length, 4);
        assert.ok(Math.abs(prompts.reduce((sum, x) => sum + x) / 4 - circuit.metrics[key]) < 1e-6, key);
        const [low, median, high] = circuit.spread[key].quartiles;
        assert.ok(low <= median && median <= high && Math.min(...prompts) <= low && high <= Math.max(...prompts), key);
      });
    }
    const { cpr, cmd } = value.metrics["Logit Diff"];
    assert.ok(Number.isFinite(cpr) && cmd > 0);
    assert.equal(value.clean.metrics["Clean KL Div"], 0);
    assertMetric(value.corrupt.metrics["Clean KL Div"], metrics["Clean KL Div"][0][1], "corrupt");

    const { value: few } = await run({ ...RUN, edgeCounts: [1, 7] });
    const { auc, ...rest } = few.metrics["Logit Diff"];
    assert.deepEqual([auc, rest.cpr, rest.cmd], [null, null, null], "areas need the circuit of no edges");
  });

  it("leaves out metrics that the prompts' answers are not made for", async () => {
    const [prompts, { value: asked }] = [JSON.parse(caseFile("gpt2", "prompts.json")), await run(RUN)];
    for (const pair of prompts.prompts) delete pair.wrong_answers;
    const { value } = await run({ ...RUN, prompts });
    const missing = METRICS.filter((key) => value.metrics[key] === null);
    assert.deepEqual(missing, [
      "Wrong Answer Logit", "Logit Diff", "Prob Diff", "Logprob Diff", "Logit Diff Percent", "Prob Diff Percent",
      "LogProb Diff Percent", "Correct Answer Greater Than Incorrect Percent",
    ]);
    assert.equal(value.circuits[0].metrics["Logit Diff"], null);
    assert.equal(value.circuits[0].spread["Logit Diff"], null);
    assert.equal(value.circuits[0].perPrompt["Logit Diff"], null);
    assert.deepEqual(value.metrics["Answer Prob"], asked.metrics["Answer Prob"]);
  });

  it("measures a circuit under every setting", async () => {
    const options = { prompts, scores: RUN.scores, batchSize: 2, edgeCount: 27 };
    const { value } = await page.evaluate(async (options) => {
      const told = [];
      const progress = [];
      const watch = { onRun: (run) => told.push(run), onProgress: (event) => progress.push(event) };
      const outcome = await tests.outcome(engine.sensitivity({ ...options, ...watch }));
      return { value: { runs: outcome.value, error: outcome.error, told, progress } };
    }, options);
    assert.equal(value.error, undefined);
    assert.equal(value.runs.length, 28);
    assert.deepEqual(value.told, value.runs);
    assert.deepEqual(value.progress.map(({ done, total }) => [done, total]), Array.from({ length: 28 }, (_, i) => [i + 1, 28]));
    for (const run of CASE.graphs[0].runs) {
      const found = value.runs.find(({ patchType, ablation, reverse }) => {
        const { patch_type, ablation_type, reverse_clean_corrupt } = run;
        return `${patchType}_PATCH`.toUpperCase() === patch_type && ablation.toUpperCase() === ablation_type && reverse === reverse_clean_corrupt;
      });
      assert.equal(found.edges, 27);
      const [, expected] = run.metrics["Clean KL Div"].find(([n]) => n === 27);
      assertMetric(found.metrics["Clean KL Div"], expected, `${run.patch_type} ${run.ablation_type}`);
    }

    const refused = await page.evaluate((options) => tests.outcome(engine.sensitivity(options)), { prompts, scores: RUN.scores });
    assertError(refused, [/edgeCount/, /a whole number from 0/], "TypeError");
    const stopped = await page.evaluate((options) => {
      const abort = new AbortController();
      return tests.outcome(engine.sensitivity({ ...options, signal: abort.signal, onRun: () => abort.abort() }));
    }, options);
    assertError(stopped, [/./], "AbortError");
    await assertUnharmed();
  });

  it("takes 8 prompts a batch, or all of fewer, where nobody says how many", async () => {
    // A mean over the batch tells which prompts were in it.
    const options = { ...RUN, batchSize: undefined, ablation: "batch_all_tok_mean", edgeCounts: [7] };
    const logits = async (changed) => (await run({ ...options, ...changed })).value.circuits[0].logits;
    assert.equal(await logits({}), await logits({ batchSize: 4 }), "4 prompts are one batch");
    assert.notEqual(await logits({}), await logits({ batchSize: 2 }));

    const { prompts: pairs } = JSON.parse(caseFile("gpt2", "prompts.json"));
    const twelve = { prompts: [...pairs, ...pairs, ...pairs] };
    const { value } = await run({ ...options, prompts: twelve });
    assert.equal(value.nPrompts, 8, "a short last batch is not run");
    for (const prompts of [JSON.stringify(twelve), addJson("twelve.json", twelve)]) {
      assertSame((await run({ ...options, prompts })).value, value);
    }

    const { error } = await run({ ...options, prompts: { prompts: [] } });
    assert.match(error.message, /prompts.*empty/);
    assertError(await run({ ...options, prompts: "/cases/gpt2/nothing.json" }), [/nothing\.json/, /404/]);
    const measured = await page.evaluate(({ edgeCounts, batchSize, ablation, ...options }) => {
      return tests.outcome(engine.sensitivity({ ...options, edgeCount: 7 }));
    }, options);
    assert.equal(measured.error, undefined);
    assert.equal(measured.value.length, 28);
  });

  it("runs the reference's rules for edge counts", async () => {
    const expected = CASE.graphs[0].edge_counts;
    // The fixture holds the last three of "all" and the first fifty of "groups".
    const held = { all: (counts) => counts.slice(-3), groups: (counts) => counts.slice(0, 50) };
    for (const edgeCounts of ["all", "logarithmic", "groups", "default"]) {
      const { value } = await run({ ...RUN, edgeCounts });
      const counts = value.circuits.map(({ requested }) => requested);
      assert.deepEqual(held[edgeCounts]?.(counts) ?? counts, expected[edgeCounts], edgeCounts);
    }
  });
});

/** Asserts that a metric is the reference's within 1e-4 + 1e-3 of its size. */
function assertMetric(found, expected, what) {
  assert.ok(Math.abs(found - expected) <= 1e-4 + 1e-3 * Math.abs(expected), `${what}: ${found}, expected ${expected}`);
}
