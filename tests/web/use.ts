// Every call of the public module as a page's script has it, checked by `tsc` and never run.

import { openEngine } from "../../www/circuitscope.js";
import type {
  Ablation, CircuitResult, DiscoverOptions, Discovery, Engine, MetricKey, ModelConfig, OutputSlice, PatchType, RunOptions, RunResult,
  SensitivityRun, TokenList, TopToken,
} from "../../www/circuitscope.js";
import type { Algorithm } from "../../www/module/schema.js";

/** Files as a page has them: dropped by a reader, or beside the page. */
async function load(engine: Engine, dropped: File): Promise<ModelConfig> {
  await engine.loadModel({ config: "config.json", weights: "model.safetensors" });
  await engine.loadModel({ config: { model_type: "gpt2" }, weights: [dropped, new Blob()], signal: AbortSignal.timeout(1000) });
  await engine.loadModel({ config: new URL("https://example.org/config.json"), weights: { index: dropped, base: "shards/" } });
  await engine.loadModel({ hub: "EleutherAI/pythia-70m", revision: "main", onProgress: ({ done, total }) => console.log(done / total) });
  const files = { config: dropped, weights: await dropped.arrayBuffer(), tokenizer: "tokenizer.json", tokenizerConfig: {} };
  const { config, nParams, tokenizer } = await engine.loadModel(files);
  console.log(nParams.toFixed(), tokenizer?.bos?.text, config.n_layers * config.n_heads, config.d_mlp ?? 0);
  return config;
}

async function run(engine: Engine): Promise<RunResult> {
  const patchType: PatchType = "tree";
  const ablation: Ablation = "tokenwise_mean_corrupt";
  const slice: OutputSlice = "last_seq";
  const options: RunOptions = {
    prompts: { prompts: [{ clean: "Ada and", corrupt: "Ben and", answers: [" Ben"], wrong_answers: [" Ada"] }] },
    prependBos: true,
    pad: true,
    scores: "scores.safetensors",
    edgeCounts: [0, 1, 10],
    patchType,
    ablation,
    slice,
    reverse: false,
    batchSize: 8,
    factorized: true,
    separateQkv: true,
    tokenWise: false,
    onProgress: ({ done, total, label, loss }) => console.log(label, done / total, loss?.toFixed()),
  };
  const result = await engine.runCircuits(options);
  await engine.runCircuits({ prompts: "prompts.json", mask: { "A0.1->MLP 1": 0.5 }, edits: [{ edge: 3, mask: 1 }, { edge: "A0.0->MLP 0", mask: 0 }] });
  const { heads: [head], seq, pads } = await engine.attention({ heads: ["A0.1"], prompt: 1, circuit: { edgeCount: 10, edits: [] } });
  console.log(head.head, head.clean.length === seq * seq, head.corrupt, head.circuit, pads.corrupt);
  const { edges, circuit: ofCircuit, clean: ofClean, corrupt: ofCorrupt } = await engine.values({ metric: "Logit Diff", circuit: 1 });
  console.log(edges, ofCircuit.filter((value) => value > 0).length, ofClean[0] - ofCorrupt[0]);
  const { clean, circuit: { nodes, biases, logits }, nPositions } = await engine.attribution({ circuit: 2 });
  console.log(clean.logits.answer.length === nPositions, nodes["A0.1"].norm, nodes["MLP 0"].values[0], biases.answer, logits.wrongAnswer[0]);
  const key: MetricKey = "Logit Diff";
  const circuit: CircuitResult = result.circuits[0];
  const { std, quartiles: [low, median, high] } = circuit.spread[key] ?? { std: 0, quartiles: [0, 0, 0] };
  console.log(circuit.edges, circuit.threshold, circuit.logits.length, circuit.perPrompt[key]?.length, std, low, median, high);
  console.log(result.metrics[key]?.points.map(([edges, value]) => value / edges), result.metrics[key]?.auc?.toFixed(3));
  console.log(result.clean.length, result.corrupt.measurement.klClean, result.prompts?.[0]?.clean.texts);
  const top: TopToken[] = engine.topTokens(result.clean, { prompt: 0, position: 0, k: 5 });
  console.log(top.map(({ token, text, logit, prob }) => `${token} ${text} ${logit} ${prob}`), engine.tokenText(top[0].token));
  return result;
}

/** The options of each algorithm. */
const SEARCHES: DiscoverOptions[] = [
  { prompts: "prompts.json", algorithm: "eap", ablation: "resample", maskValue: 0, selection: "greedy", edgeCount: 20 },
  { prompts: "prompts.json", algorithm: "mask_gradient", integratedGradSamples: 8, gradFunction: "logprob", ablationPrompts: "clean" },
  { prompts: "prompts.json", algorithm: "eap_ig", steps: 5, points: "above_zero_to_one", prependBos: false, pad: false },
  { prompts: "prompts.json", algorithm: "acdc", thresholds: Float32Array.of(0.01, 0.1), acdcPrompts: "first_batch", batchSize: 32 },
  { prompts: "prompts.json", algorithm: "exact", answerFunction: "avg_val", slice: "last_seq", tokenWise: true },
  { prompts: "prompts.json", algorithm: "subnetwork_probing", epochs: 20, circuitSize: 10, treeOptimisation: true, seed: 1 },
  { prompts: "prompts.json", algorithm: "activation_magnitude" },
  { prompts: "prompts.json", algorithm: "random", seed: 7 },
  { prompts: "prompts.json", algorithm: "official", circuit: "ioi" },
];

async function discover(engine: Engine): Promise<Discovery[]> {
  const found = await Promise.all(SEARCHES.map((options) => engine.discover(options)));
  const { algorithm, scores, values, nKept, loss, cost, graph } = found[0];
  console.log(algorithm, scores.byteLength, values[0], nKept ?? 0, loss ?? 0, cost.forwardPasses + cost.backwardPasses, graph.seqLen);
  await engine.runCircuits({ prompts: "prompts.json", scores, edgeCounts: "mib" });
  return found;
}

async function others(engine: Engine): Promise<void> {
  const { nEdges, srcs, nodes, edges, masks } = await engine.graph({ tokenWise: true, seqLen: 6 });
  console.log(nEdges, srcs.concat(nodes, edges), Object.entries(masks).map(([name, shape]) => `${name}: ${shape.join()}`));
  const runs: SensitivityRun[] = await engine.sensitivity({
    prompts: "prompts.json", scores: "circuit.csv", edgeCount: 20, onRun: ({ patchType, ablation, reverse }) => console.log(patchType, ablation, reverse),
  });
  const read = await engine.readScores([{ edge: "A0.1->MLP 1", score: 1 }], { factorized: true, pick: "scores" });
  const written = await engine.writeScores(read.scores, { format: "edge-list-csv", extent: "circuit", edgeCount: 20, algorithm: "eap" });
  const tokens: TokenList[] = await engine.tokenize([" Ben"], { prependBos: false });
  console.log(runs.length, read.format, read.chosen, read.nCircuit, read.info.date, read.notes, written.length, tokens[0].ids, engine.device.limits.heap);
}

/** Does not compile where the engine has an algorithm that `DiscoverOptions` do not know. */
const algorithms: Record<Algorithm["name"], unknown> = {} as Record<DiscoverOptions["algorithm"], unknown>;

const engine = await openEngine({ device: "auto", workerUrl: new URL("./engine-worker.js", import.meta.url), hub: true });
await load(engine, new File([], "model.safetensors"));
console.log(await run(engine), await discover(engine), algorithms);
await others(engine);
engine.close();
