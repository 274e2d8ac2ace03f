// Runs and searches that several workers share, in Chromium: the same numbers, bit for bit, as by one; cancelled; and with a worker
// that dies.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { openBrowser } from "./support/browser.mjs";
import { CASE, FILES, RUN, assertSame } from "./support/module.mjs";
import { SITE } from "./support/server.mjs";

const EDGE_COUNTS = Array.from({ length: 111 }, (_, i) => i);
const { prompts } = CASE;
const { page, server, close } = await openBrowser();

/** Opens an engine of some workers, with the case's model, as `engines[workers]`. */
const open = (workers, workerUrl) => page.evaluate(async ({ workers, workerUrl, files }) => {
  const { openEngine } = await tests.module();
  window.engines ??= {};
  const engine = await openEngine({ device: "cpu", workers, workerUrl });
  await engine.loadModel(files);
  window.engines[workers ?? "any"] = engine;
  return engine.device.workers;
}, { workers, workerUrl, files: FILES });

const run = (workers, options) => page.evaluate(async ({ workers, options }) => {
  const result = await engines[workers].runCircuits(options);
  return { ...tests.plain(result), workers: result.workers };
}, { workers, options });

const discover = (workers, options) => page.evaluate(async ({ workers, options }) => {
  const { values, loss, workers: n } = await engines[workers].discover(options);
  return { values: [...values], loss, workers: n };
}, { workers, options });

/** The first result by so many workers: those beside the first join as soon as they have the model. */
async function shared(n, call) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const result = await call();
    if (result.workers >= n) return result;
  }
  return assert.fail(`${n} workers never computed together`);
}

describe("several workers", () => {
  after(close);
  before(async () => {
    assert.equal(await open(1), 1);
    assert.equal(await open(3), 3);
  });

  it("compute a sweep to the last bit as one does", async () => {
    const options = { ...RUN, edgeCounts: EDGE_COUNTS };
    const alone = await run(1, options);
    assert.equal(alone.workers, 1);
    const together = await shared(3, () => run(3, options));
    assertSame(together, alone);
  });

  for (const search of [
    { algorithm: "exact" },
    { algorithm: "acdc", thresholds: [0.001, 0.01] },
    { algorithm: "eap_ig", steps: 12 },
    { algorithm: "mask_gradient", integratedGradSamples: 12 },
  ]) {
    it(`find the same scores by ${search.algorithm}`, async () => {
      const options = { prompts, batchSize: 2, ...search };
      const alone = await discover(1, options);
      const together = await shared(2, () => discover(3, options));
      assert.deepEqual({ ...together, workers: 1 }, alone);
    });
  }

  it("count their passes together, to the end", async () => {
    const told = await page.evaluate(async (options) => {
      const told = [];
      const onProgress = ({ done, total }) => told.push([done, total]);
      await engines[3].runCircuits({ ...options, onProgress });
      return told;
    }, { ...RUN, edgeCounts: EDGE_COUNTS });
    const [done, total] = told.at(-1);
    assert.equal(done, total);
    assert.ok(told.every(([done], i) => i === 0 || done >= told[i - 1][0]));
  });

  it("stop where a search is cancelled, and go on with the next", async () => {
    const expected = await run(1, RUN);
    const name = await page.evaluate(async ({ prompts }) => {
      const controller = new AbortController();
      const search = engines[3].discover({
        prompts, batchSize: 1, algorithm: "exact", signal: controller.signal, onProgress: () => controller.abort(),
      });
      return search.then(() => "done", (error) => error.name);
    }, { prompts });
    assert.equal(name, "AbortError");
    assertSame(await run(3, RUN), expected);
  });

  it("do the work of one that dies", async () => {
    const options = { prompts, batchSize: 2, algorithm: "exact" };
    const alone = await discover(1, options);
    const dying = `
      import "${server.origin}${SITE}engine-worker.js";
      const parts = new Set();
      if (self.name.endsWith("helper")) self.addEventListener("message", ({ data: [{ id, request }] }) => {
        if (request.with?.help === "compute" && parts.add(id).size === 9) throw new Error("the test ends it");
      });
    `;
    await open(2, server.add("/made/dying.js", dying));
    // The second joins when it has the model, dies at some part, and is not asked again.
    const seen = [];
    while (seen.length < 200 && !(seen.includes(2) && seen.at(-1) === 1)) {
      const { values, workers } = await discover(2, options);
      assert.deepEqual(values, alone.values);
      seen.push(workers);
    }
    assert.ok(seen.includes(2) && seen.at(-1) === 1, seen.join());
  });

  it("are as many as cores and memory allow, and start for what lasts alone", async () => {
    const [n, cores] = [await open(), await page.evaluate(() => navigator.hardwareConcurrency)];
    assert.equal(n, Math.min(cores, 8));
    assert.equal((await run("any", RUN)).workers, 1);
    assert.equal((await discover("any", { prompts, algorithm: "eap" })).workers, 1);
  });
});
