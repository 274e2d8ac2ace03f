// Scores and circuits in other programs' formats: read into safetensors and written, by a reader of their own.

import { alternatives, boolean, checked, fieldError, given, oneOf, tagOf, text, wholeNumber } from "./options.js?v=__BUILD_ID__";
import { EXTENTS, FORMATS, GRAPH_DEFAULTS } from "./schema.js?v=__BUILD_ID__";
import { attached, bytesOf, fileSource, isBlob, isJsonText, isUrl, jsonText } from "./sources.js?v=__BUILD_ID__";
import { startReader } from "./workers.js?v=__BUILD_ID__";

/** @import { ReadScores, ReadScoresOptions, ScoresSource, WriteScoresOptions } from "../circuitscope.js" */
/** @import { Connection } from "./connection.js" */
/** @import { ModelConfig, ReaderRequest } from "./schema.js" */
/** @import { Rules } from "./options.js" */
/** @import { Attachments } from "./sources.js" */

/** The formats that are written. */
const WRITTEN = FORMATS.filter(({ written }) => written).map(({ id }) => id);
/** @satisfies {Rules<ReadScoresOptions>} */
const READ_OPTIONS = { pick: text, factorized: boolean, separateQkv: boolean, seqLen: wholeNumber(1) };
/** @satisfies {Rules<WriteScoresOptions>} */
const WRITE_OPTIONS = {
  ...READ_OPTIONS,
  format: oneOf(WRITTEN),
  edgeCount: wholeNumber(0),
  extent: oneOf(EXTENTS),
  algorithm: text,
};

/**
 * Whether scores are safetensors, as far as can be told without reading a URL: the eighth byte is 0, that of no text and of no
 * zip archive. A promise for a file.
 *
 * @param {ScoresSource} value
 * @returns {boolean | Promise<boolean>}
 */
export function isSafetensors(value) {
  if (isJsonText(value)) return false;
  if (isUrl(value)) return /\.safetensors$/i.test(String(value).split(/[?#]/, 1).join());
  if (isBlob(value)) return value.slice(0, 8).arrayBuffer().then((start) => hasHeader(new Uint8Array(start)));
  const bytes = bytesOf(value);
  // What is nothing at all is told by the engine's own rules.
  return bytes ? hasHeader(bytes) : !Array.isArray(value) && tagOf(value) !== "Object";
}

/** @param {Uint8Array} bytes */
function hasHeader(bytes) {
  return bytes.length < 8 || bytes[7] === 0;
}

/** A reader of scores, in a worker that starts with the first call. */
export class ScoresReader {
  #url;
  /** @type {Connection | null} */
  #connection = null;

  /** @param {string | undefined} url Where `reader-worker.js` is, if not beside the module. */
  constructor(url) {
    this.#url = url;
  }

  /**
   * Scores of any format, for a model: the safetensors file and what was found.
   *
   * @param {ScoresSource} value
   * @param {ModelConfig} model
   * @param {ReadScoresOptions} options
   * @returns {Promise<ReadScores>}
   */
  async read(value, model, options) {
    const { pick = null, ...settings } = given(checked("readScores", options, READ_OPTIONS));
    const graph = { ...GRAPH_DEFAULTS, ...settings };
    /** @type {Attachments} */
    const attachments = [];
    const scores = source(value, attachments);
    const { event, attachments: [file] } = await this.#call({ type: "readScores", scores, model, graph, seqLen: graph.seqLen, pick }, attachments);
    const { choices, chosen, ...found } = event.found;
    return { ...found, scores: file, choices, chosen: choices[chosen] ?? null };
  }

  /**
   * Scores of any format in another one.
   *
   * @param {ScoresSource} value
   * @param {ModelConfig} model
   * @param {WriteScoresOptions} options
   */
  async write(value, model, options) {
    const { format, edgeCount, extent = "all", algorithm, ...reading } = checked("writeScores", options, WRITE_OPTIONS);
    if (format === undefined) throw fieldError("writeScores", "format", alternatives(WRITTEN), format);
    if (extent === "circuit" && edgeCount === undefined) {
      throw fieldError("writeScores", "edgeCount", "given where only a circuit is written", edgeCount);
    }
    const { scores, graph, nCircuit, info } = await this.read(value, model, reading);
    /** @type {Attachments} */
    const attachments = [];
    const { attachments: [bytes] } = await this.#call({
      type: "writeScores", scores: attached("scores", scores, attachments), model, graph, format, extent,
      edgeCount: edgeCount ?? nCircuit ?? 0,
      algorithm: algorithm ?? info.algorithm,
      date: new Date().toISOString().slice(0, 10),
    }, attachments);
    return bytes;
  }

  close() {
    this.#connection?.close(new Error("the engine was closed"));
  }

  /**
   * @template {ReaderRequest} Request
   * @param {Request} request
   * @param {Attachments} attachments
   */
  #call(request, attachments) {
    if (this.#connection === null || this.#connection.ended) {
      this.#connection = startReader(this.#url);
    }
    return this.#connection.call(request, attachments);
  }
}

/**
 * Scores as a source: a list or an object is an edge list or a circuit.
 *
 * @param {ScoresSource} value
 * @param {Attachments} attachments
 */
function source(value, attachments) {
  const json = isJsonText(value) ? value : jsonText("scores", value);
  if (json !== undefined) return attached("scores", new TextEncoder().encode(json), attachments);
  return fileSource("scores", value, attachments, "an object, a list, JSON text, ");
}
