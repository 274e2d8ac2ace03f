// How many operations a layer gives a GPU, counted: each costs tens of microseconds there, however small it is. The difference of two
// models that are alike but for their number of layers is what layers between the first and the last take. And how often a pass hands
// over what it has, which costs more still.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { randomModel } from "./support/random_model.mjs";
import { SITE } from "./support/server.mjs";

const SIZES = { nHeads: 4, dHead: 8 };
/** The most that are allowed, in a plain pass, where an edge from the embedding to a head and one to the MLP are patched, and in EAP. */
const [PLAIN, PATCHED, EAP] = [12, 20, 70];
/** A circuit's pass is handed over once, and read back. */
const SUBMITS = 2;
// Counts dispatches and submits, and starts the engine as it is.
const SPY = `
let n = 0, submits = 0;
const { submit } = GPUQueue.prototype;
GPUQueue.prototype.submit = function (...args) {
  submits += 1;
  return submit.apply(this, args);
};
for (const name of ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"]) {
  const original = GPUComputePassEncoder.prototype[name];
  GPUComputePassEncoder.prototype[name] = function (...args) {
    n += 1;
    return original.apply(this, args);
  };
}
const channel = new BroadcastChannel("dispatches");
channel.onmessage = () => channel.postMessage({ n, submits });
`;

const { page, server, close } = await openBrowser();
server.add(`${SITE}counting.js`, SPY);
const workerUrl = server.origin + SITE + "counting-worker.js";
server.add(`${SITE}counting-worker.js`, 'import "./counting.js";\nimport "./engine-worker.js";\n');

/** The dispatches of a plain pass, of a patched one and of EAP. */
const count = (nLayers) => page.evaluate(async ({ files, workerUrl, nLayers }) => {
  const { openEngine } = await tests.module();
  const channel = new BroadcastChannel("dispatches");
  const counted = async (call) => {
    const told = () => new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
      channel.postMessage("tell");
    });
    const before = await told();
    await call();
    const after = await told();
    return { n: after.n - before.n, submits: after.submits - before.submits };
  };
  const bytes = (name) => Uint8Array.from(atob(files.find((file) => file.name === name).base64), (c) => c.charCodeAt(0));
  const json = (name) => JSON.parse(new TextDecoder().decode(bytes(name)));
  const engine = await openEngine({ device: "webgpu", workerUrl });
  await engine.loadModel({ config: json("tl_config.json"), weights: bytes("model.safetensors") });
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const edits = layers.flatMap((l) => [`Resid Start->A${l}.1.Q`, `Resid Start->MLP ${l}`]).map((edge) => ({ edge, mask: 1 }));
  const run = (prompts, edits) => () => engine.runCircuits({
    prompts, scores: bytes("scores.safetensors"), batchSize: 4, edgeCounts: [0], edits,
  });
  const all_prompts = json("prompts.json").prompts;
  const [others, prompts] = [all_prompts.slice(4), all_prompts.slice(0, 4)];
  // What is made once, with the first run.
  await run({ prompts: others }, [])();
  // The unpatched model twice, which is the empty circuit, too.
  const all = await counted(run({ prompts }, []));
  const empty = await counted(run({ prompts }, []));
  // From the first block on.
  const patched = await counted(run({ prompts }, edits));
  // The unpatched model on both sides, forward and backward, and the products of gradients with differences.
  const eap = await counted(() => engine.discover({ prompts: { prompts }, batchSize: 4, algorithm: "eap" }));
  engine.close();
  return { plain: (all.n - empty.n) / 2, eap: eap.n, patched: patched.n, submits: patched.submits };
}, { files: randomModel({ ...SIZES, nLayers }), workerUrl, nLayers });

describe("a layer on a GPU", () => {
  after(close);

  it("takes few dispatches, and one submit for all", async () => {
    const [two, four] = [await count(2), await count(4)];
    const a_layer = (kind) => (four[kind] - two[kind]) / 2;
    const found = { plain: a_layer("plain"), patched: a_layer("patched"), eap: a_layer("eap") };
    const most = { plain: PLAIN, patched: PATCHED, eap: EAP };
    for (const kind in most) assert.ok(found[kind] > 0 && found[kind] <= most[kind], JSON.stringify({ kind, found, two, four }));
    assert.ok(four.submits > 0 && four.submits <= SUBMITS, `${four.submits} submits`);
  });
});
