// Text prompts: `circuitscope.js` with a tokenizer, against what auto-circuit computed of the case gpt2-text.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, it } from "node:test";
import { fileURLToPath } from "node:url";

import { floats } from "./support/browser.mjs";
import { assertClose, readCase } from "./support/cases.mjs";
import { moduleSuite } from "./support/module.mjs";
import { numbers } from "./support/safetensors.mjs";

const CASE = readCase("gpt2-text");
const fixture = fileURLToPath(new URL("../fixtures/tokenizers/gpt2/", import.meta.url));
const leaf = (name) => readFileSync(path.join(fixture, name));
const expected = JSON.parse(leaf("expected.json"));

await moduleSuite("the module with a tokenizer", ({ page, add, load, run }) => {
  const files = {
    config: CASE.config,
    weights: CASE.weights,
    tokenizer: add("tokenizer.json", leaf("tokenizer.json")),
    tokenizerConfig: add("tokenizer_config.json", leaf("tokenizer_config.json")),
  };
  let model;
  before(async () => {
    ({ value: model } = await load(files));
  });

  const RUN = { prompts: CASE.prompts, scores: CASE.scores(0), batchSize: 2, edgeCounts: [0, 7, 55] };

  it("tells the tokenizer", async () => {
    const eos = { id: 0, text: "<|endoftext|>" };
    assert.deepEqual(model.tokenizer, { nTokens: 360, bos: eos, pad: eos });
  });

  it("runs text prompts of unequal lengths as auto-circuit does", async () => {
    const { value, error } = await run(RUN);
    assert.equal(error, undefined);
    for (const { edges, logits } of value.circuits) {
      assertClose(floats(logits), numbers(CASE.expected[`graph0.run0.edges${edges}`]), `${edges} edges`);
    }
    const clean = value.prompts[0].clean;
    assert.equal(clean.ids[0], 0);
    assert.equal(clean.texts.join(""), "<|endoftext|>Ada␣and␣Ben,␣Ada␣gave␣a␣ring␣to");
  });

  it("tells tokens and the likeliest ones as text", async () => {
    const told = await page.evaluate(async (run) => {
      const [first] = await engine.tokenize([" Ben"], { prependBos: false });
      const { clean } = await engine.runCircuits(run);
      return { first, top: engine.topTokens(clean, { prompt: 1, k: 3 }), text: engine.tokenText(first.ids[0]) };
    }, RUN);
    assert.deepEqual(told.first, { ids: expected.plain[1], texts: ["␣Ben"] });
    assert.equal(told.text, "␣Ben");
    assert.equal(told.top.length, 3);
    assert.ok(told.top[0].prob >= told.top[1].prob && told.top[0].prob < 1);
    assert.ok(told.top.every(({ text }) => typeof text === "string" && text !== ""));
  });

  it("begins prompts with BOS or not", async () => {
    const first = async (options) => (await run({ ...RUN, ...options })).value.prompts[0].clean.texts[0];
    assert.equal(await first({}), "<|endoftext|>");
    assert.equal(await first({ prependBos: false }), "Ad");
  });

  it("searches on text prompts as on their token ids, with BOS and padding as a run has them", async () => {
    const settings = { algorithm: "eap", batchSize: 2 };
    const found = await page.evaluate(async ({ prompts, settings, pad_token }) => {
      const find = (options) => engine.discover({ ...settings, ...options }).then(({ values }) => Array.from(values));
      const texts = await (await fetch(prompts)).json();
      const tokens = async (text, prependBos) => (await engine.tokenize([text], { prependBos }))[0].ids;
      const ids = async (pair) => ({
        clean: await tokens(pair.clean, true),
        corrupt: await tokens(pair.corrupt, true),
        answers: (await Promise.all(pair.answers.map((answer) => tokens(answer, false)))).flat(),
        wrong_answers: (await Promise.all(pair.wrong_answers.map((answer) => tokens(answer, false)))).flat(),
      });
      const pairs = await Promise.all(texts.prompts.map(ids));
      return {
        lengths: new Set(pairs.flatMap(({ clean, corrupt }) => [clean.length, corrupt.length])).size,
        ofTexts: await find({ prompts }),
        ofIds: await find({ prompts: { pad_token, prompts: pairs } }),
        withoutBos: await find({ prompts, prependBos: false }),
        unpadded: await tests.outcome(find({ prompts, pad: false })),
      };
    }, { prompts: CASE.prompts, settings, pad_token: 0 });
    assert.ok(found.lengths > 1, "the prompts are of unequal lengths, so that some are filled up");
    assert.ok(found.ofTexts.some((score) => score !== 0));
    assert.deepEqual(found.ofTexts, found.ofIds);
    assert.notDeepEqual(found.withoutBos, found.ofTexts);
    assert.match(found.unpadded.error.message, /tokens/);
  });

  it("refuses answers of several tokens, shows their tokens, and goes on", async () => {
    const pair = { clean: "Ada and", corrupt: "Ben and", answers: [" Ben"], wrong_answers: ["Cleo"] };
    const { error } = await run({ ...RUN, prompts: { prompts: [pair, pair] } });
    assert.match(error.message, /prompts\[0\]\.wrong_answers\[0\] "Cleo" is \d tokens, .*\(" Cleo", with a leading space, is one\)/);
    assert.equal((await run(RUN)).error, undefined);
  });

  it("says where an answer lacks the space that a text has before its words", async () => {
    const pair = { clean: "Ada and", corrupt: "Ben and", answers: ["a"], wrong_answers: [" t"] };
    const { promptNotes } = (await run({ ...RUN, prompts: { prompts: [pair, pair] }, edgeCounts: [7] })).value;
    assert.equal(promptNotes.length, 1);
    assert.match(promptNotes[0], /needs a space before it.*answers\[0\] "a"/);
    assert.deepEqual((await run(RUN)).value.promptNotes, []);
  });

  it("keeps the order of calls, and stops one that waits for its prompts", async () => {
    const outcomes = await page.evaluate(async (run) => {
      const controller = new AbortController();
      const calls = [engine.runCircuits({ ...run, signal: controller.signal }), engine.runCircuits(run), engine.graph()];
      controller.abort();
      const order = [];
      calls.forEach((call, i) => call.then(() => order.push(i), () => order.push(i)));
      await Promise.allSettled(calls);
      return { order, aborted: (await tests.outcome(calls[0])).error.name };
    }, RUN);
    assert.deepEqual(outcomes, { order: [0, 1, 2], aborted: "AbortError" });
  });

  it("keeps the model whose place a tokenizer that cannot be read would have taken", async () => {
    const outcome = await page.evaluate((files) => {
      return tests.outcome(engine.loadModel({ ...files, tokenizer: { model: { type: "Abacus" } } }));
    }, files);
    assert.match(outcome.error.message, /^tokenizer: not a tokenizer that can be read/);
    assert.equal((await run(RUN)).error, undefined);
  });

  it("says that texts need a tokenizer", async () => {
    const outcome = await page.evaluate(async ([{ config, weights }, run]) => {
      const { openEngine } = await tests.module();
      const engine = await openEngine({ device: "cpu" });
      await engine.loadModel({ config, weights });
      const outcome = await tests.outcome(engine.runCircuits(run));
      const tokens = await tests.outcome(engine.tokenize(["a"]));
      const search = await tests.outcome(engine.discover({ prompts: run.prompts, algorithm: "eap", batchSize: 2 }));
      engine.close();
      return [outcome.error.message, tokens.error.message, search.error.message];
    }, [files, RUN]);
    assert.match(outcome[0], /prompts\[0\]\.clean.*a list of token ids, or a text with a tokenizer/);
    assert.match(outcome[1], /without a tokenizer/);
    assert.match(outcome[2], /prompts\[0\]\.clean.*a list of token ids, or a text with a tokenizer/);
  });
});
