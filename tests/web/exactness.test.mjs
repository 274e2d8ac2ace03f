// Circuits in the browser against what auto-circuit computed: through `circuitscope.js`, on the CPU and on WebGPU.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { CASES, assertClose, graphSettings, readCase, runSettings, sliceLogits } from "./support/cases.mjs";
import { floats, openBrowser } from "./support/browser.mjs";
import { numbers } from "./support/safetensors.mjs";

// Software WebGPU takes milliseconds for every dispatch: one run of each graph, unless all are asked for.
const WEBGPU_ALL = Boolean(process.env.CIRCUITSCOPE_WEBGPU_ALL);

for (const device of ["cpu", "webgpu"]) {
  describe(`on the device ${device}`, () => {
    let browser;
    before(async () => {
      browser = await openBrowser();
      const kind = await browser.page.evaluate(async (device) => {
        const { openEngine } = await tests.module();
        window.engine = await openEngine({ device });
        return window.engine.device.kind;
      }, device);
      assert.equal(kind, device);
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
          it(`describes graph ${graphIdx}`, () => checkGraph(browser.page, graph));
          const runs = device === "cpu" || WEBGPU_ALL ? graph.runs : graph.runs.slice(0, 1);
          runs.forEach((run, runIdx) => {
            const settings = runSettings(graph, run, reference.batch_size);
            const { patchType, ablation, reverse } = settings;
            const title = `graph ${graphIdx}, run ${runIdx}: ${patchType}, ${ablation}${reverse ? ", reversed" : ""}`;
            it(title, () => checkRun(browser.page, { reference, graphIdx, runIdx, settings }));
          });
        });
      });
    }
  });
}

async function checkGraph(page, graph) {
  const found = await page.evaluate((settings) => engine.graph(settings), graphSettings(graph));
  assert.equal(found.nEdges, graph.n_edges);
  assert.deepEqual(found.srcs, graph.srcs);
  assert.deepEqual(found.masks, graph.masks);
  // The reference writes these two sorted.
  assert.deepEqual(found.nodes.toSorted(), graph.nodes.toSorted());
  assert.deepEqual(found.edges.toSorted(), graph.edges.toSorted());
}

async function checkRun(page, { reference, graphIdx, runIdx, settings }) {
  const { expected, prompts } = reference;
  const options = { ...settings, prompts, scores: reference.scores(graphIdx) };
  const result = await page.evaluate(async (options) => tests.plain(await engine.runCircuits(options)), options);

  const nPrompts = result.clean.shape[0];
  assert.equal(nPrompts, expected.clean_logits.shape[0] - (expected.clean_logits.shape[0] % settings.batchSize));
  for (const side of ["clean", "corrupt"]) {
    const unpatched = sliceLogits(expected[`${side}_logits`], settings.slice, nPrompts);
    assertClose(floats(result[side].logits), unpatched, `the unpatched model on the ${side} prompts`);
  }

  const run = reference.graphs[graphIdx].runs[runIdx];
  assert.deepEqual(result.circuits.map(({ requested }) => requested), run.test_edge_counts);
  const realised = [...new Set(result.circuits.map(({ edges }) => edges))].sort((a, b) => a - b);
  assert.deepEqual(realised, run.edge_counts);
  for (const { requested, edges, shape, logits } of result.circuits) {
    const tensor = expected[`graph${graphIdx}.run${runIdx}.edges${edges}`];
    const what = `${edges} edges, ${requested} asked for`;
    assert.deepEqual(shape, tensor.shape, what);
    assertClose(floats(logits), numbers(tensor), what);
  }
}
