// What several workers gain in Chromium, on the CPU: a sweep and searches by one worker and by several, in turns.
//
//     cargo bench                               (once: it writes the models of random weights)
//     cargo xtask build
//     CIRCUITSCOPE_NODE_MODULES=<folder of playwright-core> node benches/workers.mjs [WORKERS] [4-layer|gpt2-small]
//
// Every ratio is of two runs that followed each other; its median is printed with the least and the largest. MODELS: see browser.mjs.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { openBrowser } from "../tests/web/support/browser.mjs";
import { BLANK, SITE } from "../tests/web/support/server.mjs";

const MODELS = process.env.MODELS ?? path.join(process.env.CARGO_TARGET_DIR ?? "target", "tmp");
const [workers = 2, name = "4-layer"] = process.argv.slice(2);
const SHAPES = {
  "4-layer": { batch: 8, seq: 16, turns: 7 },
  "gpt2-small": { batch: 8, seq: 16, turns: 3 },
};

const dir = path.join(MODELS, name);
if (!existsSync(path.join(dir, "model.safetensors"))) throw new Error(`no model in ${dir}; \`cargo bench\` makes it`);
const { server, page, close } = await openBrowser(BLANK);
server.add(`${SITE}in_page.js`, readFileSync(new URL("./in_page.js", import.meta.url)));
await page.setContent('<input type="file" multiple>');
await page.setInputFiles("input", ["config.json", "model.safetensors"].map((file) => path.join(dir, file)));
const found = await page.evaluate(runInPage, { workers: Number(workers), shape: SHAPES[name], name, site: server.origin + SITE });
await close();
console.log(`\n${name}, ${SHAPES[name].batch} x ${SHAPES[name].seq} tokens: by one worker and by ${workers}`);
for (const [what, { alone, together, ratios, n }] of Object.entries(found)) {
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const times = `${alone.toFixed(0).padStart(7)} ms ${together.toFixed(0).padStart(7)} ms`;
  console.log(`  ${what.padEnd(40)} ${times}   ${middle(ratios).toFixed(2)} times as fast (${least.toFixed(2)} to ${most.toFixed(2)}), by ${n}`);
}

function middle(list) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}

/** Everything that is timed, in the page. */
async function runInPage({ workers, shape, name, site }) {
  const [{ openEngine }, { generator, logSpaced, middle, randomPrompts, randomScores }] =
    await Promise.all(["circuitscope.js", "in_page.js"].map((file) => import(`${site}${file}`)));
  const files = Object.fromEntries([...document.querySelector("input").files].map((file) => [file.name, file]));
  const random = generator();
  const engines = {};
  let config, graph;
  for (const n of [1, workers]) {
    engines[n] = await openEngine({ device: "cpu", workers: n });
    ({ config } = await engines[n].loadModel({ config: files["config.json"], weights: files["model.safetensors"] }));
    graph = await engines[n].graph();
  }
  const scores = randomScores(random, graph);
  const edgeCounts = logSpaced(graph.nEdges, 20);
  const prompts = (n) => randomPrompts(random, config, n, shape.seq);
  const sweep = (n) => {
    const options = { prompts: prompts(n), scores, batchSize: shape.batch, edgeCounts };
    return (engine) => engine.runCircuits(options);
  };
  const search = (n, settings) => {
    const options = { prompts: prompts(n), batchSize: shape.batch, ...settings };
    return (engine) => engine.discover(options);
  };
  const tasks = {
    "a sweep of 20, one batch": () => sweep(shape.batch),
    "a sweep of 20, four batches": () => sweep(4 * shape.batch),
    "EAP, four batches": () => search(4 * shape.batch, { algorithm: "eap" }),
    "EAP-IG, one batch, 10 steps": () => search(shape.batch, { algorithm: "eap_ig", steps: 10 }),
    ...(name === "4-layer" && {
      "exact patching, one batch": () => search(shape.batch, { algorithm: "exact" }),
      "ACDC, one batch, one threshold": () => search(shape.batch, { algorithm: "acdc", thresholds: [0.01] }),
    }),
  };
  // The others have loaded the model when they have taken part once.
  for (let i = 0, n = 1; i < 50 && n < workers; i++) ({ workers: n } = await sweep(shape.batch)(engines[workers]));
  const found = {};
  for (const [what, task] of Object.entries(tasks)) {
    const [alone, together, ratios] = [[], [], []];
    let n = 1;
    for (let turn = 0; turn <= shape.turns; turn++) {
      const call = task();
      const time = async (engine) => {
        const start = performance.now();
        const result = await call(engine);
        return [performance.now() - start, result.workers];
      };
      const [[first], [second, by]] = [await time(engines[1]), await time(engines[workers])];
      n = Math.max(n, by);
      // The first turn warms up.
      if (turn > 0) [alone, together, ratios].forEach((list, i) => list.push([first, second, first / second][i]));
    }
    found[what] = { alone: middle(alone), together: middle(together), ratios, n };
  }
  return found;
}
