// A plain pass in Chromium, by the engine and by onnxruntime-web, of the same weights, in one page, in turns.
//
//     cargo bench                               (once: it writes the models of random weights)
//     cargo xtask build
//     python benches/export_onnx.py <target dir>/tmp/4-layer 8 16 ONNX/4-layer.onnx
//     npm install --prefix ONNX onnxruntime-web@1.30.0
//     ONNX=<that folder> CIRCUITSCOPE_NODE_MODULES=<folder of playwright-core> node benches/onnx.mjs [cpu] [webgpu] [gpt2-case|4-layer|gpt2-small ...]
//
// Both give the logits of the last position, and each turn says by how much they differ. Ours is half of what a run of new prompts takes
// longer than the same run once more: it runs the unpatched model on the clean and on the corrupt prompts. MODELS: see browser.mjs.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { openBrowser } from "../tests/web/support/browser.mjs";
import { BLANK, SITE, cases } from "../tests/web/support/server.mjs";

const { ONNX, MODELS = path.join(process.env.CARGO_TARGET_DIR ?? "target", "tmp") } = process.env;
if (!ONNX) throw new Error("ONNX names the folder of the exported models and of node_modules/onnxruntime-web");
const SHAPES = [
  { name: "gpt2-case", dir: path.join(cases, "gpt2"), batch: 2, seq: 6, atOnce: 50, repeats: { cpu: 9, webgpu: 5 } },
  { name: "4-layer", dir: path.join(MODELS, "4-layer"), batch: 8, seq: 16, atOnce: 4, repeats: { cpu: 11, webgpu: 5 } },
  // Software WebGPU would take minutes a pass.
  { name: "gpt2-small", dir: path.join(MODELS, "gpt2-small"), batch: 8, seq: 16, atOnce: 1, repeats: { cpu: 5 } },
];
const args = process.argv.slice(2);
const wants = (name, among) => !args.some((arg) => among.includes(arg)) || args.includes(name);

for (const device of ["cpu", "webgpu"]) {
  if (!wants(device, ["cpu", "webgpu"])) continue;
  for (const shape of SHAPES) {
    const repeats = shape.repeats[device];
    if (!repeats || !wants(shape.name, SHAPES.map(({ name }) => name))) continue;
    const missing = [path.join(ONNX, `${shape.name}.onnx`), path.join(shape.dir, "model.safetensors")].find((file) => !existsSync(file));
    if (missing) console.log(`\n${shape.name}: there is no ${missing}`);
    else await measure(device, { ...shape, repeats });
  }
}

/** Prints both times and their ratio for one model on one device. */
async function measure(device, shape) {
  const { server, page, close } = await openBrowser(BLANK);
  server.addFolder("/ort/", path.join(ONNX, "node_modules", "onnxruntime-web", "dist"));
  server.addFolder("/onnx/", ONNX);
  server.add(`${SITE}in_page.js`, readFileSync(new URL("./in_page.js", import.meta.url)));
  await page.setContent('<input type="file" multiple>');
  await page.setInputFiles("input", ["config.json", "model.safetensors"].map((name) => path.join(shape.dir, name)));
  const { name, difference, ours, theirs, ratio } = await page.evaluate(runInPage, { device, shape, origin: server.origin, site: server.origin + SITE });
  await close();
  const [middle, least, most] = ratio;
  console.log(`\n${shape.name} in Chromium on ${name}, ${shape.batch} x ${shape.seq} tokens; logits differ by at most ${difference.toExponential(1)}`);
  console.log(`  ours ${ours.toFixed(2)} ms, onnxruntime-web ${theirs.toFixed(2)} ms, ours / theirs ${middle.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`);
}

/** Everything that is timed, in the page. */
async function runInPage({ device, shape, origin, site }) {
  const [{ openEngine }, { generator, middle, randomPrompts, randomScores }] =
    await Promise.all(["circuitscope.js", "in_page.js"].map((file) => import(`${site}${file}`)));
  const ort = await import(`${origin}/ort/ort.${device === "cpu" ? "wasm" : "webgpu"}.bundle.min.mjs`);
  ort.env.wasm.wasmPaths = `${origin}/ort/`;
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(`${origin}/onnx/${shape.name}.onnx`, { executionProviders: [device === "cpu" ? "wasm" : "webgpu"] });
  const engine = await openEngine({ device, workers: 1 });
  const files = Object.fromEntries([...document.querySelector("input").files].map((file) => [file.name, file]));
  const { config } = await engine.loadModel({ config: files["config.json"], weights: files["model.safetensors"] });
  const random = generator();
  const scores = randomScores(random, await engine.graph());

  // What is done in a turn, `atOnce` times over, as a browser's clock is coarse.
  const turn = async () => {
    const sum = { ours: 0, theirs: 0, difference: 0 };
    const timed = async (act) => {
      const start = performance.now();
      const value = await act();
      return { value, ms: (performance.now() - start) / shape.atOnce };
    };
    for (let i = 0; i < shape.atOnce; i++) {
      const prompts = randomPrompts(random, config, shape.batch, shape.seq);
      const ids = BigInt64Array.from(prompts.prompts.flatMap(({ clean }) => clean), BigInt);
      const input = { input_ids: new ort.Tensor("int64", ids, [shape.batch, shape.seq]) };
      const run = () => engine.runCircuits({ prompts, scores, batchSize: shape.batch, edgeCounts: [0] });
      // Both read their logits back.
      const theirs = await timed(async () => (await session.run(input)).logits.getData());
      const [ours, again] = [await timed(run), await timed(run)];
      const [a, b] = [ours.value.clean.logits, theirs.value];
      if (a.length !== b.length) throw new Error(`${a.length} logits of ours, ${b.length} of theirs`);
      const difference = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
      sum.ours += (ours.ms - again.ms) / 2;
      sum.theirs += theirs.ms;
      sum.difference = Math.max(sum.difference, difference);
    }
    return sum;
  };
  await turn();
  const turns = [];
  for (let i = 0; i < shape.repeats; i++) turns.push(await turn());
  const ratios = turns.map(({ ours, theirs }) => ours / theirs);
  const name = `${engine.device.kind} (${engine.device.name})`;
  engine.close();
  return {
    name,
    difference: Math.max(...turns.map(({ difference }) => difference)),
    ours: middle(turns.map(({ ours }) => ours)),
    theirs: middle(turns.map(({ theirs }) => theirs)),
    ratio: [middle(ratios), Math.min(...ratios), Math.max(...ratios)],
  };
}
