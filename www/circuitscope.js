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
 * `crates/wire/src/engine.rs`. Beside it have to lie `module/`, `engine-worker.js`, `engine.js` and `engine_bg.wasm`, as in a built site.
 * What is meant by each setting is auto-circuit's; the types are in `circuitscope.d.ts`.
 *
 * Every failure rejects with an Error whose message names the file, the tensor or the field, what was expected and what
 * was found.
 *
 * @module circuitscope
 */

// `cargo xtask build` writes the build's own name here: a new build is never mixed with cached files of the one before.
import { Connection, startWorker } from "./module/connection.js?v=__BUILD_ID__";
import { discoverCall, discovery } from "./module/discover.js?v=__BUILD_ID__";
import { abortSignal, alternatives, anything, boolean, callback, checked, fieldError, oneOf, wholeNumber } from "./module/options.js?v=__BUILD_ID__";
import { openReader, topTokens } from "./module/reader-client.js?v=__BUILD_ID__";
import { absoluteUrl, fileSource, jsonSource } from "./module/sources.js?v=__BUILD_ID__";
import { ScoresReader, isSafetensors } from "./module/scores.js?v=__BUILD_ID__";
import { weightSources } from "./module/weights.js?v=__BUILD_ID__";

const BUILD_ID = "__BUILD_ID__";

const DEVICES = ["auto", "webgpu", "cpu"];
const PATCH_TYPES = ["edge", "tree"];
const SLICES = ["none", "last_seq", "not_first_seq"];
const EDGE_COUNT_RULES = ["all", "logarithmic", "groups", "default", "mib"];
const ABLATIONS = [
  "resample",
  "zero",
  "tokenwise_mean_clean",
  "tokenwise_mean_corrupt",
  "tokenwise_mean_clean_and_corrupt",
  "batch_tokenwise_mean",
  "batch_all_tok_mean",
];

// auto-circuit's names, in its order; the engine's metrics come in this order.
const METRICS = [
  "Clean KL Div",
  "Corrupt KL Div",
  "Answer Prob",
  "Answer Logit",
  "Wrong Answer Logit",
  "Answer Logprob",
  "Logit Diff",
  "Prob Diff",
  "Logprob Diff",
  "Logit Diff Percent",
  "Prob Diff Percent",
  "LogProb Diff Percent",
  "Correct Answer Percent",
  "Correct Answer Greater Than Incorrect Percent",
];

/**
 * Starts an engine in a worker of its own.
 *
 * @param {import("./circuitscope.js").OpenOptions} [options] `device`: `"auto"` (WebGPU where it works, else the CPU),
 *   `"webgpu"` or `"cpu"`; `workerUrl`: where `engine-worker.js` is, if not beside this module;
 *   `hub`: true where `loadModel` may fetch models from the Hugging Face hub, or the URL of another hub.
 * @returns {Promise<Engine>}
 */
export async function openEngine(options = {}) {
  const { device, workerUrl, hub } = checked("openEngine", options, OPEN_OPTIONS);
  const url = workerUrl === undefined ? ownUrl("engine-worker.js") : absoluteUrl("workerUrl", workerUrl);
  const connection = new Connection(startWorker(url, "engine"), "engine");
  try {
    const { event } = await connection.call({ type: "open", device: device ?? "auto" });
    return new Engine(connection, event.device, { readerUrl: readerUrl(workerUrl), hub: hub === false ? undefined : hub });
  } catch (error) {
    connection.close(error);
    throw error;
  }
}

/** An open engine: a device and, once loaded, a model. Its calls are answered one after another, in order. */
class Engine {
  #connection;
  #readerUrl;
  /** Whether models of the hub may be fetched, or the address of another one. */
  #hub;
  /** A promise of the reader with the loaded model's tokenizer, if it came with one. */
  #reader = null;
  /** The same, once it is open. */
  #tokenizer = null;
  /** A promise of the loaded model's config. */
  #model = null;
  #scores;

  constructor(connection, device, { readerUrl, hub }) {
    this.#connection = connection;
    this.#scores = new ScoresReader(readerUrl);
    this.#readerUrl = readerUrl;
    this.#hub = hub;
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
   *   URL only slices are held in memory. `tokenizer`: its `tokenizer.json`, so that prompts may be texts; `tokenizerConfig`:
   *   its `tokenizer_config.json`, which names the BOS and the pad token. In place of them all `hub`, a model of the Hugging
   *   Face hub by its name, with its `revision`: fetched by the reader's browser and kept there; only where `openEngine` was
   *   told `hub: true`. `signal` and `onProgress` are those of `runCircuits`.
   * @returns {Promise<import("./circuitscope.js").LoadedModel>}
   */
  async loadModel(files) {
    const { hub, revision, ...own } = checked("loadModel", files, MODEL_FILES);
    if (hub !== undefined) return this.loadModel({ ...own, ...(await this.#fetch(hub, revision, own)) });
    const { config, weights, tokenizer, tokenizerConfig, signal, onProgress } = own;
    if (tokenizer === undefined && tokenizerConfig !== undefined) {
      throw fieldError("loadModel", "tokenizer", "given with `tokenizerConfig`", tokenizer);
    }
    const attachments = [];
    const configSource = jsonSource("config", config, attachments);
    const sources = weightSources(weights, attachments, signal);
    const requestOf = (weights) => ({ type: "loadModel", config: configSource, ...weights });
    const request = sources instanceof Promise ? sources.then(requestOf) : requestOf(sources);
    const onEvent = (event) => onProgress?.(progress(event));
    const before = this.#reader;
    const reader = tokenizer === undefined ? null : openReader(this.#readerUrl, { tokenizer, tokenizerConfig });
    // What is run next is meant for this model, also before it is there.
    this.#reader = reader;
    try {
      // A model is only put in the place of the one before once its tokenizer can be read.
      const ready = reader ? Promise.all([request, reader]).then(([request]) => request) : request;
      const modelBefore = this.#model;
      const loading = this.#connection.call(ready, attachments, { signal, onEvent });
      this.#model = loading.then(({ event }) => event.config, () => modelBefore);
      const { event } = await loading;
      this.#tokenizer = await reader;
      before?.then((old) => old.close(), () => {});
      return { config: event.config, nParams: event.nParams, tokenizer: this.#tokenizer?.info ?? null };
    } catch (error) {
      if (this.#reader === reader) this.#reader = before;
      reader?.then((unused) => unused.close(), () => {});
      throw error;
    }
  }

  /** The config and the weights of a model of the hub. Its part of the module is fetched with the first. */
  async #fetch(hub, revision, { signal, onProgress, ...own }) {
    if (this.#hub === undefined) throw fieldError("openEngine", "hub", "true, for models of the hub to be fetched", undefined);
    const both = Object.keys(OWN_FILES).find((field) => own[field] !== undefined);
    if (both) throw fieldError("loadModel", both, "left out where `hub` is given", own[both]);
    const { HUB, modelFiles } = await import("./module/hub.js?v=__BUILD_ID__");
    const base = this.#hub === true ? HUB : new URL(this.#hub, globalThis.location?.href).href.replace(/\/$/, "");
    const tell = ({ done, total, file }) => {
      onProgress?.({ done: Math.round(done / 1024), total: Math.round(total / 1024), label: `fetching ${file} (KiB)` });
    };
    const { index, weights, ...others } = await modelFiles(hub, revision, { base, signal, onProgress: tell });
    return { ...others, weights: index ? { files: weights, index } : weights };
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
   * @param {import("./circuitscope.js").RunOptions} options `prompts`: auto-circuit's dataset format, as an object, JSON
   *   text, bytes, a `File`, a `Blob` or a URL, with texts where the model was loaded with its tokenizer; of these
   *   `prependBos` and `pad` (true) say whether they begin with its BOS token and are filled up on the left; `scores`: prune scores or a circuit in
   *   any format that `readScores` takes, whose graph is the run's unless the settings choose one; `pick`: which of several;
   *   `signal`: an `AbortSignal`, which stops the run within one forward pass;
   *   `onProgress`: called with `{ done, total, label }`; and the settings, by auto-circuit's names.
   * @returns {Promise<import("./circuitscope.js").RunResult>}
   */
  async runCircuits(options) {
    const { prompts, prependBos, pad, scores, pick, signal, onProgress, ...settings } = checked("runCircuits", options, RUN_OPTIONS);
    const attachments = [];
    const found = this.#ownScores(scores, pick, settings);
    const request = async (prompts) => {
      const { file, graph } = await found;
      const source = fileSource("scores", file, attachments);
      return { type: "run", prompts, scores: source, settings: wireSettings({ ...settings, ...graph }), logits: true };
    };
    const read = this.#readPrompts(prompts, { prependBos, pad }, attachments);
    const circuits = [];
    const onEvent = (event, attached) => {
      if (event.type === "progress") onProgress?.(progress(event));
      else circuits[event.result.index] = circuitResult(event.result, attached);
    };
    const ready = read instanceof Promise ? read.then(({ source }) => request(source)) : request(read.source);
    const { event, attachments: logits } = await this.#connection.call(ready, attachments, { signal, onEvent });
    return { ...runResult(circuits, event, logits), prompts: (await read).tokens };
  }

  /** Scores as safetensors, with the settings of their graph where a file of another format implies them. */
  async #ownScores(scores, pick, settings) {
    if (pick === undefined && await isSafetensors(scores)) return { file: scores, graph: {} };
    const { factorized, separateQkv, tokenWise } = settings;
    const read = await this.readScores(scores, { pick, factorized, separateQkv });
    if (pick === undefined && read.format === "torch" && read.choices.length > 1) {
      throw fieldError("runCircuits", "pick", alternatives(read.choices.slice(0, 20)), pick);
    }
    const { graph } = read;
    return {
      file: read.scores,
      graph: {
        factorized: factorized ?? graph.factorized,
        separateQkv: separateQkv ?? graph.separateQkv,
        tokenWise: tokenWise ?? (graph.seqLen ?? null) !== null,
      },
    };
  }

  /**
   * Reads prune scores or a circuit for the loaded model: safetensors or torch files of `PruneScores`, auto-circuit's caches,
   * circuits of EAP-IG and of the MIB benchmark, edge lists as JSON or CSV.
   *
   * @param scores the file as bytes, a `File`, a `Blob` or a URL; JSON also as its text or its value.
   * @param {import("./circuitscope.js").ReadScoresOptions} [options] `pick`: which of several in the file; `factorized` and
   *   `separateQkv`: the graph on which an edge list is tried first; `seqLen`: the positions of a token-wise one.
   * @returns {Promise<import("./circuitscope.js").ReadScores>}
   */
  async readScores(scores, options = {}) {
    return this.#scores.read(scores, await this.#loaded(), options);
  }

  /**
   * Writes prune scores of the loaded model as a file.
   *
   * @param scores in any format that `readScores` takes, and so what `discover` found.
   * @param {import("./circuitscope.js").WriteScoresOptions} options `format`: `"safetensors"`, `"mib-json"`,
   *   `"edge-list-json"` or `"edge-list-csv"`; `edgeCount`: the circuit that is marked, or with `extent: "circuit"` written
   *   alone; `algorithm`: said in the metadata of safetensors; and those of `readScores`.
   * @returns {Promise<Uint8Array>}
   */
  async writeScores(scores, options) {
    return this.#scores.write(scores, await this.#loaded(), options);
  }

  async #loaded() {
    const model = await this.#model;
    if (!model) throw new Error("scores: a model has to be loaded first");
    return model;
  }

  /** Prompts as a source of a message: read by the reader where there is one, and then their tokens. */
  #readPrompts(prompts, settings, attachments) {
    if (!this.#reader) return { source: jsonSource("prompts", prompts, attachments), tokens: null };
    return this.#reader.then(async (reader) => {
      const { source, tokens } = await reader.prompts(prompts, settings);
      return { source: jsonSource("prompts", source, attachments), tokens };
    });
  }

  /**
   * The tokens of texts, as the loaded model's tokenizer has them.
   *
   * @param {readonly string[]} texts
   * @param {{ prependBos?: boolean }} [options] whether each begins with the BOS token; by default true.
   * @returns {Promise<import("./circuitscope.js").TokenList[]>}
   */
  async tokenize(texts, options = {}) {
    const { prependBos = true } = checked("tokenize", options, { prependBos: boolean });
    if (!Array.isArray(texts) || texts.some((text) => typeof text !== "string")) {
      throw fieldError("tokenize", "texts", "a list of texts", texts);
    }
    const reader = await this.#reader;
    if (!reader) throw new Error("tokenize: the loaded model came without a tokenizer: give `loadModel` its tokenizer.json");
    return reader.tokenize(texts, prependBos);
  }

  /** How a token is shown: its text, with spaces and line ends visible, or its id where no tokenizer says more. */
  tokenText(token) {
    return this.#tokenizer?.text(token) ?? String(token);
  }

  /**
   * The likeliest tokens of an output, a circuit's or the unpatched model's.
   *
   * @param {import("./circuitscope.js").Output} output
   * @param {{ prompt?: number, position?: number, k?: number }} [options] by default the first prompt's 10 likeliest tokens
   *   at the last position.
   * @returns {import("./circuitscope.js").TopToken[]}
   */
  topTokens(output, options = {}) {
    const place = checked("topTokens", options, { prompt: wholeNumber(0), position: wholeNumber(0), k: wholeNumber(1) });
    return topTokens(output, place, (token) => this.tokenText(token));
  }

  /**
   * Measures one circuit under every patch type, ablation and direction: 2 x 7 x 2 runs.
   *
   * @param {import("./circuitscope.js").SensitivityOptions} options those of `runCircuits`, with `edgeCount` for the circuit
   *   and without what is varied. `onProgress` counts the runs; `onRun` is told of each as it is done.
   * @returns {Promise<import("./circuitscope.js").SensitivityRun[]>}
   */
  async sensitivity(options) {
    const { prompts, prependBos, pad, scores, pick, edgeCount, signal, onProgress, onRun, ...fixed } = checked("sensitivity", options, SENSITIVITY_OPTIONS);
    if (edgeCount === undefined) throw fieldError("sensitivity", "edgeCount", wholeNumber(0).expected, edgeCount);
    const variants = PATCH_TYPES.flatMap((patchType) => {
      return [false, true].flatMap((reverse) => ABLATIONS.map((ablation) => ({ patchType, ablation, reverse })));
    });
    const reader = await this.#reader;
    const ids = reader ? (await reader.prompts(prompts, { prependBos, pad })).source : prompts;
    const { file, graph } = await this.#ownScores(scores, pick, fixed);
    const runs = [];
    for (const variant of variants) {
      const attachments = [];
      const request = {
        type: "run",
        prompts: jsonSource("prompts", ids, attachments),
        scores: fileSource("scores", file, attachments),
        settings: wireSettings({ ...fixed, ...graph, ...variant, edgeCounts: [edgeCount] }),
        logits: false,
      };
      let result;
      const onEvent = (event) => {
        if (event.type === "circuit") result = event.result;
      };
      await this.#connection.call(request, attachments, { signal, onEvent });
      const run = { ...variant, edges: result.circuit.nEdges, ...metricsOf(result.measurement) };
      runs.push(run);
      onRun?.(run);
      const { patchType, ablation, reverse } = variant;
      onProgress?.({ done: runs.length, total: variants.length, label: `${patchType} patch, ${ablation}${reverse ? ", reversed" : ""}` });
    }
    return runs;
  }

  /**
   * Looks for the edges that matter in the loaded model and gives a score for each, which `runCircuits` takes.
   *
   * @param {import("./circuitscope.js").DiscoverOptions} options `prompts`: as for `runCircuits`; `algorithm`: `"eap"` (or
   *   `"mask_gradient"`), `"eap_ig"`, `"acdc"`, `"exact"`, `"subnetwork_probing"`, `"activation_magnitude"`, `"random"` or
   *   `"official"`; its own settings, by auto-circuit's names; `signal` stops the search within one pass; `onProgress` is
   *   also told the loss, where there is one.
   * @returns {Promise<import("./circuitscope.js").Discovery>}
   */
  async discover(options) {
    const { prompts, signal, onProgress, settings } = discoverCall(options, SHARED_RULES);
    const attachments = [];
    const request = { type: "discover", prompts: jsonSource("prompts", prompts, attachments), settings };
    const onEvent = (event) => onProgress?.(progress(event));
    const { event, attachments: found } = await this.#connection.call(request, attachments, { signal, onEvent });
    return discovery(event.discovery, found);
  }

  /** Ends the worker and frees the device. Calls that are not answered yet reject. */
  close() {
    this.#connection.close(new Error("the engine was closed"));
    this.#scores.close();
    this.#reader?.then((reader) => reader.close(), () => {});
  }
}

// ---------------------------------------------------------------------------------------------------------------- results

function progress({ done, total, label, loss }) {
  return loss === undefined ? { done, total, label } : { done, total, label, loss };
}

/** A circuit of a run, out of `CircuitResult`, its logits and the metrics of each prompt. */
function circuitResult({ circuit, shape, measurement }, [logits, prompts]) {
  const { requested, nEdges: edges, threshold } = circuit;
  return {
    requested,
    edges,
    // JSON has no infinity: the empty circuit's threshold travels as nothing.
    threshold: threshold ?? Infinity,
    shape,
    logits,
    ...metricsOf(measurement),
    perPrompt: perPrompt(measurement, prompts),
    measurement: measured(measurement),
  };
}

/** A run's result, out of its circuits, its `Baseline` with the curves' areas, and the unpatched logits. */
function runResult(circuits, { baseline, areas }, [clean, corrupt]) {
  const { shape, nPrompts, nPositions, forwardPasses } = baseline;
  return {
    circuits,
    metrics: Object.fromEntries(METRICS.map((key, i) => [key, curve(key, circuits, areas[i])])),
    clean: unpatched(clean, shape, baseline.clean),
    corrupt: unpatched(corrupt, shape, baseline.corrupt),
    nPrompts,
    nPositions,
    forwardPasses,
  };
}

/** The logits of the unpatched model, which say of themselves what a circuit's entry says of its logits. */
function unpatched(logits, shape, measurement) {
  const { metrics, spread } = metricsOf(measurement);
  return Object.defineProperties(logits, {
    shape: { value: shape },
    logits: { value: logits },
    metrics: { value: metrics },
    spread: { value: spread },
    measurement: { value: measured(measurement) },
  });
}

/** The metrics by their names, and how they are spread over the prompts; `null` where one does not apply. */
function metricsOf(measurement) {
  const metrics = {};
  const spread = {};
  METRICS.forEach((key, i) => {
    metrics[key] = measurement[i]?.mean ?? null;
    spread[key] = measurement[i] ? { std: measurement[i].std, quartiles: measurement[i].quartiles } : null;
  });
  return { metrics, spread };
}

/** Each prompt's own values, out of `[metric, prompt]`. */
function perPrompt(measurement, values) {
  const nPrompts = values.length / METRICS.length;
  return Object.fromEntries(METRICS.map((key, i) => {
    return [key, measurement[i] ? values.subarray(i * nPrompts, (i + 1) * nPrompts) : null];
  }));
}

/** A metric against the edge count, as auto-circuit's `Measurements`, with its areas; `null` where it does not apply. */
function curve(key, circuits, { auc, cpr, cmd }) {
  const points = circuits.map(({ edges, metrics }) => [edges, metrics[key]]).filter(([, value]) => value !== null);
  return points.length === 0 ? null : { points, auc: auc ?? null, cpr: cpr ?? null, cmd: cmd ?? null };
}

function measured(measurement) {
  const { metrics } = metricsOf(measurement);
  return { logitDiff: metrics["Logit Diff"], klClean: metrics["Clean KL Div"], klCorrupt: metrics["Corrupt KL Div"] };
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

const hubRule = { expected: "true, false or a URL", accepts: (value) => typeof value === "boolean" || typeof value === "string" };
const text = { expected: "a text", accepts: (value) => typeof value === "string" };
const OPEN_OPTIONS = { device: oneOf(DEVICES), workerUrl: anything, hub: hubRule };
const OWN_FILES = { config: anything, weights: anything, tokenizer: anything, tokenizerConfig: anything };
const MODEL_FILES = { ...OWN_FILES, hub: text, revision: text, signal: abortSignal, onProgress: callback };
const GRAPH_SETTINGS = { factorized: boolean, separateQkv: boolean, tokenWise: boolean };
const SHARED_RULES = { graph: GRAPH_SETTINGS, slice: oneOf(SLICES), ablation: oneOf(ABLATIONS) };
const RUN_OPTIONS = {
  prompts: anything,
  prependBos: boolean,
  pad: boolean,
  scores: anything,
  pick: text,
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

/** Those of a run, without what is varied. */
const SENSITIVITY_OPTIONS = { ...RUN_OPTIONS, edgeCount: wholeNumber(0), onRun: callback };
for (const varied of ["patchType", "ablation", "reverse", "edgeCounts"]) delete SENSITIVITY_OPTIONS[varied];

/** Where the reader's worker is: beside the engine's. */
function readerUrl(workerUrl) {
  return workerUrl === undefined ? ownUrl("reader-worker.js") : new URL("./reader-worker.js", absoluteUrl("workerUrl", workerUrl)).href;
}

/** The URL of a file that lies beside this module. */
function ownUrl(file) {
  return new URL(`./${file}?v=${BUILD_ID}`, import.meta.url).href;
}
