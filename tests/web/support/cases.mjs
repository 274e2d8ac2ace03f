// The reference cases: what auto-circuit computed (`tests/fixtures/make_cases.py`).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

import { numbers, parse } from "./safetensors.mjs";
import { cases } from "./server.mjs";

/** Every case of the families that there are. */
export const CASES = [
  "gpt2",
  "gpt2-ties",
  "gpt2-prefix",
  "pythia",
  "neox-sequential",
  "gpt-neo",
  "llama",
  "llama-gqa",
  "qwen2",
  "attn-only",
  "attn-only-shortformer",
  "solu",
  "tracr-reverse",
  "tracr-xproportion",
];

/** A case's settings and results, its expected tensors, and where its files are on the server. */
export function readCase(name) {
  const file = (leaf) => path.join(cases, name, leaf);
  const settings = JSON.parse(readFileSync(file("case.json")));
  return {
    ...settings,
    expected: parse(readFileSync(file("expected.safetensors"))),
    config: `/cases/${name}/${settings.format === "huggingface" ? "config.json" : "tl_config.json"}`,
    weights: `/cases/${name}/model.safetensors`,
    prompts: `/cases/${name}/prompts.json`,
    scores: (graphIdx) => `/cases/${name}/graph${graphIdx}.scores.safetensors`,
  };
}

/** The bytes of a file of a case. */
export function caseFile(name, leaf) {
  return readFileSync(path.join(cases, name, leaf));
}

/** A graph's settings in the module's words. A mask of a token-wise graph has the positions first. */
export function graphSettings(graph) {
  const seqLen = graph.token_wise ? Object.values(graph.masks)[0][0] : undefined;
  return { factorized: graph.factorized, separateQkv: graph.separate_qkv, tokenWise: graph.token_wise, seqLen };
}

/** A run's settings in the module's words. */
export function runSettings(graph, run, batchSize) {
  return {
    factorized: graph.factorized,
    separateQkv: graph.separate_qkv,
    tokenWise: graph.token_wise,
    slice: graph.slice_output ?? "none",
    batchSize,
    patchType: run.patch_type.replace("_PATCH", "").toLowerCase(),
    ablation: run.ablation_type.toLowerCase(),
    reverse: run.reverse_clean_corrupt,
    edgeCounts: run.test_edge_counts,
  };
}

/** The first prompts of `[prompt, seq, vocab]` logits at the positions that a slice keeps. */
export function sliceLogits(tensor, slice, nPrompts) {
  const [, seq, vocab] = tensor.shape;
  const first = { last_seq: seq - 1, not_first_seq: 1, none: 0 }[slice];
  const all = numbers(tensor);
  const rows = Array.from({ length: nPrompts }, (_, prompt) => {
    return Array.from(all.subarray((prompt * seq + first) * vocab, (prompt + 1) * seq * vocab));
  });
  return Float32Array.from(rows.flat());
}

/** Asserts that numbers are within 1e-4 + 1e-4·|expected|, and gives the largest difference. */
export function assertClose(found, expected, what) {
  assert.equal(found.length, expected.length, `${what}: how many numbers`);
  const excess = (i) => Math.abs(found[i] - expected[i]) / (1e-4 + 1e-4 * Math.abs(expected[i]));
  const far = Array.from(expected.keys()).filter((i) => !(excess(i) <= 1));
  if (far.length === 0) return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(found[i] - value)), 0);
  const worst = far.reduce((a, b) => (excess(a) >= excess(b) ? a : b));
  assert.fail(
    `${what}: ${far.length} of ${expected.length} numbers are too far off; ` +
      `at ${worst} expected ${expected[worst]}, found ${found[worst]} (${excess(worst).toFixed(1)} times the tolerance)`,
  );
}
