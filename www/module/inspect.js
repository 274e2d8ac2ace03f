// Circuits by their masks, and questions about the prompts of a run: their options as messages, and the answers as a page has them.

import { checked, fieldError, oneOf, wholeNumber } from "./options.js?v=__BUILD_ID__";
import { METRICS } from "./schema.js?v=__BUILD_ID__";

/**
 * @import {
 *   Attention, AttentionOptions, Attribution, AttributionOptions, CircuitOfRun, MaskEdit, NodeAttribution, Pads, PassAttribution,
 *   PromptValues, ValuesOptions,
 * } from "../circuitscope.js"
 */
/** @import { Rule, Rules } from "./options.js" */
/** @import * as wire from "./schema.js" */

/** The passes of a prompt, in the order in which they come. */
const PASSES = /** @type {const} */ (["clean", "corrupt", "circuit"]);

/** @type {Rule} */
export const editsRule = {
  expected: 'a list of edits such as { edge: "A0.1->MLP 1", mask: 0.5 }',
  accepts: (value) => Array.isArray(value) && value.every(isEdit),
};

/** @type {Rule} */
const circuitRule = {
  expected: "the index of a circuit of the run, or { edgeCount, edits }",
  accepts: (value) => wholeNumber(0).accepts(value) || isEditedCircuit(value),
};

/** @type {Rule} */
const headsRule = {
  expected: 'a list of heads such as "A0.1"',
  accepts: (value) => Array.isArray(value) && value.every((head) => typeof head === "string" && HEAD.test(head)),
};
const HEAD = /^A(\d+)\.(\d+)$/;

/** @satisfies {Rules<ValuesOptions>} */
const VALUES_OPTIONS = { metric: oneOf(METRICS.map(({ key }) => key)), circuit: wholeNumber(0) };
/** @satisfies {Rules<AttributionOptions>} */
const ATTRIBUTION_OPTIONS = { prompt: wholeNumber(0), circuit: circuitRule };
/** @satisfies {Rules<AttentionOptions>} */
const ATTENTION_OPTIONS = { ...ATTRIBUTION_OPTIONS, heads: headsRule };

/**
 * @param {unknown} value
 * @returns {value is MaskEdit}
 */
function isEdit(value) {
  if (typeof value !== "object" || value === null || !("edge" in value) || !("mask" in value)) return false;
  const { edge, mask } = value;
  return (typeof edge === "string" || wholeNumber(0).accepts(edge)) && Number.isFinite(mask);
}

/**
 * @param {unknown} value
 * @returns {value is Exclude<CircuitOfRun, number>}
 */
function isEditedCircuit(value) {
  if (typeof value !== "object" || value === null) return false;
  const { edgeCount = 0, edits = [], ...others } = /** @type {Record<string, unknown>} */ (value);
  return wholeNumber(0).accepts(edgeCount) && editsRule.accepts(edits) && Object.keys(others).length === 0;
}

/**
 * @param {ValuesOptions} options
 * @returns {Extract<wire.EngineRequest, { type: "values" }>}
 */
export function valuesRequest(options) {
  const { metric, circuit = 0 } = checked("values", options, VALUES_OPTIONS);
  const found = METRICS.find(({ key }) => key === metric);
  if (found === undefined) throw fieldError("values", "metric", VALUES_OPTIONS.metric.expected, metric);
  return { type: "values", circuit, metric: found.name };
}

/**
 * @param {AttentionOptions} options
 * @returns {Extract<wire.EngineRequest, { type: "attention" }>}
 */
export function attentionRequest(options) {
  const { prompt = 0, circuit = 0, heads } = checked("attention", options, ATTENTION_OPTIONS);
  if (heads === undefined) throw fieldError("attention", "heads", headsRule.expected, heads);
  return { type: "attention", prompt, circuit: circuitChoice(circuit), heads: heads.map(headOf) };
}

/**
 * @param {AttributionOptions} options
 * @returns {Extract<wire.EngineRequest, { type: "attribution" }>}
 */
export function attributionRequest(options) {
  const { prompt = 0, circuit = 0 } = checked("attribution", options, ATTRIBUTION_OPTIONS);
  return { type: "attribution", prompt, circuit: circuitChoice(circuit) };
}

/**
 * @param {CircuitOfRun} circuit
 * @returns {wire.CircuitChoice}
 */
function circuitChoice(circuit) {
  if (typeof circuit === "number") return { type: "ran", index: circuit };
  const { edgeCount = 0, edits = [] } = circuit;
  return { type: "edited", edgeCount, edits: editList(edits) };
}

/**
 * Edits without fields that the engine has no words for.
 *
 * @param {readonly MaskEdit[]} edits
 * @returns {wire.MaskEdit[]}
 */
export function editList(edits) {
  return edits.map(({ edge, mask }) => ({ edge, mask }));
}

/**
 * @param {string} name
 * @returns {wire.Head}
 */
function headOf(name) {
  const [, block, headIdx] = HEAD.exec(name) ?? [];
  return { block: Number(block), headIdx: Number(headIdx) };
}

/**
 * The values of each pass.
 *
 * @param {wire.ValuesInfo} info
 * @param {[Float64Array, Float64Array, Float64Array]} passes
 * @returns {PromptValues}
 */
export function promptValues({ circuit: { nEdges } }, [clean, corrupt, circuit]) {
  return { edges: nEdges, clean, corrupt, circuit };
}

/**
 * The patterns of each head, from those of each pass, `[head, query, key]`.
 *
 * @param {wire.AttentionInfo} info
 * @param {[Float32Array, Float32Array, Float32Array]} passes
 * @returns {Attention}
 */
export function attention({ circuit, heads, seq, nPads }, passes) {
  const n = seq * seq;
  const patterns = heads.map(({ block, headIdx }, i) => {
    const [clean, corrupt, patched] = passes.map((pass) => pass.subarray(i * n, (i + 1) * n));
    return { head: `A${block}.${headIdx}`, clean, corrupt, circuit: patched };
  });
  return { edges: circuit.nEdges, seq, pads: pads(nPads), heads: patterns };
}

/**
 * Each node's numbers in each pass, from two arrays a pass.
 *
 * @param {wire.AttributionInfo} info
 * @param {readonly Float32Array[]} arrays
 * @returns {Attribution}
 */
export function attribution(info, arrays) {
  const [clean, corrupt, circuit] = PASSES.map((_, i) => passAttribution(info, arrays[2 * i], arrays[2 * i + 1]));
  const { seq, nPositions, nPads } = info;
  return { edges: info.circuit.nEdges, seq, nPositions, pads: pads(nPads), clean, corrupt, circuit };
}

/**
 * @param {wire.AttributionInfo} info
 * @param {Float32Array} logits
 * @param {Float32Array} outputs
 * @returns {PassAttribution}
 */
function passAttribution({ srcs, seq, nPositions, nValues }, logits, outputs) {
  /** Every second number of a row, from the answer's or from the wrong answer's on. */
  const column = (/** @type {number} */ row, /** @type {number} */ side) => {
    return Float32Array.from({ length: nPositions }, (_, i) => logits[(row * nPositions + i) * 2 + side]);
  };
  const answers = (/** @type {number} */ row) => ({ answer: column(row, 0), wrongAnswer: column(row, 1) });
  const width = 1 + nValues;
  const nodes = srcs.map((name, row) => {
    const at = (/** @type {number} */ position) => (row * seq + position) * width;
    const norm = Float32Array.from({ length: seq }, (_, position) => outputs[at(position)]);
    const values = Array.from({ length: seq }, (_, position) => outputs.subarray(at(position) + 1, at(position) + width));
    return /** @type {[string, NodeAttribution]} */ ([name, { ...answers(row), norm, values }]);
  });
  return { nodes: Object.fromEntries(nodes), biases: answers(srcs.length), logits: answers(srcs.length + 1) };
}

/**
 * @param {[number, number, number]} nPads
 * @returns {Pads}
 */
function pads([clean, corrupt, circuit]) {
  return { clean, corrupt, circuit };
}
