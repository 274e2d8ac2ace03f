// Circuits in the browser against what auto-circuit computed: through `circuitscope.js`, on the CPU, with relaxed SIMD and without, and on
// WebGPU.
//
// What it finds on the CPU is in `www/pages/exactness.json`, of which the site makes a table; CIRCUITSCOPE_UPDATE=1 writes it anew.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";

import { CASES, assertClose, graphSettings, readCase, runSettings, sliceLogits } from "./support/cases.mjs";
import { floats, openBrowser } from "./support/browser.mjs";
import { numbers } from "./support/safetensors.mjs";
import { SITE } from "./support/server.mjs";

// Software WebGPU takes milliseconds for every dispatch: one run of each graph, unless all are asked for.
const WEBGPU_ALL = Boolean(process.env.CIRCUITSCOPE_WEBGPU_ALL);

const TABLE = new URL("../../www/pages/exactness.json", import.meta.url);
/** What was compared on the CPU, by case: numbers, and the largest difference. */
const compared = new Map(CASES.map((name) => [name, { graphs: 0, edges: 0, runs: 0, circuits: 0, logits: 0, largest: 0 }]));

for (const [device, isRelaxed] of [["cpu", true], ["cpu", false], ["webgpu", true]]) {
  describe(`on the device ${device}${isRelaxed ? "" : " without relaxed SIMD"}`, () => {
    let browser;
    before(async () => {
      browser = await openBrowser();
      const { server, page } = browser;
      server.add(`${SITE}valid.js`, isRelaxed ? "" : "WebAssembly.validate = () => false;");
      const workerUrl = server.add(`${SITE}chosen-worker.js`, 'import "./valid.js";\nimport "./engine-worker.js";');
      const kind = await page.evaluate(async (options) => {
        const { openEngine } = await tests.module();
        window.engine = await openEngine(options);
        return window.engine.device.kind;
      }, { device, workerUrl });
      assert.equal(kind, device);
      const programs = server.requests.map(({ pathname }) => pathname.split("/").at(-1)).filter((name) => /^engine.*\.wasm$/.test(name));
      assert.deepEqual(programs, [isRelaxed ? "engine-relaxed_bg.wasm" : "engine_bg.wasm"]);
    });
    after(() => browser?.close());

    for (const name of CASES) {
      describe(name, () => {
        const reference = readCase(name);
        before(() => {
          const { config, weights } = reference;
          return browser.page.evaluate((files) => engine.loadModel(files), { config, weights });
        });
        reference.graphs.forEach((graph, graphIdx) => {
          const counts = device === "cpu" && isRelaxed ? compared.get(name) : undefined;
          it(`describes graph ${graphIdx}`, async () => {
            await checkGraph(browser.page, graph);
            if (counts) Object.assign(counts, { graphs: counts.graphs + 1, edges: Math.max(counts.edges, graph.n_edges) });
          });
          const runs = device === "cpu" || WEBGPU_ALL ? graph.runs : graph.runs.slice(0, 1);
          runs.forEach((run, runIdx) => {
            const settings = runSettings(graph, run, reference.batch_size);
            const { patchType, ablation, reverse } = settings;
            const title = `graph ${graphIdx}, run ${runIdx}: ${patchType}, ${ablation}${reverse ? ", reversed" : ""}`;
            it(title, () => checkRun(browser.page, { reference, graphIdx, runIdx, settings, counts }));
          });
        });
      });
    }
  });
}

it("the table of the site says what was compared", () => {
  // Upwards, to two digits: another processor may round otherwise, and the table is not to promise more than there is.
  const up = (value) => (value === 0 ? 0 : Number((value * 1.05).toPrecision(2)));
  const found = CASES.map((name) => ({ name, ...compared.get(name), largest: up(compared.get(name).largest) }));
  if (process.env.CIRCUITSCOPE_UPDATE) {
    writeFileSync(TABLE, `[\n${found.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n]\n`);
    return;
  }
  const written = JSON.parse(readFileSync(TABLE));
  const without = ({ largest, ...counts }) => counts;
  assert.deepEqual(written.map(without), found.map(without));
  for (const [i, { name, largest }] of found.entries()) {
    // Another processor may sum in another order.
    assert.ok(largest <= 3 * written[i].largest + 1e-6, `${name}: the table says ${written[i].largest}, and it is ${largest}`);
  }
});

async function checkGraph(page, graph) {
  const found = await page.evaluate((settings) => engine.graph(settings), graphSettings(graph));
  assert.equal(found.nEdges, graph.n_edges);
  assert.deepEqual(found.srcs, graph.srcs);
  assert.deepEqual(found.masks, graph.masks);
  // The reference writes these two sorted.
  assert.deepEqual(found.nodes.toSorted(), graph.nodes.toSorted());
  assert.deepEqual(found.edges.toSorted(), graph.edges.toSorted());
}

async function checkRun(page, { reference, graphIdx, runIdx, settings, counts }) {
  const { expected, prompts } = reference;
  const options = { ...settings, prompts, scores: reference.scores(graphIdx) };
  const result = await page.evaluate(async (options) => tests.plain(await engine.runCircuits(options)), options);

  const nPrompts = result.clean.shape[0];
  assert.equal(nPrompts, expected.clean_logits.shape[0] - (expected.clean_logits.shape[0] % settings.batchSize));
  for (const side of ["clean", "corrupt"]) {
    const unpatched = sliceLogits(expected[`${side}_logits`], settings.slice, nPrompts);
    count(counts, unpatched, assertClose(floats(result[side].logits), unpatched, `the unpatched model on the ${side} prompts`));
  }
  if (counts) Object.assign(counts, { runs: counts.runs + 1, circuits: counts.circuits + result.circuits.length });

  const run = reference.graphs[graphIdx].runs[runIdx];
  assert.deepEqual(result.circuits.map(({ requested }) => requested), run.test_edge_counts);
  const realised = [...new Set(result.circuits.map(({ edges }) => edges))].sort((a, b) => a - b);
  assert.deepEqual(realised, run.edge_counts);
  for (const { requested, edges, shape, logits } of result.circuits) {
    const tensor = expected[`graph${graphIdx}.run${runIdx}.edges${edges}`];
    const what = `${edges} edges, ${requested} asked for`;
    assert.deepEqual(shape, tensor.shape, what);
    count(counts, numbers(tensor), assertClose(floats(logits), numbers(tensor), what));
  }
}

/** Adds numbers that were compared, and how far off they were at most. */
function count(counts, expected, largest) {
  if (counts) Object.assign(counts, { logits: counts.logits + expected.length, largest: Math.max(counts.largest, largest) });
}
