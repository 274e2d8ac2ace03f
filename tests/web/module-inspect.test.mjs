// Masks, edits and questions about single prompts through `circuitscope.js`. The model is the case gpt2: two layers, 4 heads, 4 pairs
// of 6 tokens, 110 edges.

import assert from "node:assert/strict";
import { before, it } from "node:test";

import { floats } from "./support/browser.mjs";
import { assertClose, caseFile } from "./support/cases.mjs";
import { CASE, FILES, moduleSuite } from "./support/module.mjs";

/** What a run of a mask takes, and one of scores. */
const RUN = { prompts: CASE.prompts, batchSize: 2 };
const SCORES = { ...RUN, scores: CASE.scores(0), edgeCounts: [0, 27, 110] };

await moduleSuite("masks, edits and questions in the module", ({ page, load, run }) => {
  let early;
  before(async () => {
    await load(FILES);
    early = await page.evaluate(() => tests.outcome(engine.attribution()));
  });

  const logits = ({ value, error }, i = 0) => {
    assert.equal(error, undefined);
    return floats(value.circuits[i].logits);
  };
  /** Patterns or attributions as plain data. */
  const ask = (call, options) => page.evaluate(async ({ call, options }) => {
    const plain = (value) => {
      if (ArrayBuffer.isView(value)) return Array.from(value);
      if (Array.isArray(value)) return value.map(plain);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
    };
    return tests.outcome(engine[call](options).then(plain));
  }, { call, options });

  it("says that something has to be run first", async () => {
    assert.match(early.error.message, /no circuits were run/);
  });

  it("runs the circuit of a mask", async () => {
    const edges = await page.evaluate(async () => (await engine.graph()).edges);
    const whole = await run(SCORES);
    const ones = await run({ ...RUN, mask: Object.fromEntries(edges.map((edge) => [edge, 1])) });
    assert.deepEqual(ones.value.circuits.map(({ edges }) => edges), [110]);
    assertClose(logits(ones), logits(whole, 2), "all edges");
  });

  it("runs the same for a part of an edge, by a mask and by an edit", async () => {
    const half = await run({ ...RUN, mask: { "A0.1->MLP 1": 0.5 } });
    const edited = await run({ ...SCORES, edgeCounts: [0], edits: [{ edge: "A0.1->MLP 1", mask: 0.5 }] });
    assert.deepEqual([half.value.circuits[0].edges, edited.value.circuits[0].edges], [1, 1]);
    assertClose(logits(half), logits(edited), "half an edge");
    const none = await run({ ...SCORES, edgeCounts: [0] });
    assert.throws(() => assertClose(logits(edited), logits(none), "no edge"));
    const byIndex = await page.evaluate(async (options) => {
      const edge = (await engine.graph()).edges.indexOf("A0.1->MLP 1");
      return tests.outcome(engine.runCircuits({ ...options, edits: [{ edge, mask: 0.5 }] }).then(tests.plain));
    }, { ...SCORES, edgeCounts: [0] });
    assertClose(logits(byIndex), logits(edited), "by its index");
  });

  it("tells a metric of every prompt, clean, corrupt and in a circuit", async () => {
    const { value: result } = await run(SCORES);
    for (const [circuit, { edges, perPrompt, metrics }] of result.circuits.entries()) {
      for (const metric of ["Logit Diff", "Clean KL Div"]) {
        const { value } = await ask("values", { metric, circuit });
        assert.equal(value.edges, edges);
        assert.deepEqual(value.circuit, perPrompt[metric]);
        assertClose([value.circuit.reduce((sum, x) => sum + x) / 4], [metrics[metric]], metric);
      }
    }
    const { value: { clean, corrupt, circuit } } = await ask("values", { metric: "Logit Diff" });
    assert.deepEqual([clean.length, corrupt.length], [4, 4]);
    // Without edges it is the run of the corrupt prompts.
    assertClose(circuit, corrupt, "no edges");
    assert.throws(() => assertClose(circuit, clean, "other prompts"));
  });

  it("tells attention patterns whose rows add up to 1", async () => {
    await run(SCORES);
    const { value } = await ask("attention", { prompt: 1, circuit: 0, heads: ["A0.3", "A1.0"] });
    assert.deepEqual([value.edges, value.seq, value.pads], [0, 6, { clean: 0, corrupt: 0, circuit: 0 }]);
    assert.deepEqual(value.heads.map(({ head }) => head), ["A0.3", "A1.0"]);
    for (const { clean, corrupt, circuit } of value.heads) {
      for (const pattern of [clean, corrupt, circuit]) {
        assert.equal(pattern.length, 36);
        for (let query = 0; query < 6; query += 1) {
          const row = pattern.slice(6 * query, 6 * query + 6);
          assert.ok(Math.abs(row.reduce((sum, x) => sum + x) - 1) < 1e-5, String(row));
          assert.ok(row.slice(query + 1).every((x) => x === 0), String(row));
        }
      }
      // Without edges it is the run of the corrupt prompt.
      assertClose(circuit, corrupt, "no edges");
    }
    const whole = await ask("attention", { prompt: 1, circuit: { edgeCount: 110 }, heads: ["A1.0"] });
    assertClose(whole.value.heads[0].circuit, whole.value.heads[0].clean, "all edges");
  });

  it("tells what nodes add to the logits of the answers", async () => {
    const result = await run(SCORES);
    const { answers: [answer] } = JSON.parse(caseFile("gpt2", "prompts.json")).prompts[2];
    const { value } = await ask("attribution", { prompt: 2, circuit: 1 });
    assert.deepEqual([value.edges, value.seq, value.nPositions], [27, 6, 1]);
    const { circuit, clean } = value;
    assert.deepEqual(Object.keys(circuit.nodes).slice(0, 3), ["Resid Start", "A0.0", "A0.1"]);
    for (const pass of [clean, circuit]) {
      const parts = [...Object.values(pass.nodes), pass.biases].map(({ answer: [x] }) => x);
      assertClose([parts.reduce((sum, x) => sum + x)], pass.logits.answer, "the sum of all parts");
      const { norm, values } = pass.nodes["MLP 1"];
      assert.deepEqual([norm.length, values.length, values[0].length], [6, 6, 3]);
      assert.ok(norm.every((length, i) => length >= Math.hypot(...values[i]) - 1e-4));
    }
    assertClose(circuit.logits.answer, [logits(result, 1)[2 * 48 + answer]], "the run's logit");
  });

  it("refuses what it cannot use", async () => {
    const edits = (edits) => ({ ...SCORES, edits });
    const rows = [
      [await run({ ...SCORES, mask: {} }), /`mask` should be left out where `scores` is given/],
      [await run(RUN), /`scores` should be given, or a `mask`/],
      [await run(edits([{ edge: "A0.1->MLP 1" }])), /`edits` should be a list of edits/],
      [await run(edits([{ edge: "A7.1->MLP 1", mask: 1 }])), /`edits\[0\]\.edge` should be an edge of this graph/],
      [await run(edits([{ edge: 110, mask: 1 }])), /`edits\[0\]\.edge` should be below 110/],
      [await ask("attention", { heads: ["A2.0"] }), /`block` should be below 2/],
      [await ask("attention", { heads: ["MLP 0"] }), /`heads` should be a list of heads/],
      [await ask("attention", {}), /`heads`/],
      [await ask("values", { metric: "Logit Diff", circuit: 9 }), /`circuit` should be below 3/],
      [await ask("values", { metric: "Logit" }), /`metric` should be "Clean KL Div", /],
      [await ask("values", {}), /`metric`/],
      [await ask("attribution", { prompt: 4 }), /`prompt` should be below 4/],
      [await ask("attribution", { circuit: 9 }), /`circuit` should be below/],
    ];
    for (const [{ error, value }, message] of rows) {
      assert.ok(error, `expected a rejection, found ${JSON.stringify(value)?.slice(0, 100)}`);
      assert.match(error.message, message);
    }
  });
});
