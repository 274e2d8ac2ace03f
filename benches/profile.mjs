// Where the time goes in Chromium, by function, of one thing that the engine does over and over on the CPU.
//
//     cargo bench                               (once: it writes the models of random weights)
//     cargo xtask build
//     cargo build --profile web --target wasm32-unknown-unknown -p circuitscope-engine-worker
//     wasm-bindgen --target web --no-typescript --out-name engine --out-dir dist <target dir>/wasm32-unknown-unknown/web/engine.wasm
//     CIRCUITSCOPE_NODE_MODULES=<folder of playwright-core> node benches/profile.mjs [plain|half|sweep|eap] [4-layer|gpt2-small|gpt2-case]
//
// The last two commands before it put an engine into the site whose functions still have names. `plain` runs the unpatched model on new
// clean and corrupt prompts, `half` a circuit of half of all edges, `sweep` 20 circuits on new prompts. MODELS: see browser.mjs.

import { readFileSync } from "node:fs";
import path from "node:path";

import { openBrowser } from "../tests/web/support/browser.mjs";
import { BLANK, SITE, cases } from "../tests/web/support/server.mjs";

const MODELS = process.env.MODELS ?? path.join(process.env.CARGO_TARGET_DIR ?? "target", "tmp");
const [what = "plain", name = "4-layer"] = process.argv.slice(2);
const dir = name === "gpt2-case" ? path.join(cases, "gpt2") : path.join(MODELS, name);
const N_SHOWN = 24;
const SECONDS = 6;

const { server, page, close } = await openBrowser(BLANK);
server.add(`${SITE}in_page.js`, readFileSync(new URL("./in_page.js", import.meta.url)));
const worker = await watchWorker();
await page.setContent('<input type="file" multiple>');
await page.setInputFiles("input", ["config.json", "model.safetensors"].map((file) => path.join(dir, file)));
await page.evaluate(prepare, { site: server.origin + SITE, what, batch: name === "gpt2-case" ? 2 : 8, seq: name === "gpt2-case" ? 6 : 16 });
await worker("Profiler.enable");
await worker("Profiler.setSamplingInterval", { interval: 500 });
await worker("Profiler.start");
const ms = await page.evaluate(async (seconds) => {
  const start = performance.now();
  let n = 0;
  for (; performance.now() - start < 1000 * seconds; n++) await window.act();
  return (performance.now() - start) / n;
}, SECONDS);
const { profile } = await worker("Profiler.stop");
await close();
print(profile);

/** Speaks with the page's worker as a debugger does. */
async function watchWorker() {
  const session = await page.context().newCDPSession(page);
  const waiting = new Map();
  let target;
  session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
    if (targetInfo.type === "worker") target = sessionId;
  });
  session.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { id, result } = JSON.parse(message);
    waiting.get(id)?.(result);
  });
  await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  let id = 0;
  return (method, params = {}) => new Promise((resolve) => {
    waiting.set(++id, resolve);
    session.send("Target.sendMessageToTarget", { sessionId: target, message: JSON.stringify({ id, method, params }) });
  });
}

/** Opens an engine in the page, and does once what is to be done over and over. */
async function prepare({ site, what, batch, seq }) {
  const [{ openEngine }, { generator, logSpaced, randomPrompts, randomScores }] =
    await Promise.all(["circuitscope.js", "in_page.js"].map((file) => import(`${site}${file}`)));
  const files = Object.fromEntries([...document.querySelector("input").files].map((file) => [file.name, file]));
  const engine = await openEngine({ device: "cpu", workers: 1 });
  const { config } = await engine.loadModel({ config: files["config.json"], weights: files["model.safetensors"] });
  const graph = await engine.graph();
  const random = generator();
  const scores = randomScores(random, graph);
  const newPrompts = () => randomPrompts(random, config, batch, seq);
  const prompts = newPrompts();
  const run = (prompts, edgeCounts) => engine.runCircuits({ prompts, scores, batchSize: batch, edgeCounts });
  const acts = {
    plain: () => run(newPrompts(), [0]),
    half: () => run(prompts, [Math.floor(graph.nEdges / 2)]),
    sweep: () => run(newPrompts(), logSpaced(graph.nEdges, 20)),
    eap: () => engine.discover({ prompts, batchSize: batch, algorithm: "eap" }),
  };
  window.act = acts[what];
  await window.act();
}

/** Prints each function's own share of the time in which the worker was busy. */
function print({ nodes, samples, timeDeltas }) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName || "(unnamed)"]));
  const own = new Map();
  samples.forEach((id, i) => own.set(names.get(id), (own.get(names.get(id)) ?? 0) + timeDeltas[i]));
  own.delete("(idle)");
  const all = [...own.values()].reduce((a, b) => a + b, 0);
  console.log(`\n${name}, ${what}: ${ms.toFixed(1)} ms each; own time of functions, in per cent`);
  for (const [of, time] of [...own].sort((a, b) => b[1] - a[1]).slice(0, N_SHOWN)) {
    console.log(`  ${((100 * time) / all).toFixed(1).padStart(5)}  ${of.replace(/::h[0-9a-f]{16}$/, "")}`);
  }
}
