// `circuitscope.js` with a real engine: sources, settings, bad input, progress and aborts. The model is the case gpt2: two
// layers, 4 heads, a vocabulary of 48, 4 pairs of 6 tokens, 110 edges.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { assertClose, caseFile, readCase } from "./support/cases.mjs";
import { floats, openBrowser } from "./support/browser.mjs";
import * as safetensors from "./support/safetensors.mjs";

const CASE = readCase("gpt2");
const { config, weights, prompts } = CASE;
const FILES = { config, weights };
/** The reference's names, in its order. */
const METRICS = [
  "Clean KL Div", "Corrupt KL Div", "Answer Prob", "Answer Logit", "Wrong Answer Logit", "Answer Logprob", "Logit Diff", "Prob Diff",
  "Logprob Diff", "Logit Diff Percent", "Prob Diff Percent", "LogProb Diff Percent", "Correct Answer Percent",
  "Correct Answer Greater Than Incorrect Percent",
];
const RUN = { prompts, scores: CASE.scores(0), batchSize: 2, edgeCounts: [0, 1, 7, 110] };

describe("the module with an engine on the CPU", () => {
  let browser, page, first;
  before(async () => {
    browser = await openBrowser();
    page = browser.page;
    await page.evaluate(async () => {
      const { openEngine } = await tests.module();
      window.engine = await openEngine({ device: "cpu" });
    });
  });
  after(() => browser?.close());

  const add = (leaf, bytes) => browser.server.add(`/made/${leaf}`, bytes);
  const addJson = (leaf, value) => add(leaf, JSON.stringify(value));
  const load = (files) => page.evaluate((files) => tests.outcome(engine.loadModel(files)), files);
  const run = (options) => {
    return page.evaluate((options) => tests.outcome(engine.runCircuits(options).then(tests.plain)), options);
  };

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

    ({ value: first } = await run(RUN));
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

  /** Asserts that the engine still has what was loaded, and computes with it what it did at first. */
  const assertUnharmed = async () => {
    const { value, error } = await run(RUN);
    assert.equal(error, undefined);
    assertSame(value, first);
  };

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
      const { requests, origin } = browser.server;
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

  it("tells the reference's metrics by its names, with their spread over prompts and the areas under their curves", async () => {
    const { test_edge_counts: edgeCounts, metrics } = CASE.graphs[0].runs[0];
    const { value } = await run({ ...RUN, edgeCounts });
    assert.deepEqual(Object.keys(value.metrics), METRICS);
    for (const [key, expected] of Object.entries(metrics)) {
      const { points, auc } = value.metrics[key];
      assert.deepEqual(points.map(([n]) => n), expected.map(([n]) => n));
      points.forEach(([n, found], i) => assertMetric(found, expected[i][1], `${key} at ${n}`));
      assert.ok(auc >= 1e-3, key);
      value.circuits.forEach((circuit, i) => {
        assert.equal(circuit.metrics[key], points[i][1]);
        const prompts = circuit.perPrompt[key];
        assert.equal(prompts.length, 4);
        assert.ok(Math.abs(prompts.reduce((sum, x) => sum + x) / 4 - circuit.metrics[key]) < 1e-6, key);
        const [low, median, high] = circuit.spread[key].quartiles;
        assert.ok(low <= median && median <= high && Math.min(...prompts) <= low && high <= Math.max(...prompts), key);
      });
    }
    const { cpr, cmd } = value.metrics["Logit Diff"];
    assert.ok(Number.isFinite(cpr) && cmd > 0);
    assert.equal(value.clean.metrics["Clean KL Div"], 0);
    assertMetric(value.corrupt.metrics["Clean KL Div"], metrics["Clean KL Div"][0][1], "corrupt");

    const { value: few } = await run({ ...RUN, edgeCounts: [1, 7] });
    const { auc, ...rest } = few.metrics["Logit Diff"];
    assert.deepEqual([auc, rest.cpr, rest.cmd], [null, null, null], "areas need the circuit of no edges");
  });

  it("leaves out metrics that the prompts' answers are not made for", async () => {
    const [prompts, { value: asked }] = [JSON.parse(caseFile("gpt2", "prompts.json")), await run(RUN)];
    for (const pair of prompts.prompts) delete pair.wrong_answers;
    const { value } = await run({ ...RUN, prompts });
    const missing = METRICS.filter((key) => value.metrics[key] === null);
    assert.deepEqual(missing, [
      "Wrong Answer Logit", "Logit Diff", "Prob Diff", "Logprob Diff", "Logit Diff Percent", "Prob Diff Percent",
      "LogProb Diff Percent", "Correct Answer Greater Than Incorrect Percent",
    ]);
    assert.equal(value.circuits[0].metrics["Logit Diff"], null);
    assert.equal(value.circuits[0].spread["Logit Diff"], null);
    assert.equal(value.circuits[0].perPrompt["Logit Diff"], null);
    assert.deepEqual(value.metrics["Answer Prob"], asked.metrics["Answer Prob"]);
  });

  it("measures a circuit under every setting", async () => {
    const options = { prompts, scores: RUN.scores, batchSize: 2, edgeCount: 27 };
    const { value } = await page.evaluate(async (options) => {
      const told = [];
      const progress = [];
      const watch = { onRun: (run) => told.push(run), onProgress: (event) => progress.push(event) };
      const outcome = await tests.outcome(engine.sensitivity({ ...options, ...watch }));
      return { value: { runs: outcome.value, error: outcome.error, told, progress } };
    }, options);
    assert.equal(value.error, undefined);
    assert.equal(value.runs.length, 28);
    assert.deepEqual(value.told, value.runs);
    assert.deepEqual(value.progress.map(({ done, total }) => [done, total]), Array.from({ length: 28 }, (_, i) => [i + 1, 28]));
    for (const run of CASE.graphs[0].runs) {
      const found = value.runs.find(({ patchType, ablation, reverse }) => {
        const { patch_type, ablation_type, reverse_clean_corrupt } = run;
        return `${patchType}_PATCH`.toUpperCase() === patch_type && ablation.toUpperCase() === ablation_type && reverse === reverse_clean_corrupt;
      });
      assert.equal(found.edges, 27);
      const [, expected] = run.metrics["Clean KL Div"].find(([n]) => n === 27);
      assertMetric(found.metrics["Clean KL Div"], expected, `${run.patch_type} ${run.ablation_type}`);
    }

    const refused = await page.evaluate((options) => tests.outcome(engine.sensitivity(options)), { prompts, scores: RUN.scores });
    assertError(refused, [/edgeCount/, /a whole number from 0/], "TypeError");
    const stopped = await page.evaluate((options) => {
      const abort = new AbortController();
      return tests.outcome(engine.sensitivity({ ...options, signal: abort.signal, onRun: () => abort.abort() }));
    }, options);
    assertError(stopped, [/./], "AbortError");
    await assertUnharmed();
  });

  it("takes 8 prompts a batch, or all of fewer, where nobody says how many", async () => {
    // A mean over the batch tells which prompts were in it.
    const options = { ...RUN, batchSize: undefined, ablation: "batch_all_tok_mean", edgeCounts: [7] };
    const logits = async (changed) => (await run({ ...options, ...changed })).value.circuits[0].logits;
    assert.equal(await logits({}), await logits({ batchSize: 4 }), "4 prompts are one batch");
    assert.notEqual(await logits({}), await logits({ batchSize: 2 }));

    const { prompts: pairs } = JSON.parse(caseFile("gpt2", "prompts.json"));
    const twelve = { prompts: [...pairs, ...pairs, ...pairs] };
    const { value } = await run({ ...options, prompts: twelve });
    assert.equal(value.nPrompts, 8, "a short last batch is not run");
    for (const prompts of [JSON.stringify(twelve), addJson("twelve.json", twelve)]) {
      assertSame((await run({ ...options, prompts })).value, value);
    }

    const { error } = await run({ ...options, prompts: { prompts: [] } });
    assert.match(error.message, /prompts.*empty/);
    assertError(await run({ ...options, prompts: "/cases/gpt2/nothing.json" }), [/nothing\.json/, /404/]);
    const measured = await page.evaluate(({ edgeCounts, batchSize, ablation, ...options }) => {
      return tests.outcome(engine.sensitivity({ ...options, edgeCount: 7 }));
    }, options);
    assert.equal(measured.error, undefined);
    assert.equal(measured.value.length, 28);
  });

  it("runs the reference's rules for edge counts", async () => {
    const expected = CASE.graphs[0].edge_counts;
    // The fixture holds the last three of "all" and the first fifty of "groups".
    const held = { all: (counts) => counts.slice(-3), groups: (counts) => counts.slice(0, 50) };
    for (const edgeCounts of ["all", "logarithmic", "groups", "default"]) {
      const { value } = await run({ ...RUN, edgeCounts });
      const counts = value.circuits.map(({ requested }) => requested);
      assert.deepEqual(held[edgeCounts]?.(counts) ?? counts, expected[edgeCounts], edgeCounts);
    }
  });

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
    const site = `${browser.server.origin}/some/folder/`;
    const elsewhere = await browser.browser.newPage();
    // 127.0.0.1 and localhost are different origins.
    await elsewhere.goto(`${browser.server.origin.replace("127.0.0.1", "localhost")}/blank.html`);
    const kind = await elsewhere.evaluate(async (site) => {
      const { openEngine } = await import(`${site}circuitscope.js`);
      const engine = await openEngine({ device: "cpu" });
      engine.close();
      return engine.device.kind;
    }, site);
    await elsewhere.close();
    assert.equal(kind, "cpu");
  });

  describe("refuses, and loses nothing:", () => {
    const json = (leaf) => JSON.parse(caseFile("gpt2", leaf));
    const file = (leaf) => caseFile("gpt2", leaf);
    const length = (value) => {
      const bytes = Buffer.alloc(64);
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes;
    };

    // What is loaded, and what the message has to name.
    const models = [
      ["truncated weights", () => ({ config, weights: add("cut.safetensors", file("model.safetensors").subarray(0, -100)) }), [/cut\.safetensors/, /expected.*found/]],
      ["a header larger than the file", () => ({ config, weights: add("long.safetensors", length(2n ** 62n)) }), [/long\.safetensors/, /4611686018427387904/]],
      ["an empty file", () => ({ config, weights: add("empty.safetensors", "") }), [/empty\.safetensors/]],
      ["a foreign file as weights", () => ({ config, weights: add("weights.json", file("prompts.json")) }), [/weights\.json/, /safetensors/]],
      ["weights of another model", () => ({ config, weights: "/cases/solu/model.safetensors" }), [/solu\/model\.safetensors/, /tensor|missing/]],
      ["a config with another width", () => ({ config: addJson("wide.json", { ...json("config.json"), n_embd: 64 }), weights }), [/model\.safetensors/, /wte|tensor/, /64/]],
      ["a config with a layer more", () => ({ config: addJson("deep.json", { ...json("config.json"), n_layer: 3 }), weights }), [/model\.safetensors/, /h\.2\./, /missing/]],
      ["a config without its width", () => ({ config: addJson("thin.json", { ...json("config.json"), n_embd: undefined }), weights }), [/thin\.json/, /n_embd/]],
      ["a config with no heads", () => ({ config: addJson("bald.json", { ...json("config.json"), n_head: 0 }), weights }), [/bald\.json/, /n_head/]],
      ["a config that is not JSON", () => ({ config: add("no.json", "{"), weights }), [/no\.json/, /JSON/]],
      ["a config of a family that is not known", () => ({ config: addJson("mamba.json", { model_type: "mamba" }), weights }), [/mamba\.json/, /model_type/, /mamba/, /gpt_neox/]],
      ["a file that is not there", () => ({ config, weights: "/cases/gpt2/pytorch_model.bin" }), [/pytorch_model\.bin/, /404/]],
    ];
    for (const [name, files, message] of models) {
      it(name, async () => {
        assertError(await load(files()), message);
        await assertUnharmed();
      });
    }

    const changed = (change) => {
      const value = json("prompts.json");
      change(value.prompts);
      return addJson("changed.json", value);
    };
    const scores = safetensors.parse(file("graph0.scores.safetensors"));
    const withNan = () => {
      const [name, { shape, ...tensor }] = Object.entries(scores).at(-1);
      const values = safetensors.numbers({ shape, ...tensor });
      values[1] = NaN;
      return safetensors.write({ ...scores, [name]: safetensors.tensor(shape, values) });
    };
    const runs = [
      ["an empty list of prompts", () => ({ prompts: addJson("none.json", { prompts: [] }) }), [/none\.json/, /prompts/, /empty/]],
      ["prompts that are not JSON", () => ({ prompts: add("text.json", "once upon a time") }), [/text\.json/, /JSON/]],
      ["a token out of range", () => ({ prompts: changed((p) => (p[1].corrupt[3] = 48)) }), [/changed\.json/, /prompts\[1\]\.corrupt/, /48/]],
      ["prompts of unequal length", () => ({ prompts: changed((p) => p[1].clean.push(1)) }), [/changed\.json/, /prompts\[1\]\.clean/, /6 tokens/, /7 tokens/]],
      ["a prompt longer than the context", () => ({ prompts: changed((p) => p.forEach((q) => (q.clean = q.corrupt = Array(2000).fill(1)))) }), [/changed\.json/, /prompts\[0\]\.clean/, /2000 tokens/]],
      ["more prompts a batch than there are", () => ({ batchSize: 5 }), [/batch/, /\b4\b/, /\b5\b/]],
      ["an edge count above the number of edges", () => ({ edgeCounts: [0, 111] }), [/edge count/, /110/, /111/]],
      ["no edge counts", () => ({ edgeCounts: [] }), [/edge counts/]],
      ["scores of the graph with joint q, k and v", () => ({ scores: CASE.scores(1) }), [/graph1\.scores\.safetensors/, /hook_attn_in/, /joint/]],
      ["token-wise scores for a graph that is not", () => ({ scores: CASE.scores(2) }), [/graph2\.scores\.safetensors/, /hook_\w+/, /\[6, 4, 1\]/, /\[4, 1\]/]],
      ["NaN scores", () => ({ scores: add("nan.safetensors", withNan()) }), [/nan\.safetensors/, new RegExp(Object.keys(scores).at(-1)), /NaN/]],
      ["truncated scores", () => ({ scores: add("cut-scores.safetensors", file("graph0.scores.safetensors").subarray(0, -4)) }), [/cut-scores\.safetensors/, /expected.*found/]],
    ];
    for (const [name, options, message] of runs) {
      it(name, async () => {
        assertError(await run({ ...RUN, ...options() }), message);
        await assertUnharmed();
      });
    }

    const settings = [
      [{ patchType: "node" }, [/`patchType`/, /"edge" or "tree"/, /"node"/]],
      [{ ablation: "RESAMPLE" }, [/`ablation`/, /"resample"/, /"RESAMPLE"/]],
      [{ slice: "last" }, [/`slice`/, /"last_seq"/, /"last"/]],
      [{ batchSize: 1.5 }, [/`batchSize`/, /whole number from 1/, /1\.5/]],
      [{ edgeCounts: [3, -1] }, [/`edgeCounts`/, /whole numbers from 0/, /-1/]],
      [{ reverse: "yes" }, [/`reverse`/, /true or false/, /"yes"/]],
      [{ patch_type: "edge" }, [/`patch_type` is not an option/, /patchType/]],
      [{ scores: 7 }, [/^scores/, /File/, /7/]],
      [{ scores: null }, [/^scores/, /null/]],
      [{ prompts: "http://[" }, [/^prompts/, /not a URL/]],
    ];
    for (const [options, message] of settings) {
      it(JSON.stringify(options), async () => {
        assertError(await run({ ...RUN, ...options }), message, "TypeError");
        await assertUnharmed();
      });
    }

    it("a device that there is none of", async () => {
      const outcome = await page.evaluate(async () => {
        const { openEngine } = await tests.module();
        return tests.outcome(openEngine({ device: "gpu" }));
      });
      assertError(outcome, [/`device`/, /"auto", "webgpu" or "cpu"/, /"gpu"/], "TypeError");
    });

    it("a token-wise graph without a number of positions", async () => {
      const outcome = await page.evaluate(() => tests.outcome(engine.graph({ tokenWise: true })));
      assertError(outcome, [/`seqLen`/], "TypeError");
    });
  });
});

/** Asserts that two results are the same, bit for bit, however many forward passes each took. */
/** Asserts that a metric is the reference's within 1e-4 + 1e-3 of its size. */
function assertMetric(found, expected, what) {
  assert.ok(Math.abs(found - expected) <= 1e-4 + 1e-3 * Math.abs(expected), `${what}: ${found}, expected ${expected}`);
}

function assertSame(found, expected) {
  const outputs = ({ circuits, clean, corrupt }) => [...circuits, clean, corrupt];
  assert.equal(found.circuits.length, expected.circuits.length);
  outputs(expected).forEach((output, i) => {
    assert.ok(isDeepStrictEqual(outputs(found)[i], output), `output ${i} of ${outputs(expected).length} differs`);
  });
}

function assertError({ error, value }, messages, name = "Error") {
  assert.ok(error, `expected a rejection, found ${JSON.stringify(value)?.slice(0, 200)}`);
  assert.ok(error.isError);
  for (const message of messages) assert.match(error.message, message);
  assert.equal(error.name, name);
}

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
