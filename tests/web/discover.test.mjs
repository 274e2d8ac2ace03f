// Search through `circuitscope.js`: scores that are the reference's, that `runCircuits` takes, with progress, losses and
// aborts. On the CPU, and attribution and learned masks on WebGPU.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { readCase } from "./support/cases.mjs";
import { openBrowser } from "./support/browser.mjs";
import * as safetensors from "./support/safetensors.mjs";

const CASE = readCase("gpt2");
const FILES = { config: CASE.config, weights: CASE.weights };
const SHARED = { prompts: CASE.prompts, batchSize: 2 };

/** An engine with the case's model. */
async function open(device) {
  const browser = await openBrowser();
  await browser.page.evaluate(async ({ device, files }) => {
    const { openEngine } = await tests.module();
    window.engine = await openEngine({ device });
    await engine.loadModel(files);
    /** A search's result as plain data, with what progress told. */
    window.discover = async (options) => {
      const seen = [];
      const found = await engine.discover({ ...options, onProgress: (progress) => seen.push(progress) });
      const { scores, values, ...rest } = found;
      return { ...rest, scores: Array.from(scores), values: Array.from(values, String), seen };
    };
  }, { device, files: FILES });
  return browser;
}

const discover = (browser, options) => browser.page.evaluate((options) => tests.outcome(discover(options)), options);

/** The reference's scores in the graph's edge order. */
async function expectedScores(browser, algorithm) {
  const { masks } = await browser.page.evaluate(() => engine.graph());
  return Object.keys(masks).flatMap((name) => Array.from(safetensors.numbers(CASE.expected[`graph0.${algorithm}.${name}`])));
}

/** Within a share of the largest expected score. */
function assertNear(found, expected, share) {
  const numbers = found.map(Number);
  assert.equal(numbers.length, expected.length);
  const largest = Math.max(...expected.filter(Number.isFinite).map(Math.abs));
  numbers.forEach((score, i) => {
    const near = score === expected[i] || Math.abs(score - expected[i]) <= share * largest;
    assert.ok(near, `edge ${i} scores ${score}, expected ${expected[i]}`);
  });
}

describe("search on the CPU", () => {
  let browser;
  before(async () => (browser = await open("cpu")));
  after(() => browser?.close());

  it("finds the reference's scores, which runCircuits takes", async () => {
    const { value, error } = await discover(browser, { ...SHARED, algorithm: "eap" });
    assert.equal(error, undefined);
    assertNear(value.values, await expectedScores(browser, "eap"), 1e-3);
    assert.equal(value.algorithm, "eap");
    assert.equal(value.nEdges, 110);
    assert.equal(value.nKept, null);
    assert.equal(typeof value.loss, "number");
    assert.deepEqual(value.graph, { factorized: true, separateQkv: true, seqLen: null });
    assert.equal(value.cost.forwardPasses, 4);
    assert.equal(value.cost.backwardPasses, 2);
    assert.ok(value.cost.bytes > 0);
    // The file says where its scores come from.
    const file = Buffer.from(value.scores);
    const header = JSON.parse(file.subarray(8, 8 + Number(file.readBigUInt64LE(0))).toString());
    assert.equal(header.__metadata__.algorithm, "eap");
    assert.equal(JSON.parse(header.__metadata__.settings).batchSize, 2);
    assert.match(header.__metadata__.prompts, /prompts/);
    assert.match(header.__metadata__.date, /^\d{4}-\d\d-\d\d$/);
    const ran = await browser.page.evaluate(async (options) => {
      const { scores } = await engine.discover({ ...options, algorithm: "eap" });
      const result = await engine.runCircuits({ ...options, scores, edgeCounts: [0, 20, 110] });
      return result.circuits.map(({ edges, measurement }) => [edges, measurement.klClean]);
    }, SHARED);
    assert.deepEqual(ran.map(([edges]) => edges), [0, 20, 110]);
    assert.ok(ran[2][1] < 1e-6, "all edges are the clean run");
    assert.ok(ran[1][1] < ran[0][1], "20 edges are nearer to it than none");
  });

  it("takes every setting of a mask gradient", async () => {
    const settings = { gradFunction: "logprob", answerFunction: "avg_val", integratedGradSamples: 8, ablation: "resample" };
    const { value } = await discover(browser, { ...SHARED, algorithm: "mask_gradient", ...settings, ablationPrompts: "corrupt" });
    assertNear(value.values, await expectedScores(browser, "ig8"), 1e-3);
    assert.equal(value.seen.at(-1).done, value.seen.at(-1).total);
    assert.ok(value.seen.some(({ loss }) => typeof loss === "number"));
  });

  it("removes with ACDC the edges that the reference removes", async () => {
    const { value } = await discover(browser, { ...SHARED, algorithm: "acdc", acdcPrompts: "first_batch", thresholds: [0.001, 0.01, 0.005, 0.05] });
    assert.deepEqual(value.values.map(Number), await expectedScores(browser, "acdc"));
    assert.equal(value.loss, null);
  });

  it("lets ACDC look at all prompts, or at the first batch as the reference does", async () => {
    const find = async (options) => (await discover(browser, { ...SHARED, algorithm: "acdc", thresholds: [0.01], ...options })).value.values;
    assert.deepEqual(await find({ acdcPrompts: "all" }), await find({}));
    assert.deepEqual(await find({ acdcPrompts: "all" }), await find({ acdcPrompts: "first_batch", batchSize: 4 }));
    const { error } = await discover(browser, { ...SHARED, algorithm: "acdc", acdcPrompts: "last_batch" });
    assert.match(error.message, /`acdcPrompts` should be "all" or "first_batch", found "last_batch"/);
  });

  it("knows every algorithm", async () => {
    const algorithms = [
      { algorithm: "eap_ig", steps: 2 },
      { algorithm: "eap_ig", steps: 2, points: "above_zero_to_one" },
      { algorithm: "exact", gradFunction: "prob" },
      { algorithm: "subnetwork_probing", epochs: 2, learningRate: 0.2, treeOptimisation: true, circuitSize: 10, seed: 3 },
      { algorithm: "activation_magnitude" },
      { algorithm: "random", seed: 7 },
    ];
    for (const options of algorithms) {
      const { value, error } = await discover(browser, { ...SHARED, ...options });
      assert.equal(error, undefined, JSON.stringify(options));
      assert.equal(value.values.length, 110);
      assert.ok(value.values.some((score) => Number(score) !== 0), JSON.stringify(options));
    }
    const { error } = await discover(browser, { ...SHARED, algorithm: "official", circuit: "ioi" });
    assert.match(error.message, /which has no edge/);
  });

  it("keeps edges that hang together", async () => {
    const { value } = await discover(browser, { ...SHARED, algorithm: "eap", selection: "greedy", edgeCount: 12 });
    assert.ok(value.nKept > 0 && value.nKept <= 12);
    assert.equal(value.values.filter((score) => Number(score) !== 0).length, value.nKept);
  });

  it("stops when its signal aborts", async () => {
    const error = await browser.page.evaluate(async (options) => {
      const controller = new AbortController();
      const onProgress = () => controller.abort();
      const long = { ...options, algorithm: "subnetwork_probing", epochs: 100000, signal: controller.signal, onProgress };
      return (await tests.outcome(engine.discover(long))).error;
    }, SHARED);
    assert.equal(error.name, "AbortError");
  });

  it("says what is wrong with a setting", async () => {
    const wrong = [
      [{}, /`algorithm` should be "eap".* found nothing/],
      [{ algorithm: "magic" }, /found "magic"/],
      [{ algorithm: "acdc", steps: 5 }, /`steps` is not an option/],
      [{ algorithm: "acdc", thresholds: "0.1" }, /a list of numbers/],
      [{ algorithm: "acdc", thresholds: [] }, /`thresholds` should be a list of numbers/],
      [{ algorithm: "eap", selection: "greedy" }, /`edgeCount` should be given together/],
      [{ algorithm: "eap", answerFunction: "mse" }, /answers/],
      [{ algorithm: "eap", batchSize: 5 }, /batch size/],
    ];
    for (const [options, message] of wrong) {
      const { error } = await discover(browser, { ...SHARED, ...options });
      assert.ok(error?.isError, JSON.stringify(options));
      assert.match(error.message, message);
    }
  });
});

describe("search on WebGPU", () => {
  let browser;
  before(async () => (browser = await open("webgpu")));
  after(() => browser?.close());

  it("finds the reference's scores", async () => {
    const { value, error } = await discover(browser, { ...SHARED, algorithm: "eap" });
    assert.equal(error, undefined);
    assertNear(value.values, await expectedScores(browser, "eap"), 2e-3);
  });

  it("removes with ACDC the edges that the reference removes at the largest threshold", async () => {
    const { value, error } = await discover(browser, { ...SHARED, algorithm: "acdc", acdcPrompts: "first_batch", thresholds: [0.05] });
    assert.equal(error, undefined);
    const expected = (await expectedScores(browser, "acdc")).map((score) => (Number.isFinite(score) ? 0.05 : score));
    const same = value.values.filter((score, i) => Number.isFinite(Number(score)) === Number.isFinite(expected[i])).length;
    assert.ok(same >= 108, `${same} of 110 edges are removed or kept as in the reference`);
  });

  it("learns masks", async () => {
    const { value, error } = await discover(browser, { ...SHARED, algorithm: "subnetwork_probing", epochs: 1 });
    assert.equal(error, undefined);
    assert.ok(value.values.every((score) => Number(score) >= 0));
    assert.ok(Number.isFinite(value.loss));
  });
});
