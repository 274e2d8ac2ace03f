// What `circuitscope.js` refuses, with a message that names it; it loses nothing by it.

import { before, it } from "node:test";

import { caseFile } from "./support/cases.mjs";
import { CASE, FILES, RUN, assertError, moduleSuite } from "./support/module.mjs";
import * as safetensors from "./support/safetensors.mjs";

const { config, weights } = CASE;

await moduleSuite("the module refuses, and loses nothing:", ({ page, load, run, add, addJson, firstRun, assertUnharmed }) => {
  before(async () => {
    await load(FILES);
    await firstRun();
  });

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
    ["a config that is not JSON", () => ({ config: add("no.json", "{"), weights }), [/no\.json/, /cut off/]],
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
