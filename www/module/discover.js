// The search for circuits: which settings each algorithm has, and how they are told to the engine.

import { abortSignal, anything, boolean, callback, checked, fieldError, oneOf, wholeNumber } from "./options.js?v=__BUILD_ID__";

const number = { expected: "a number", accepts: (value) => Number.isFinite(value) };
const numberList = { expected: "a list of numbers", accepts: isNumberList };

/**
 * A search as the engine reads it, apart from the prompts.
 *
 * @param options those of `discover`
 * @param shared the rules of options that other calls have too: `graph`, `slice` and `ablation`
 */
export function discoverCall(options, shared) {
  const algorithms = algorithmRules(shared.ablation);
  const common = {
    prompts: anything,
    algorithm: oneOf(Object.keys(algorithms)),
    signal: abortSignal,
    onProgress: callback,
    ...shared.graph,
    slice: shared.slice,
    batchSize: wholeNumber(1),
    selection: oneOf(["top", "connected", "greedy"]),
    edgeCount: wholeNumber(0),
  };
  const name = options?.algorithm;
  if (!common.algorithm.accepts(name)) throw fieldError("discover", "algorithm", common.algorithm.expected, name);
  const rules = algorithms[name];
  const given = checked("discover", options, { ...common, ...rules });
  const { prompts, signal, onProgress, algorithm, selection, edgeCount, ...settings } = given;
  if ((selection === undefined) !== (edgeCount === undefined)) {
    throw fieldError("discover", "edgeCount", "given together with `selection`", edgeCount);
  }
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  const isOwn = ([field]) => Object.hasOwn(rules, field);
  const own = entries.filter(isOwn).map(([field, value]) => [field, ArrayBuffer.isView(value) ? Array.from(value) : value]);
  const keep = selection === undefined ? {} : { keep: { selection, edgeCount } };
  const wire = {
    ...Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
    algorithm: { name, ...Object.fromEntries(own) },
    ...keep,
  };
  return { prompts, signal, onProgress, settings: wire };
}

/** What a search found, out of `DiscoveryInfo`, the scores' file and the scores. */
export function discovery({ info, nEdges, nKept, lastLoss, cost, note }, [scores, values]) {
  const { algorithm, graph } = info;
  return { algorithm, scores, values, nEdges, nKept: nKept ?? null, loss: lastLoss ?? null, cost, graph, note: note ?? null };
}

/** The settings that each algorithm has of its own: `Algorithm` in `crates/core/src/settings/discovery.rs`. */
function algorithmRules(ablation) {
  const gradFunction = oneOf(["logit", "prob", "logprob", "logit_exp"]);
  const answers = { gradFunction, answerFunction: oneOf(["avg_diff", "avg_val", "mse"]), ablation };
  const target = { faithfulnessTarget: oneOf(["kl_div", "mse"]) };
  const maskGradient = {
    ...answers,
    maskValue: number,
    integratedGradSamples: wholeNumber(1),
    ablationPrompts: oneOf(["clean", "corrupt"]),
  };
  const inputGradient = { ...answers, steps: wholeNumber(1) };
  const tracr = ["tracr_reverse", "tracr_reverse_acdc", "tracr_xproportion", "tracr_xproportion_acdc"];
  return {
    eap: maskGradient,
    mask_gradient: maskGradient,
    eap_ig: inputGradient,
    input_gradient: inputGradient,
    acdc: { ...target, thresholds: numberList },
    exact: answers,
    subnetwork_probing: {
      ...target,
      learningRate: number,
      epochs: wholeNumber(1),
      regularizeLambda: number,
      circuitSize: wholeNumber(0),
      treeOptimisation: boolean,
      ablation,
      seed: wholeNumber(0),
    },
    activation_magnitude: {},
    random: { seed: wholeNumber(0) },
    official: { circuit: oneOf([...tracr, "ioi", "docstring", "greaterthan"]) },
  };
}

function isNumberList(value) {
  const list = Array.isArray(value) || ArrayBuffer.isView(value);
  return list && Array.from(value).every(Number.isFinite);
}
