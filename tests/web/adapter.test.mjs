// Adapters that lack something, as other browsers' do: the engine computes on the CPU and says why, or says it where WebGPU was asked for.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { FILES, RUN } from "./support/module.mjs";
import { randomModel } from "./support/random_model.mjs";
import { SITE } from "./support/server.mjs";

const { page, server, close } = await openBrowser();

/** Opens an engine where `navigator.gpu` is changed first, runs circuits on it and finds some. */
async function open(name, device, change, { files = FILES, run = RUN } = {}) {
  const { origin } = server;
  server.add(`${SITE}${name}.js`, `const request = GPU.prototype.requestAdapter;\n${change}`);
  const workerUrl = server.add(`${SITE}${name}-worker.js`, `import "${origin}${SITE}${name}.js";\nimport "${origin}${SITE}engine-worker.js";`);
  return page.evaluate(({ device, workerUrl, files, run }) => tests.outcome((async () => {
    const { openEngine } = await tests.module();
    const engine = await openEngine({ device, workerUrl });
    await engine.loadModel(files);
    const { circuits } = await engine.runCircuits(run);
    const { values } = await engine.discover({ prompts: run.prompts, batchSize: run.batchSize, algorithm: "eap" });
    const { kind, reason, limits } = engine.device;
    engine.close();
    return { kind, reason, tensor: limits.tensor, logits: [...circuits[1].logits], scores: [...values] };
  })()), { device, workerUrl, files, run });
}

/** A random model as an engine loads it, with a run. */
function served(sizes) {
  const file = (name) => Buffer.from(randomModel(sizes).find((file) => file.name === name).base64, "base64");
  const url = (name) => server.add(`/random/${name}`, file(name));
  const files = { config: JSON.parse(file("tl_config.json")), weights: url("model.safetensors") };
  return { files, run: { prompts: pairs(sizes), scores: url("scores.safetensors"), batchSize: sizes.batch, edgeCounts: sizes.edgeCounts } };
}

/** On the CPU and on the adapter: the logits of circuits, or the scores of a search where `options` name an algorithm. */
async function onBoth(files, options) {
  const { outputs, error } = await page.evaluate(({ files, options }) => (async () => {
    const { openEngine } = await tests.module();
    const bytes = (name) => Uint8Array.from(atob(files.find((file) => file.name === name).base64), (c) => c.charCodeAt(0));
    const json = (name) => JSON.parse(new TextDecoder().decode(bytes(name)));
    const all = { prompts: json("prompts.json"), ...options };
    const outputs = [];
    for (const device of ["cpu", "webgpu"]) {
      const engine = await openEngine({ device, workers: 1 });
      await engine.loadModel({ config: json("tl_config.json"), weights: bytes("model.safetensors") });
      if (options.algorithm) {
        outputs.push([[...(await engine.discover(all)).values]]);
      } else {
        const { circuits } = await engine.runCircuits({ ...all, scores: bytes("scores.safetensors") });
        outputs.push(circuits.map(({ logits }) => [...logits]));
      }
      engine.close();
    }
    return { outputs };
  })().catch((error) => ({ error: error.message })), { files, options });
  assert.equal(error, undefined);
  return outputs;
}

// A residual stream of 4.5 million numbers, of a model that is small nevertheless: 13 edges.
const WIDE = { nLayers: 1, nHeads: 2, dHead: 4, dModel: 4096, dMlp: 4, nCtx: 64, batch: 17, seq: 64 };
// 12 heads whose inputs all differ, of as many numbers as take the most memory.
const FULL = { nLayers: 2, nHeads: 12, dHead: 8, dModel: 768, dMlp: 16, nCtx: 8, batch: 2, seq: 4, edgeCounts: [300, 500] };
// The last block has few rows, whose products are summed in chunks, the last of which is not full.
const FEW_ROWS = { nLayers: 2, nHeads: 2, dHead: 8, dModel: 520, dMlp: 1100, nCtx: 8, batch: 5, seq: 8 };
// More keys than a workgroup has threads, in each of whose rows of scores there is room for several queries.
const LONG = { nLayers: 2, nHeads: 3, dHead: 12, nCtx: 160, batch: 2, seq: 150 };
const pairs = ({ batch, seq }, from = 0) => {
  const tokens = (seed) => Array.from({ length: seq }, (_, i) => (i * i + 7 * seed) % 500);
  const pair = (i) => ({ clean: tokens(from + i), corrupt: tokens(from + i + 100), answers: [1], wrong_answers: [2] });
  return { prompts: Array.from({ length: batch }, (_, i) => pair(i)) };
};
const NO_ADAPTER = "GPU.prototype.requestAdapter = async () => null;";
const NO_TIMESTAMPS = `
GPU.prototype.requestAdapter = async function (...options) {
  const adapter = await request.apply(this, options);
  const features = new Set([...adapter.features].filter((feature) => feature !== "timestamp-query"));
  Object.defineProperty(adapter, "features", { value: features });
  return adapter;
};`;
// What every browser has at least.
const LEAST_LIMITS = `
GPU.prototype.requestAdapter = async function (...options) {
  const adapter = await request.apply(this, options);
  const least = { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28, maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupSizeX: 256, maxComputeWorkgroupSizeY: 256, maxStorageBuffersPerShaderStage: 8 };
  const limits = new Proxy(adapter.limits, { get: (limits, name) => least[name] ?? limits[name] });
  Object.defineProperty(adapter, "limits", { value: limits });
  return adapter;
};`;

describe("an adapter", () => {
  after(close);

  it("that is not there", async () => {
    const { value } = await open("none", "auto", NO_ADAPTER);
    assert.equal(value.kind, "cpu");
    assert.match(value.reason, /^no GPU here/);
    const { error } = await open("none-asked", "webgpu", NO_ADAPTER);
    assert.match(error.message, /WebGPU was asked for, but no GPU here/);
  });

  it("without timestamp queries", async () => {
    const { value, error: failed } = await open("untimed", "auto", NO_TIMESTAMPS);
    assert.equal(failed, undefined);
    assert.equal(value.kind, "cpu");
    assert.match(value.reason, /no timestamp queries/);
    const { error } = await open("untimed-asked", "webgpu", NO_TIMESTAMPS);
    assert.match(error.message, /WebGPU was asked for, but its adapter has no timestamp queries/);
  });

  for (const [what, model] of [["", () => ({})], [", where sums fill a workgroup's memory", () => served(FULL)]]) it(`with the least limits computes the same${what}`, async () => {
    const { value, error } = await open("least", "webgpu", LEAST_LIMITS, model());
    assert.equal(error, undefined);
    assert.deepEqual([value.kind, value.tensor], ["webgpu", 2 ** 27]);
    const { value: cpu } = await open("cpu", "cpu", "", model());
    for (const numbers of ["logits", "scores"]) {
      assert.ok(cpu[numbers].length > 1);
      value[numbers].forEach((x, i) => assert.ok(Math.abs(x - cpu[numbers][i]) < 1e-4 + 1e-4 * Math.abs(cpu[numbers][i]), `${numbers} ${i}`));
    }
  });

  const sizes = [["sums of more tiles and of more numbers than there can be workgroups on an axis", WIDE], ["long sums of few rows", FEW_ROWS]];
  for (const [name, wide] of sizes) it(`takes ${name}`, async () => {
    const [cpu, gpu] = await onBoth(randomModel(wide), { prompts: pairs(wide), batchSize: wide.batch, edgeCounts: [3, 13] });
    cpu.forEach((logits, circuit) => logits.forEach((logit, i) => {
      assert.ok(Math.abs(gpu[circuit][i] - logit) < 1e-4 + 1e-4 * Math.abs(logit), `circuit ${circuit}, logit ${i}: ${gpu[circuit][i]}, ${logit}`);
    }));
  });

  it("has pad tokens attend to nothing where attention looks both ways", async () => {
    const sizes = { nLayers: 2, nHeads: 2, dHead: 8, nCtx: 8, attentionDir: "bidirectional" };
    const padded = [5, 3, 4, 5].map((seq, i) => pairs({ batch: 1, seq }, i).prompts[0]);
    const options = { batchSize: 4, edgeCounts: [5, 20], ablation: "batch_tokenwise_mean", slice: "none" };
    const [cpu, gpu] = await onBoth(randomModel(sizes), { prompts: { pad_token: 0, prompts: padded }, ...options });
    assert.ok(cpu[0].length > 512);
    cpu.forEach((logits, circuit) => logits.forEach((logit, i) => {
      assert.ok(Math.abs(gpu[circuit][i] - logit) < 1e-4 + 1e-4 * Math.abs(logit), `circuit ${circuit}, logit ${i}: ${gpu[circuit][i]}, ${logit}`);
    }));
  });

  const searches = [["by long sums", undefined, 1519, { batchSize: 8 }], ["of prompts of many tokens", LONG, 75, { batchSize: 2, prompts: pairs(LONG) }]];
  for (const [name, sizes, nEdges, options] of searches) it(`scores edges ${name} as the CPU does`, async () => {
    const [[cpu], [gpu]] = await onBoth(randomModel(sizes), { ...options, algorithm: "eap" });
    const largest = Math.max(...cpu.map(Math.abs));
    assert.ok(largest > 0);
    assert.equal(cpu.length, nEdges);
    cpu.forEach((score, i) => assert.ok(Math.abs(gpu[i] - score) < 1e-3 * largest, `edge ${i}: ${gpu[i]}, ${score}`));
  });
});
