// `circuitscope.js` with a real engine: what it tells, where it takes files from, progress and aborts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { floats } from "./support/browser.mjs";
import { assertClose, caseFile } from "./support/cases.mjs";
import { CASE, FILES, RUN, assertError, assertSame, moduleSuite } from "./support/module.mjs";
import * as safetensors from "./support/safetensors.mjs";

const { config, weights } = CASE;

await moduleSuite("the module with an engine on the CPU", ({ page, server, browser, load, run, add, firstRun, assertUnharmed }) => {
  let first;

  it("says that a model has to be loaded first", async () => {
    assertError(await run(RUN), [/model/]);
    assertError(await page.evaluate(() => tests.outcome(engine.graph())), [/model/]);
  });

  it("tells the device, the model and a result in the documented form", async () => {
    const device = await page.evaluate(() => engine.device);
    assert.equal(device.kind, "cpu");
    assert.ok(device.name && device.reason);

    const { value: model } = await load(FILES);
    assert.equal(model.config.n_layers, 2);
    assert.equal(model.config.d_vocab, 48);
    const counted = Object.values(safetensors.parse(caseFile("gpt2", "model.safetensors")));
    const sizes = counted.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    assert.equal(model.nParams, sizes.reduce((sum, size) => sum + size));

    first = await firstRun();
    assert.deepEqual(first.circuits.map(({ requested, edges }) => [requested, edges]), [[0, 0], [1, 1], [7, 7], [110, 110]]);
    assert.equal(first.circuits[0].threshold, Infinity);
    assert.ok(first.circuits[2].threshold > 0 && first.circuits[2].threshold < first.circuits[1].threshold);
    assert.equal(first.nPrompts, 4);
    assert.equal(first.nPositions, 1);
    for (const { shape, logits, measurement } of [...first.circuits, first.clean, first.corrupt]) {
      assert.deepEqual(shape, [4, 48]);
      assert.equal(floats(logits).length, 4 * 48);
      assert.equal(typeof measurement.logitDiff, "number");
      assert.ok(measurement.klClean >= 0 && measurement.klCorrupt >= 0);
    }
    // No edge patched is the corrupt prompt's run; under resample all edges are the clean one's.
    assertClose(floats(first.circuits[0].logits), floats(first.corrupt.logits), "no edges");
    assertClose(floats(first.circuits[3].logits), floats(first.clean.logits), "all edges");
    assert.equal(first.clean.measurement.klClean, 0);
  });

  describe("takes files from", () => {
    for (const as of ["file", "blob", "buffer", "view"]) {
      it(`a ${as}`, async () => {
        const result = await page.evaluate(async ({ as, files, options }) => {
          const [config, weights] = [await tests.source(files.config, as), await tests.source(files.weights, as)];
          await engine.loadModel({ config, weights });
          const [prompts, scores] = [await tests.source(options.prompts, as), await tests.source(options.scores, as)];
          return tests.plain(await engine.runCircuits({ ...options, prompts, scores }));
        }, { as, files: FILES, options: RUN });
        assertSame(result, first);
      });
    }

    for (const as of ["json", "text"]) {
      it(`JSON as ${as === "json" ? "an object" : as}`, async () => {
        const result = await page.evaluate(async ({ as, files, options }) => {
          await engine.loadModel({ ...files, config: await tests.source(files.config, as) });
          const prompts = await tests.source(options.prompts, as);
          return tests.plain(await engine.runCircuits({ ...options, prompts }));
        }, { as, files: FILES, options: RUN });
        assertSame(result, first);
      });
    }

    it("a URL, in ranges", async () => {
      const { requests, origin } = server;
      const before = requests.length;
      const loaded = await page.evaluate((files) => {
        return tests.outcome(engine.loadModel({ config: files.config, weights: new URL(files.weights) }));
      }, { config, weights: origin + weights });
      assert.equal(loaded.error, undefined);
      const asked = requests.slice(before).filter(({ pathname }) => pathname === weights);
      assert.ok(asked.length > 1);
      for (const { range } of asked) assert.match(range ?? "none", /^bytes=\d+-\d+$/);
      await assertUnharmed();
    });

    it("a URL whose server knows no ranges", async () => {
      const loaded = await load({ config: `/whole${config}`, weights: `/whole${weights}` });
      assert.equal(loaded.error, undefined);
      await assertUnharmed();
    });
  });

  for (const [dtype, narrow] of Object.entries({ F16: toF16, BF16: toBf16 })) {
    it(`reads ${dtype} weights as the numbers that they are`, async () => {
      const tensors = Object.entries(safetensors.parse(caseFile("gpt2", "model.safetensors")));
      const narrowed = tensors.map(([name, tensor]) => [name, safetensors.numbers(tensor), tensor.shape]);
      const short = narrowed.map(([name, values, shape]) => {
        const bits = Uint16Array.from(values, (value) => narrow(value).bits);
        return [name, { dtype, shape, bytes: Buffer.from(bits.buffer) }];
      });
      const wide = narrowed.map(([name, values, shape]) => {
        return [name, safetensors.tensor(shape, Array.from(values, (value) => narrow(value).value))];
      });
      const results = [];
      for (const [leaf, file] of [[`${dtype}.safetensors`, short], [`rounded-${dtype}.safetensors`, wide]]) {
        const loaded = await load({ config, weights: add(leaf, safetensors.write(Object.fromEntries(file))) });
        assert.equal(loaded.error, undefined);
        results.push((await run(RUN)).value);
      }
      assertSame(results[0], results[1]);
      assert.throws(() => assertSame(results[0], first));
      await load(FILES);
      await assertUnharmed();
    });
  }

  it("tells progress that grows to the end", async () => {
    const seen = await page.evaluate(async (options) => {
      const seen = [];
      await engine.runCircuits({ ...options, edgeCounts: "all", onProgress: (progress) => seen.push(progress) });
      return seen;
    }, RUN);
    assert.ok(seen.length > 0);
    const shares = seen.map(({ done, total }) => done / total);
    assert.deepEqual(shares, shares.toSorted((a, b) => a - b));
    assert.equal(shares.at(-1), 1);
    for (const { label } of seen) assert.equal(typeof label, "string");
  });

  it("stops a run when its signal aborts", async () => {
    const { outcome, ms } = await page.evaluate(async (options) => {
      const controller = new AbortController();
      const onProgress = () => controller.abort();
      const long = { ...options, batchSize: 1, edgeCounts: Array(2000).fill(7), signal: controller.signal, onProgress };
      const outcome = await tests.outcome(engine.runCircuits(long));
      const start = performance.now();
      await engine.graph();
      return { outcome, ms: performance.now() - start };
    }, RUN);
    assertError(outcome, [/abort/], "AbortError");
    // The rest of the run would take many times that.
    assert.ok(ms < 1000, `the next call was answered after ${ms.toFixed(0)} ms`);
    await assertUnharmed();
  });

  it("stops a run whose onProgress throws, with what it threw", async () => {
    const outcome = await page.evaluate((options) => {
      const onProgress = () => {
        throw new RangeError("no more");
      };
      return tests.outcome(engine.runCircuits({ ...options, edgeCounts: "all", onProgress }));
    }, RUN);
    assertError(outcome, [/no more/], "RangeError");
    await assertUnharmed();
  });

  it("works in a page of another host", async () => {
    const site = `${server.origin}/some/folder/`;
    const elsewhere = await browser.newPage();
    // 127.0.0.1 and localhost are different origins.
    await elsewhere.goto(`${server.origin.replace("127.0.0.1", "localhost")}/blank.html`);
    const kind = await elsewhere.evaluate(async (site) => {
      const { openEngine } = await import(`${site}circuitscope.js`);
      const engine = await openEngine({ device: "cpu" });
      engine.close();
      return engine.device.kind;
    }, site);
    await elsewhere.close();
    assert.equal(kind, "cpu");
  });
});

/** The upper half of a float's bits, rounded towards zero, and the number that they stand for. */
function toBf16(value) {
  const [upper] = new Uint32Array(Float32Array.of(value).buffer).map((bits) => bits & 0xffff0000);
  return { bits: upper >>> 16, value: new Float32Array(Uint32Array.of(upper).buffer)[0] };
}

/**
 * A half-precision float's bits, rounded to the nearest, and the number that they stand for: sign, 5 bits of exponent with
 * bias 15, 10 of fraction; below 2^-14 steps of 2^-24.
 */
function toF16(value) {
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const steps = Math.round(size / 2 ** (exponent - 10));
  // Steps from 1024 on carry the leading one into the exponent.
  const bits = (exponent + 14) * 1024 + steps;
  return { bits: (value < 0 ? 0x8000 : 0) | bits, value: Math.sign(value) * steps * 2 ** (exponent - 10) };
}
