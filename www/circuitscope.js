/**
 * Circuitscope's engine for a page's own script: circuits of a small transformer, run on WebGPU or on the CPU.
 *
 * ```js
 * import { openEngine } from "./circuitscope.js";
 * const engine = await openEngine({ device: "auto" });
 * await engine.loadModel({ config: "config.json", weights: "model.safetensors" });
 * const { circuits } = await engine.runCircuits({ prompts: "prompts.json", scores: "scores.safetensors", edgeCounts: [0, 1, 10] });
 * ```
 *
 * The engine lives in a Web Worker, so the page stays responsive; this module speaks with it in the messages of
 * `src/engine/protocol.rs`. Beside it have to lie `module/`, `engine-worker.js`, `engine.js` and `engine_bg.wasm`, as in a built site.
 * What is meant by each setting is auto-circuit's; the types are in `circuitscope.d.ts`.
 *
 * Every failure rejects with an Error whose message names the file, the tensor or the field, what was expected and what
 * was found.
 *
 * @module circuitscope
 */

// `cargo xtask build` writes the build's own name here: a new build is never mixed with cached files of the one before.
import { Connection, startWorker } from "./module/connection.js?v=__BUILD_ID__";
import { abortSignal, alternatives, anything, boolean, callback, checked, fieldError, oneOf, wholeNumber } from "./module/options.js?v=__BUILD_ID__";
import { absoluteUrl, fileSource, jsonSource } from "./module/sources.js?v=__BUILD_ID__";
import { weightSources } from "./module/weights.js?v=__BUILD_ID__";

const BUILD_ID = "__BUILD_ID__";

const DEVICES = ["auto", "webgpu", "cpu"];
const PATCH_TYPES = ["edge", "tree"];
const SLICES = ["none", "last_seq", "not_first_seq"];
const EDGE_COUNT_RULES = ["all", "logarithmic", "groups", "default"];
const ABLATIONS = [
  "resample",
  "zero",
  "tokenwise_mean_clean",
  "tokenwise_mean_corrupt",
  "tokenwise_mean_clean_and_corrupt",
  "batch_tokenwise_mean",
  "batch_all_tok_mean",
];

/**
 * Starts an engine in a worker of its own.
 *
 * @param {import("./circuitscope.js").OpenOptions} [options] `device`: `"auto"` (WebGPU where it works, else the CPU),
 *   `"webgpu"` or `"cpu"`; `workerUrl`: where `engine-worker.js` is, if not beside this module.
 * @returns {Promise<Engine>}
 */
export async function openEngine(options = {}) {
  const { device, workerUrl } = checked("openEngine", options, { device: oneOf(DEVICES), workerUrl: anything });
  const url = workerUrl === undefined ? ownUrl("engine-worker.js") : absoluteUrl("workerUrl", workerUrl);
  const connection = new Connection(startWorker(url, "engine"), "engine");
  try {
    const { event } = await connection.call({ type: "open", device: device ?? "auto" });
    return new Engine(connection, event.device);
  } catch (error) {
    connection.close(error);
    throw error;
  }
}

/** An open engine: a device and, once loaded, a model. Its calls are answered one after another, in order. */
class Engine {
  #connection;

  constructor(connection, device) {
    this.#connection = connection;
    /** The device that is used: `{ kind: "webgpu" | "cpu", name, reason }`. */
    this.device = Object.freeze({ ...device });
  }

  /**
   * Reads a model and puts it on the device, in place of the one before. If that fails, the one before stays.
   *
   * @param {import("./circuitscope.js").ModelFiles} files `config`: a Hugging Face `config.json` or a TransformerLens
   *   `tl_config.json`, as an object, JSON text, bytes, a `File`, a `Blob` or a URL; `weights`: its safetensors file, as
   *   bytes, a `File`, a `Blob` or a URL; for sharded weights a list of such, or `{ index, base }`: the
   *   `model.safetensors.index.json` and the URL of the folder with its shards, by default the index's own. Of a `File` and a
   *   URL only slices are held in memory. `signal` and `onProgress` are those of `runCircuits`.
   * @returns {Promise<import("./circuitscope.js").LoadedModel>}
   */
  async loadModel(files) {
    const { config, weights, signal, onProgress } = checked("loadModel", files, MODEL_FILES);
    const attachments = [];
    const configSource = jsonSource("config", config, attachments);
    const sources = weightSources(weights, attachments, signal);
    const request = { type: "loadModel", config: configSource, ...(sources instanceof Promise ? await sources : sources) };
    const onEvent = (event) => onProgress?.(progress(event));
    const { event } = await this.#connection.call(request, attachments, { signal, onEvent });
    return { config: event.config, nParams: event.nParams };
  }

  /**
   * Describes a graph of the loaded model.
   *
   * @param {import("./circuitscope.js").GraphSettings} [settings] `factorized` (true), `separateQkv` (true), `tokenWise`
   *   (false), and with `tokenWise` the number of positions, `seqLen`.
   * @returns {Promise<import("./circuitscope.js").Graph>}
   */
  async graph(settings = {}) {
    const given = checked("graph", settings, { ...GRAPH_SETTINGS, seqLen: wholeNumber(1) });
    const { factorized = true, separateQkv = true, tokenWise = false, seqLen } = given;
    if (tokenWise !== (seqLen !== undefined)) {
      const expected = tokenWise ? "the number of positions of a token-wise graph" : "left out unless `tokenWise` is true";
      throw fieldError("graph", "seqLen", expected, seqLen);
    }
    const { event } = await this.#connection.call({ type: "graph", graph: { factorized, separateQkv, seqLen } });
    const { nEdges, srcs, nodes, edges, masks } = event.graph;
    return { nEdges, srcs, nodes, edges, masks: Object.fromEntries(masks) };
  }

  /**
   * Runs circuits of the loaded model: for each edge count the edges of the largest |score|.
   *
   * @param {import("./circuitscope.js").RunOptions} options `prompts`: auto-circuit's dataset format, tokenised, as an
   *   object, JSON text, bytes, a `File`, a `Blob` or a URL; `scores`: prune scores as a safetensors file, dest module
   *   name to `[seq?, head?, n_src]`; `signal`: an `AbortSignal`, which stops the run within one forward pass;
   *   `onProgress`: called with `{ done, total, label }`; and the settings, by auto-circuit's names.
   * @returns {Promise<import("./circuitscope.js").RunResult>}
   */
  async runCircuits(options) {
    const { prompts, scores, signal, onProgress, ...settings } = checked("runCircuits", options, RUN_OPTIONS);
    const attachments = [];
    const request = {
      type: "run",
      prompts: jsonSource("prompts", prompts, attachments),
      scores: fileSource("scores", scores, attachments),
      settings: wireSettings(settings),
      logits: true,
    };
    const circuits = [];
    const onEvent = (event, logits) => {
      if (event.type === "progress") onProgress?.(progress(event));
      else circuits[event.result.index] = circuitResult(event.result, logits[0]);
    };
    const { event, attachments: logits } = await this.#connection.call(request, attachments, { signal, onEvent });
    return runResult(circuits, event.baseline, logits);
  }

  /** Ends the worker and frees the device. Calls that are not answered yet reject. */
  close() {
    this.#connection.close(new Error("the engine was closed"));
  }
}

// ---------------------------------------------------------------------------------------------------------------- results

function progress({ done, total, label }) {
  return { done, total, label };
}

/** A circuit of a run, out of `CircuitResult` and its logits. */
function circuitResult({ circuit, shape, measurement }, logits) {
  const { requested, nEdges: edges, threshold } = circuit;
  // JSON has no infinity: the empty circuit's threshold travels as nothing.
  return { requested, edges, threshold: threshold ?? Infinity, shape, logits, measurement: measured(measurement) };
}

/** A run's result, out of its circuits, its `Baseline` and the unpatched logits. */
function runResult(circuits, baseline, [clean, corrupt]) {
  const { shape, nPrompts, nPositions, forwardPasses } = baseline;
  return {
    circuits,
    clean: unpatched(clean, shape, baseline.clean),
    corrupt: unpatched(corrupt, shape, baseline.corrupt),
    nPrompts,
    nPositions,
    forwardPasses,
  };
}

/** The logits of the unpatched model, which say of themselves what a circuit's entry says of its logits. */
function unpatched(logits, shape, measurement) {
  return Object.defineProperties(logits, {
    shape: { value: shape },
    logits: { value: logits },
    measurement: { value: measured(measurement) },
  });
}

function measured({ logitDiff, klClean, klCorrupt }) {
  return { logitDiff: logitDiff ?? null, klClean, klCorrupt };
}

// --------------------------------------------------------------------------------------------------------------- settings

/** The settings as the engine reads them; what is left out has the engine's own default. */
function wireSettings({ edgeCounts, ...settings }) {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  if (edgeCounts === undefined) return given;
  return { ...given, edgeCounts: typeof edgeCounts === "string" ? edgeCounts : { list: Array.from(edgeCounts) } };
}

const edgeCountsRule = {
  expected: `a list of whole numbers from 0, or ${alternatives(EDGE_COUNT_RULES)}`,
  accepts: (value) => EDGE_COUNT_RULES.includes(value) || isCountList(value),
};

function isCountList(value) {
  const list = Array.isArray(value) || ArrayBuffer.isView(value);
  return list && Array.from(value).every((count) => Number.isSafeInteger(count) && count >= 0);
}

const MODEL_FILES = { config: anything, weights: anything, signal: abortSignal, onProgress: callback };
const GRAPH_SETTINGS = { factorized: boolean, separateQkv: boolean, tokenWise: boolean };
const RUN_OPTIONS = {
  prompts: anything,
  scores: anything,
  signal: abortSignal,
  onProgress: callback,
  ...GRAPH_SETTINGS,
  slice: oneOf(SLICES),
  patchType: oneOf(PATCH_TYPES),
  ablation: oneOf(ABLATIONS),
  reverse: boolean,
  batchSize: wholeNumber(1),
  edgeCounts: edgeCountsRule,
};

/** The URL of a file that lies beside this module. */
function ownUrl(file) {
  return new URL(`./${file}?v=${BUILD_ID}`, import.meta.url).href;
}
