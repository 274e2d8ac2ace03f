// `circuitscope.js` with an engine on the CPU. Its model is the case gpt2, unless a test loads another: two layers, 4 heads, a
// vocabulary of 48, 4 pairs of 6 tokens, 110 edges.

import assert from "node:assert/strict";
import { after, describe } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { openBrowser } from "./browser.mjs";
import { readCase } from "./cases.mjs";

export const CASE = readCase("gpt2");
/** The case's model, and a run of it. */
export const FILES = { config: CASE.config, weights: CASE.weights };
export const RUN = { prompts: CASE.prompts, scores: CASE.scores(0), batchSize: 2, edgeCounts: [0, 1, 7, 110] };

/**
 * Tests of the module. In their `page` there is `engine`, without a model at first.
 *
 * `load` and `run` come to a value or an error, as plain data; `add` and `addJson` give the URL of a file that is made. What
 * `firstRun` computes with the case is what `assertUnharmed` expects that it still computes.
 */
export async function moduleSuite(name, body) {
  const { page, server, browser, close } = await openBrowser();
  await page.evaluate(async () => {
    const { openEngine } = await tests.module();
    window.engine = await openEngine({ device: "cpu" });
  });
  const load = (files) => page.evaluate((files) => tests.outcome(engine.loadModel(files)), files);
  const run = (options) => page.evaluate((options) => tests.outcome(engine.runCircuits(options).then(tests.plain)), options);
  const add = (leaf, bytes) => server.add(`/made/${leaf}`, bytes);
  const addJson = (leaf, value) => add(leaf, JSON.stringify(value));
  let first;
  const computed = async () => {
    const { value, error } = await run(RUN);
    assert.equal(error, undefined);
    return value;
  };
  const firstRun = async () => (first = await computed());
  const assertUnharmed = async () => assertSame(await computed(), first);
  describe(name, () => {
    after(close);
    body({ page, server, browser, load, run, add, addJson, firstRun, assertUnharmed });
  });
}

/** Asserts that two results are the same, bit for bit, however many forward passes each took. */
export function assertSame(found, expected) {
  const outputs = ({ circuits, clean, corrupt }) => [...circuits, clean, corrupt];
  assert.equal(found.circuits.length, expected.circuits.length);
  outputs(expected).forEach((output, i) => {
    assert.ok(isDeepStrictEqual(outputs(found)[i], output), `output ${i} of ${outputs(expected).length} differs`);
  });
}

/** Asserts that a promise was rejected with an error whose message is like each of these. */
export function assertError({ error, value }, messages, name = "Error") {
  assert.ok(error, `expected a rejection, found ${JSON.stringify(value)?.slice(0, 200)}`);
  assert.ok(error.isError);
  for (const message of messages) assert.match(error.message, message);
  assert.equal(error.name, name);
}
