// The search for circuits: which settings each algorithm has, and how the engine reads them.

import {
  abortSignal, anything, boolean, callback, checked, fieldError, given, number, numberList, oneOf, wholeNumber,
} from "./options.js?v=__BUILD_ID__";
import {
  ABLATIONS, ACDC_PROMPTS, ALGORITHMS, ALGORITHM_ALIASES, ANSWER_FUNCTIONS, DISCOVER_DEFAULTS, FAITHFULNESS_TARGETS, GRAD_FUNCTIONS,
  GRAPH_DEFAULTS, IG_POINTS, OFFICIAL_CIRCUITS, PROMPT_SIDES, SELECTIONS, SLICES,
} from "./schema.js?v=__BUILD_ID__";

/** @import { DiscoverOptions, DiscoverShared, Discovery } from "../circuitscope.js" */
/** @import { Rules } from "./options.js" */
/** @import { Acdc, Algorithm, DiscoverSettings, DiscoveryInfo } from "./schema.js" */

/** @typedef {Algorithm["name"]} AlgorithmName */
/**
 * The settings that an algorithm has of its own, as options: `prompts` are those of the call, so ACDC's are `acdcPrompts`.
 *
 * @template {AlgorithmName} Name
 * @typedef {Name extends "acdc" ? Omit<Acdc, "prompts"> & { acdcPrompts: Acdc["prompts"] }
 *   : Omit<Extract<Algorithm, { name: Name }>, "name">} OwnSettings
 */

/**
 * What all searches have; a rule is missing here, or one is too many, where `DiscoverSettings` have changed.
 *
 * @satisfies {Rules<DiscoverShared & Omit<DiscoverSettings, "keep">>}
 */
const SHARED = {
  prompts: anything,
  prependBos: boolean,
  pad: boolean,
  algorithm: oneOf([...Object.keys(ALGORITHM_ALIASES), ...Object.keys(ALGORITHMS)]),
  signal: abortSignal,
  onProgress: callback,
  factorized: boolean,
  separateQkv: boolean,
  tokenWise: boolean,
  slice: oneOf(SLICES),
  batchSize: wholeNumber(1),
  selection: oneOf(SELECTIONS),
  edgeCount: wholeNumber(0),
};

const ANSWERS = {
  gradFunction: oneOf(GRAD_FUNCTIONS),
  answerFunction: oneOf(ANSWER_FUNCTIONS),
  ablation: oneOf(ABLATIONS),
};
const TARGET = { faithfulnessTarget: oneOf(FAITHFULNESS_TARGETS) };

/**
 * The settings that each algorithm has of its own.
 *
 * @satisfies {{ [Name in AlgorithmName]: Rules<OwnSettings<Name>> }}
 */
const OWN = {
  mask_gradient: {
    ...ANSWERS,
    maskValue: number,
    integratedGradSamples: wholeNumber(1),
    ablationPrompts: oneOf(PROMPT_SIDES),
  },
  input_gradient: { ...ANSWERS, steps: wholeNumber(1), points: oneOf(IG_POINTS) },
  acdc: { ...TARGET, thresholds: numberList, acdcPrompts: oneOf(ACDC_PROMPTS) },
  exact: ANSWERS,
  subnetwork_probing: {
    ...TARGET,
    learningRate: number,
    epochs: wholeNumber(1),
    regularizeLambda: number,
    circuitSize: wholeNumber(0),
    treeOptimisation: boolean,
    ablation: oneOf(ABLATIONS),
    seed: wholeNumber(0),
  },
  activation_magnitude: {},
  random: { seed: wholeNumber(0) },
  official: { circuit: oneOf(OFFICIAL_CIRCUITS) },
};

/**
 * A search as the engine reads it, apart from its prompts, and how these are read.
 *
 * @param {DiscoverOptions} options
 */
export function discoverCall(options) {
  const name = algorithmName(options);
  const rules = /** @type {Rules<DiscoverOptions>} */ ({ ...SHARED, ...OWN[name] });
  const { prompts, prependBos, pad, signal, onProgress, batchSize, selection, edgeCount } = checked("discover", options, rules);
  if ((selection === undefined) !== (edgeCount === undefined)) {
    throw fieldError("discover", "edgeCount", "given together with `selection`", edgeCount);
  }
  const keep = selection === undefined || edgeCount === undefined ? null : { selection, edgeCount };
  const fields = /** @type {(keyof DiscoverSettings)[]} */ (Object.keys(DISCOVER_DEFAULTS));
  const shared = { ...DISCOVER_DEFAULTS, ...given(picked(options, fields)) };
  const algorithm = wireAlgorithm(name, options);
  return {
    prompts,
    reading: { prependBos, pad, batchSize, signal },
    signal,
    onProgress,
    /** @type {(batchSize: number) => DiscoverSettings} */
    settings: (batchSize) => ({ ...shared, batchSize, algorithm, keep }),
  };
}

/**
 * The algorithm's own name, where options have a short one.
 *
 * @param {DiscoverOptions} options
 * @returns {AlgorithmName}
 */
function algorithmName(options) {
  const name = /** @type {unknown} */ (options?.algorithm);
  if (!SHARED.algorithm.accepts(name)) throw fieldError("discover", "algorithm", SHARED.algorithm.expected, name);
  const { algorithm } = options;
  return algorithm === "eap" || algorithm === "eap_ig" ? ALGORITHM_ALIASES[algorithm] : algorithm;
}

/**
 * An algorithm with all settings of its own, by the names that the engine reads.
 *
 * @param {AlgorithmName} name
 * @param {object} options
 */
function wireAlgorithm(name, options) {
  const own = given(picked(options, Object.keys(OWN[name])));
  const entries = Object.entries(own).map(([field, value]) => {
    return [field === "acdcPrompts" ? "prompts" : field, ArrayBuffer.isView(value) ? Array.from(/** @type {Float64Array} */ (value)) : value];
  });
  return /** @type {Algorithm} */ ({ name, ...ALGORITHMS[name], ...Object.fromEntries(entries) });
}

/**
 * Some fields of an object.
 *
 * @template {object} Options
 * @template {string} Field
 * @param {Options} options
 * @param {readonly Field[]} fields
 * @returns {{ [Name in Extract<keyof Options, Field>]: Options[Name] }}
 */
function picked(options, fields) {
  const entries = Object.entries(options).filter(([field]) => /** @type {readonly string[]} */ (fields).includes(field));
  return /** @type {{ [Name in Extract<keyof Options, Field>]: Options[Name] }} */ (Object.fromEntries(entries));
}

/**
 * What a search found, from the event that says so, the scores' file and the scores.
 *
 * @param {{ discovery: DiscoveryInfo, workers: number }} event
 * @param {[Uint8Array, Float32Array]} attachments
 * @returns {Discovery}
 */
export function discovery({ discovery, workers }, [scores, values]) {
  const { info: { algorithm, graph }, nEdges, nKept, lastLoss, cost, note } = discovery;
  return {
    algorithm: algorithm ?? "",
    scores,
    values,
    nEdges,
    nKept: nKept ?? null,
    loss: lastLoss ?? null,
    cost,
    graph: graph ?? GRAPH_DEFAULTS,
    note: note ?? null,
    workers,
  };
}
