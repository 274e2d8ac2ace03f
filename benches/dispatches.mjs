// What each kernel takes on a GPU in Chromium, by timestamps around every dispatch; and the product of 512 x 512 x 512 beside a kernel
// written by hand.
//
//     cargo bench                               (once: it writes the models of random weights)
//     cargo xtask build
//     CIRCUITSCOPE_NODE_MODULES=<folder of playwright-core> node benches/dispatches.mjs [plain|half|product] [4-layer|gpt2-case]
//
// `plain` is the unpatched model on new clean and corrupt prompts, `half` a circuit of half of all edges. MODELS: see browser.mjs.

import { readFileSync } from "node:fs";
import path from "node:path";

import { openBrowser } from "../tests/web/support/browser.mjs";
import { randomModel } from "../tests/web/support/random_model.mjs";
import { BLANK, SITE, cases } from "../tests/web/support/server.mjs";

const MODELS = process.env.MODELS ?? path.join(process.env.CARGO_TARGET_DIR ?? "target", "tmp");
const [what = "plain", name = "4-layer"] = process.argv.slice(2);
/** An MLP whose two products are of 512 rows, 512 numbers summed and 512 columns. */
const PRODUCTS = { nLayers: 2, nHeads: 8, dHead: 64, dMlp: 512 };
const PRODUCT_TURNS = 5;

// Gives every dispatch a pass of its own with timestamps, and starts the engine as it is.
const SPY = `
const MOST = 2048;
const names = new WeakMap();
let device, queries, log = [];
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (options = {}) {
  device = await requestDevice.call(this, options);
  queries = device.createQuerySet({ type: "timestamp", count: 2 * MOST });
  return device;
};
for (const name of ["createComputePipeline", "createComputePipelineAsync"]) {
  const original = GPUDevice.prototype[name];
  GPUDevice.prototype[name] = function (options) {
    const named = (pipeline) => (names.set(pipeline, options.compute.entryPoint), pipeline);
    const made = original.call(this, options);
    return made instanceof Promise ? made.then(named) : named(made);
  };
}
const { beginComputePass } = GPUCommandEncoder.prototype;
GPUCommandEncoder.prototype.beginComputePass = function () {
  let pipeline;
  const groups = [];
  return {
    setPipeline: (it) => (pipeline = it),
    setBindGroup: (...args) => (groups[args[0]] = args),
    dispatchWorkgroups: (...counts) => {
      const at = 2 * log.length;
      const timed = at < 2 * MOST ? { querySet: queries, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 } : undefined;
      const pass = beginComputePass.call(this, { timestampWrites: timed });
      pass.setPipeline(pipeline);
      for (const args of groups) if (args) pass.setBindGroup(...args);
      pass.dispatchWorkgroups(...counts);
      pass.end();
      log.push({ name: names.get(pipeline), counts });
    },
    end() {},
  };
};
const channel = new BroadcastChannel("spy");
channel.onmessage = async () => {
  const seen = log.splice(0).slice(0, MOST);
  if (seen.length === 0) return channel.postMessage([]);
  const size = 16 * seen.length;
  const [there, here] = [GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ]
    .map((usage) => device.createBuffer({ size, usage }));
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(queries, 0, 2 * seen.length, there, 0);
  encoder.copyBufferToBuffer(there, 0, here, 0, size);
  device.queue.submit([encoder.finish()]);
  await here.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(here.getMappedRange());
  channel.postMessage(seen.map((dispatch, i) => ({ ...dispatch, ms: Number(times[2 * i + 1] - times[2 * i]) / 1e6 })));
};
`;

const { server, page, close } = await openBrowser(BLANK);
server.add(`${SITE}spy.js`, SPY);
server.add(`${SITE}spied-worker.js`, 'import "./spy.js";\nimport "./engine-worker.js";\n');
server.add(`${SITE}in_page.js`, readFileSync(new URL("./in_page.js", import.meta.url)));
await page.setContent('<input type="file" multiple>');
if (what === "product") {
  const file = ({ name, base64 }) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(base64, "base64") });
  await page.setInputFiles("input", randomModel(PRODUCTS).map(file));
  await page.evaluate(openInPage, { site: server.origin + SITE, config: "tl_config.json", batch: 32, seq: 16 });
  await compareProducts();
} else {
  const dir = name === "gpt2-case" ? path.join(cases, "gpt2") : path.join(MODELS, name);
  await page.setInputFiles("input", ["config.json", "model.safetensors"].map((file) => path.join(dir, file)));
  await page.evaluate(openInPage, { site: server.origin + SITE, config: "config.json", batch: 8, seq: name === "gpt2-case" ? 6 : 16 });
  await page.evaluate((what) => act(what), what);
  printKernels(await page.evaluate((what) => act(what), what));
}
await close();

/** Opens an engine; `act` does a thing and gives its dispatches. */
async function openInPage({ site, config: configName, batch, seq }) {
  const [{ openEngine }, { generator, randomPrompts, randomScores }] =
    await Promise.all(["circuitscope.js", "in_page.js"].map((file) => import(`${site}${file}`)));
  const files = Object.fromEntries([...document.querySelector("input").files].map((file) => [file.name, file]));
  const engine = await openEngine({ device: "webgpu", workers: 1, workerUrl: `${site}spied-worker.js` });
  const { config } = await engine.loadModel({ config: files[configName], weights: files["model.safetensors"] });
  const graph = await engine.graph();
  const random = generator();
  const scores = randomScores(random, graph);
  const channel = new BroadcastChannel("spy");
  const dispatches = () => new Promise((resolve) => {
    channel.onmessage = ({ data }) => resolve(data);
    channel.postMessage("tell");
  });
  const newPrompts = () => randomPrompts(random, config, batch, seq);
  const prompts = newPrompts();
  const acts = {
    plain: () => engine.runCircuits({ prompts: newPrompts(), scores, batchSize: batch, edgeCounts: [0] }),
    half: () => engine.runCircuits({ prompts, scores, batchSize: batch, edgeCounts: [Math.floor(graph.nEdges / 2)] }),
  };
  await acts.plain();
  window.act = async (what) => {
    await dispatches();
    await acts[what]();
    return dispatches();
  };
}

/** Prints what each kernel took, by its name and its workgroups. */
function printKernels(dispatches) {
  const sum = (list) => list.reduce((total, { ms }) => total + ms, 0);
  const kinds = new Map();
  for (const dispatch of dispatches) {
    const kind = `${dispatch.name.replace(/_[0-9a-f]{8}$/, "")} ${dispatch.counts.join(" x ")}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), dispatch]);
  }
  console.log(`\n${name}, ${what}: ${dispatches.length} dispatches, ${sum(dispatches).toFixed(0)} ms`);
  for (const [kind, list] of [...kinds].sort((a, b) => sum(b[1]) - sum(a[1])).slice(0, 24)) {
    console.log(`  ${sum(list).toFixed(1).padStart(8)} ms  ${String(list.length).padStart(4)} times  ${kind}`);
  }
}

/** Prints the time of the engine's product of 512 x 512 x 512 and of a kernel written by hand, in turns. */
async function compareProducts() {
  const times = { ours: [], theirs: [] };
  for (let turn = 0; turn <= PRODUCT_TURNS; turn++) {
    const dispatches = await page.evaluate(() => act("plain"));
    // Both products of the first block's MLP, on the clean and on the corrupt prompts: 64 tiles each.
    const ours = dispatches.filter(({ name, counts }) => name.startsWith("multiply") && counts.join() === "64,1,1");
    if (ours.length !== 4) throw new Error(`${ours.length} products of 64 tiles`);
    const theirs = await page.evaluate(multiplyByHand);
    // The first turn warms up.
    if (turn > 0) times.ours.push(ours.reduce((sum, { ms }) => sum + ms, 0) / ours.length);
    if (turn > 0) times.theirs.push(theirs);
  }
  const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const ratios = times.ours.map((ms, i) => ms / times.theirs[i]);
  console.log(`\n512 x 512 x 512: ours ${middle(times.ours).toFixed(0)} ms, by hand ${middle(times.theirs).toFixed(0)} ms,`
    + ` ours / by hand ${middle(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`);
}

/** The time in milliseconds of a product by tiles of 32 x 32, of which each of 64 threads keeps 4 x 4 numbers in registers. */
async function multiplyByHand() {
  const N = 512;
  const numbers = (make, glue) => Array.from({ length: 16 }, (_, i) => make(Math.floor(i / 4), i % 4)).join(glue);
  const code = `
    @group(0) @binding(0) var<storage, read> a: array<f32>;
    @group(0) @binding(1) var<storage, read> b: array<f32>;
    @group(0) @binding(2) var<storage, read_write> c: array<f32>;
    var<workgroup> of_a: array<f32, 512>;
    var<workgroup> of_b: array<f32, 512>;
    @compute @workgroup_size(64)
    fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) unit: u32) {
      let row = unit / 8u * 4u;
      let column = unit % 8u * 4u;
      ${numbers((i, j) => `var s${i}${j} = 0f;`, " ")}
      for (var first = 0u; first < ${N}u; first += 16u) {
        for (var i = unit; i < 512u; i += 64u) {
          of_a[i % 16u * 32u + i / 16u] = a[(tile.y * 32u + i / 16u) * ${N}u + first + i % 16u];
          of_b[i] = b[(first + i / 32u) * ${N}u + tile.x * 32u + i % 32u];
        }
        workgroupBarrier();
        for (var k = 0u; k < 512u; k += 32u) {
          ${[0, 1, 2, 3].map((i) => `let a${i} = of_a[k + row + ${i}u]; let b${i} = of_b[k + column + ${i}u];`).join(" ")}
          ${numbers((i, j) => `s${i}${j} += a${i} * b${j};`, " ")}
        }
        workgroupBarrier();
      }
      ${numbers((i, j) => `c[(tile.y * 32u + row + ${i}u) * ${N}u + tile.x * 32u + column + ${j}u] = s${i}${j};`, "\n")}
    }`;
  if (!window.byHand) {
    const device = await (await navigator.gpu.requestAdapter()).requestDevice({ requiredFeatures: ["timestamp-query"] });
    const compute = { module: device.createShaderModule({ code }), entryPoint: "main" };
    const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute });
    const buffer = (size, usage) => device.createBuffer({ size, usage });
    const factors = [0, 1, 2].map(() => buffer(4 * N * N, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST));
    const random = new Float32Array(N * N);
    for (const factor of factors) device.queue.writeBuffer(factor, 0, random.map(() => Math.random() - 0.5));
    const entries = factors.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    window.byHand = { device, pipeline, group, buffer };
  }
  const { device, pipeline, group, buffer } = window.byHand;
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(N / 32, N / 32);
  pass.end();
  const there = buffer(16, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
  const here = buffer(16, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
  encoder.resolveQuerySet(querySet, 0, 2, there, 0);
  encoder.copyBufferToBuffer(there, 0, here, 0, 16);
  device.queue.submit([encoder.finish()]);
  await here.mapAsync(GPUMapMode.READ);
  const [start, end] = new BigUint64Array(here.getMappedRange());
  return Number(end - start) / 1e6;
}
