// Scores and circuits in other programs' formats: read into safetensors and written, by a reader of their own.

import { Connection, startWorker } from "./connection.js?v=__BUILD_ID__";
import { alternatives, boolean, checked, fieldError, oneOf, tagOf, wholeNumber } from "./options.js?v=__BUILD_ID__";
import { attached, bytesOf, fileSource, jsonText } from "./sources.js?v=__BUILD_ID__";

/** The formats that are written. */
const WRITTEN = ["safetensors", "mib-json", "edge-list-json", "edge-list-csv"];
const text = { expected: "a text", accepts: (value) => typeof value === "string" };
const GRAPH = { factorized: boolean, separateQkv: boolean, seqLen: wholeNumber(1) };
export const READ_OPTIONS = { pick: text, ...GRAPH };
export const WRITE_OPTIONS = {
  ...READ_OPTIONS,
  format: oneOf(WRITTEN),
  edgeCount: wholeNumber(0),
  extent: oneOf(["all", "circuit"]),
  algorithm: text,
};

/**
 * Whether scores are safetensors, as far as can be told without reading a URL: the eighth byte is 0, that of no text and of no
 * zip archive. A promise for a file.
 */
export function isSafetensors(value) {
  if (typeof value === "string" && /^\s*[[{]/.test(value)) return false;
  if (typeof value === "string" || tagOf(value) === "URL") return /\.safetensors$/i.test(String(value).split(/[?#]/)[0]);
  if (["File", "Blob"].includes(tagOf(value))) {
    return value.slice(0, 8).arrayBuffer().then((start) => hasHeader(new Uint8Array(start)));
  }
  const bytes = bytesOf(value);
  // What is nothing at all is told by the engine's own rules.
  return bytes ? hasHeader(bytes) : !Array.isArray(value) && tagOf(value) !== "Object";
}

function hasHeader(bytes) {
  return bytes.length < 8 || bytes[7] === 0;
}

/** A reader of scores, in a worker that starts with the first call. */
export class ScoresReader {
  #url;
  #connection = null;

  constructor(url) {
    this.#url = url;
  }

  /** Scores of any format, for a model: the safetensors file and what was found. */
  async read(value, model, options) {
    const { pick = null, factorized = true, separateQkv = true, seqLen = null } = checked("readScores", options, READ_OPTIONS);
    const attachments = [];
    const request = {
      type: "readScores", scores: source(value, attachments), model, graph: { factorized, separateQkv, seqLen }, seqLen, pick,
    };
    const { event, attachments: [scores] } = await this.#call(request, attachments);
    const { format, graph, choices, chosen, nCircuit, notes, info } = event.found;
    return { scores, format, graph, choices, chosen: choices[chosen] ?? null, nCircuit: nCircuit ?? null, notes, info };
  }

  /** Scores of any format in another one. */
  async write(value, model, options) {
    const { format, edgeCount, extent = "all", algorithm = null, ...reading } = checked("writeScores", options, WRITE_OPTIONS);
    if (format === undefined) throw fieldError("writeScores", "format", alternatives(WRITTEN), format);
    if (extent === "circuit" && edgeCount === undefined) {
      throw fieldError("writeScores", "edgeCount", "given where only a circuit is written", edgeCount);
    }
    const { scores, graph, nCircuit, info } = await this.read(value, model, reading);
    const attachments = [];
    const request = {
      type: "writeScores", scores: attached("scores", scores, attachments), model, graph, format, extent,
      edgeCount: edgeCount ?? nCircuit ?? 0,
      algorithm: algorithm ?? info.algorithm ?? null,
      date: new Date().toISOString().slice(0, 10),
    };
    const { attachments: [bytes] } = await this.#call(request, attachments);
    return bytes;
  }

  close() {
    this.#connection?.close(new Error("the engine was closed"));
  }

  #call(request, attachments) {
    if (this.#connection === null || this.#connection.ended) {
      this.#connection = new Connection(startWorker(this.#url, "reader"), "reader");
    }
    return this.#connection.call(request, attachments);
  }
}

/** Scores as a source: a list or an object is an edge list or a circuit. */
function source(value, attachments) {
  const json = typeof value === "string" && /^\s*[[{]/.test(value) ? value : jsonText("scores", value);
  if (json !== undefined) return attached("scores", new TextEncoder().encode(json), attachments);
  return fileSource("scores", value, attachments, "an object, a list, JSON text, ");
}
