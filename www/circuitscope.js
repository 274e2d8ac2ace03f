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
 * `crates/wire/src/engine.rs`. Beside it have to lie `module/`, `engine-worker.js` and both engines (`engine.js`, `engine-relaxed.js` and their `_bg.wasm`), as in a built site.
 * What is meant by each setting is auto-circuit's; the types are in `circuitscope.d.ts`.
 *
 * Every failure rejects with an Error whose message names the file, the tensor or the field, what was expected and what
 * was found.
 *
 * @module circuitscope
 */

// `cargo xtask build` writes the build's own name here: a new build is never mixed with cached files of the one before.
import { discoverCall, discovery } from "./module/discover.js?v=__BUILD_ID__";
import {
  abortSignal, alternatives, anything, boolean, callback, checked, fieldError, given, isListOf, oneOf, text, wholeNumber,
} from "./module/options.js?v=__BUILD_ID__";
import { attention, attentionRequest, attribution, attributionRequest, editList, editsRule, promptValues, valuesRequest } from "./module/inspect.js?v=__BUILD_ID__";
import { readPrompts } from "./module/prompts.js?v=__BUILD_ID__";
import { openReader, topTokens } from "./module/reader-client.js?v=__BUILD_ID__";
import { ABLATIONS, DEVICES, EDGE_COUNT_RULES, GRAPH_DEFAULTS, METRICS, PATCH_TYPES, PROMPT_DEFAULTS, RUN_DEFAULTS, SLICES } from "./module/schema.js?v=__BUILD_ID__";
import { absoluteUrl, fileSource, jsonSource } from "./module/sources.js?v=__BUILD_ID__";
import { ScoresReader, isSafetensors } from "./module/scores.js?v=__BUILD_ID__";
import { weightSources } from "./module/weights.js?v=__BUILD_ID__";
import { startEngine } from "./module/workers.js?v=__BUILD_ID__";

/**
 * @import {
 *   Attention, AttentionOptions, Attribution, AttributionOptions, CircuitResult, DiscoverOptions, Discovery, EdgeCounts, Engine as PublicEngine, Graph, GraphSettings, HubModel, LoadedModel,
 *   Measurement as PublicMeasurement, MetricCurve, MetricKey, Metrics, ModelFiles, OpenOptions, Output, OwnModel, Progress, PromptValues,
 *   ReadScores, ReadScoresOptions, RunOptions, RunResult, ScoresSource, SensitivityOptions, SensitivityRun, Spreads, TokenList, TopToken,
 *   UnpatchedLogits, ValuesOptions, WriteScoresOptions,
 * } from "./circuitscope.js"
 */
/** @import { Connection, Notice, OnEvent } from "./module/connection.js" */
/** @import { Rule, Rules } from "./module/options.js" */
/** @import { Reader } from "./module/reader-client.js" */
/** @import * as wire from "./module/schema.js" */
/** @import { Attachments } from "./module/sources.js" */
/** @import { WeightSources } from "./module/weights.js" */
/** @typedef {Extract<wire.EngineRequest, { type: "run" }>} RunRequest */
/** @typedef {Partial<OwnModel & HubModel>} ModelFields */

/**
 * Starts an engine in a worker of its own.
 *
 * @param {OpenOptions} [options] `device`: `"auto"` (WebGPU where it works, else the CPU),
 *   `"webgpu"` or `"cpu"`; `workers`: how many workers share runs and searches on the CPU, each with a copy of the model,
 *   by default one a core; `workerUrl`: where `engine-worker.js` is, if not beside this module;
 *   `hub`: true where `loadModel` may fetch models from the Hugging Face hub, or the URL of another hub.
 * @returns {Promise<PublicEngine>}
 */
export async function openEngine(options = {}) {
  const { device, workers, workerUrl, hub } = checked("openEngine", options, OPEN_OPTIONS);
  const url = workerUrl === undefined ? undefined : absoluteUrl("workerUrl", workerUrl);
  const connection = startEngine(url);
  try {
    const { event } = await connection.call({ type: "open", device: device ?? "auto", ...given({ workers }) });
    return new Engine(connection, event.device, { readerUrl: url && new URL("./reader-worker.js", url).href, hub: hub === false ? undefined : hub });
  } catch (error) {
    connection.close(/** @type {Error} */ (error));
    throw error;
  }
}

/**
 * An open engine: a device and, once loaded, a model. Its calls are answered one after another, in order.
 *
 * @implements {PublicEngine}
 */
class Engine {
  #connection;
  #readerUrl;
  /** Whether models of the hub may be fetched, or the address of another one. */
  #hub;
  /**
   * A promise of the reader with the loaded model's tokenizer, if it came with one.
   *
   * @type {Promise<Reader> | null}
   */
  #reader = null;
  /**
   * The same, once it is open.
   *
   * @type {Reader | null}
   */
  #tokenizer = null;
  /**
   * A promise of the loaded model's config.
   *
   * @type {Promise<wire.ModelConfig | null>}
   */
  #model = Promise.resolve(null);
  #scores;

  /**
   * @param {Connection} connection
   * @param {wire.DeviceInfo} device
   * @param {{ readerUrl: string | undefined, hub: boolean | string | undefined }} options
   */
  constructor(connection, device, { readerUrl, hub }) {
    this.#connection = connection;
    this.#scores = new ScoresReader(readerUrl);
    this.#readerUrl = readerUrl;
    this.#hub = hub;
    /** The device that is used: `{ kind: "webgpu" | "cpu", name, reason, workers }`. */
    this.device = Object.freeze({ ...device });
  }

  /**
   * Reads a model and puts it on the device, in place of the one before. If that fails, the one before stays.
   *
   * @param {ModelFiles} files `config`: a Hugging Face `config.json` or a TransformerLens
   *   `tl_config.json`, as an object, JSON text, bytes, a `File`, a `Blob` or a URL; `weights`: its safetensors file, as
   *   bytes, a `File`, a `Blob` or a URL; for sharded weights a list of such, or `{ index, base }`: the
   *   `model.safetensors.index.json` and the URL of the folder with its shards, by default the index's own. Of a `File` and a
   *   URL only slices are held in memory. `tokenizer`: its `tokenizer.json`, so that prompts may be texts; `tokenizerConfig`:
   *   its `tokenizer_config.json`, which names the BOS and the pad token. In place of them all `hub`, a model of the Hugging
   *   Face hub by its name, with its `revision`: fetched by the reader's browser and kept there; only where `openEngine` was
   *   given `hub: true`. `signal` and `onProgress` are those of `runCircuits`.
   * @returns {Promise<LoadedModel>}
   */
  async loadModel(files) {
    const { hub, revision, ...own } = checked("loadModel", /** @type {ModelFields} */ (files), MODEL_FILES);
    if (hub !== undefined) return this.loadModel({ ...own, ...(await this.#fetch(hub, revision, own)) });
    const { config, weights, tokenizer, tokenizerConfig, signal, onProgress } = own;
    if (tokenizer === undefined && tokenizerConfig !== undefined) {
      throw fieldError("loadModel", "tokenizer", "given with `tokenizerConfig`", tokenizer);
    }
    /** @type {Attachments} */
    const attachments = [];
    const configSource = jsonSource("config", config, attachments);
    const sources = weightSources(weights, attachments, signal);
    /** @type {(weights: WeightSources) => Extract<wire.EngineRequest, { type: "loadModel" }>} */
    const requestOf = (weights) => ({ type: "loadModel", config: configSource, ...weights });
    const request = sources instanceof Promise ? sources.then(requestOf) : requestOf(sources);
    const onEvent = progressTo(onProgress);
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

  /**
   * The config and the weights of a model of the hub. Its part of the module is fetched with the first.
   *
   * @param {string} hub
   * @param {string | undefined} revision
   * @param {ModelFields} files
   * @returns {Promise<OwnModel>}
   */
  async #fetch(hub, revision, { signal, onProgress, ...own }) {
    if (this.#hub === undefined) throw fieldError("openEngine", "hub", "true, for models of the hub to be fetched", undefined);
    const [both] = Object.entries(own).filter(([, value]) => value !== undefined);
    if (both) throw fieldError("loadModel", both[0], "left out where `hub` is given", both[1]);
    const { HUB, modelFiles } = await import("./module/hub.js?v=__BUILD_ID__");
    const base = this.#hub === true ? HUB : new URL(String(this.#hub), globalThis.location?.href).href.replace(/\/$/, "");
    /** @type {(progress: { done: number, total: number, file: string }) => void} */
    const tell = ({ done, total, file }) => {
      onProgress?.({ done: Math.round(done / 1024), total: Math.round(total / 1024), label: `fetching ${file} (KiB)` });
    };
    const { index, weights, ...others } = await modelFiles(hub, revision, { base, signal, onProgress: tell });
    return { ...others, weights: index ? { files: weights, index } : weights };
  }

  /**
   * Describes a graph of the loaded model.
   *
   * @param {GraphSettings} [settings] `factorized` (true), `separateQkv` (true), `tokenWise`
   *   (false), and with `tokenWise` the number of positions, `seqLen`.
   * @returns {Promise<Graph>}
   */
  async graph(settings = {}) {
    const { tokenWise = false, ...config } = checked("graph", settings, GRAPH_SETTINGS);
    const graph = { ...GRAPH_DEFAULTS, ...given(config) };
    if (tokenWise !== (graph.seqLen !== null)) {
      const expected = tokenWise ? "the number of positions of a token-wise graph" : "left out unless `tokenWise` is true";
      throw fieldError("graph", "seqLen", expected, config.seqLen);
    }
    const { event } = await this.#connection.call({ type: "graph", graph });
    const { nEdges, srcs, nodes, edges, masks } = event.graph;
    return { nEdges, srcs, nodes, edges, masks: Object.fromEntries(masks) };
  }

  /**
   * Runs circuits of the loaded model: for each edge count the edges of the largest |score|.
   *
   * @param {RunOptions} options `prompts`: auto-circuit's dataset format, as an object, JSON
   *   text, bytes, a `File`, a `Blob` or a URL, with texts where the model was loaded with its tokenizer; of these
   *   `prependBos` and `pad` (true) say whether they begin with its BOS token and are filled up on the left; `scores`: prune scores or a circuit in
   *   any format that `readScores` takes, whose graph is the run's unless the settings choose one; or in their place `mask`: the same
   *   with how much of each edge is in the one circuit that is run, 1 all of it and 0 none; `pick`: which of several; `edits`: a list
   *   of `{ edge: "A0.1->MLP 1", mask: 0.5 }`, laid over every circuit;
   *   `signal`: an `AbortSignal`, which stops the run within one forward pass;
   *   `onProgress`: called with `{ done, total, label }`; and the settings, by auto-circuit's names.
   * @returns {Promise<RunResult>}
   */
  async runCircuits(options) {
    const { prompts, prependBos, pad, scores, mask, edits, pick, signal, onProgress, ...settings } = checked("runCircuits", options, RUN_OPTIONS);
    if (scores !== undefined && mask !== undefined) throw fieldError("runCircuits", "mask", "left out where `scores` is given", mask);
    if (scores === undefined && mask === undefined) throw fieldError("runCircuits", "scores", "given, or a `mask`", scores);
    /** @type {{ field: wire.EdgeValues, file: ScoresSource }} */
    const values = mask === undefined ? { field: "scores", file: /** @type {ScoresSource} */ (scores) } : { field: "mask", file: mask };
    /** @type {Attachments} */
    const attachments = [];
    const reading = { prependBos, pad, batchSize: settings.batchSize, signal };
    const files = Promise.all([readPrompts(prompts, reading, this.#reader), this.#ownScores(values.file, pick, settings)]);
    /** @type {() => Promise<RunRequest>} */
    const request = async () => {
      const [{ source, batchSize }, { file, graph }] = await files;
      return {
        type: "run",
        prompts: source(attachments),
        scores: fileSource(values.field, file, attachments),
        values: values.field,
        edits: editList(edits ?? []),
        settings: runSettings({ ...settings, ...graph, batchSize }),
        logits: true,
      };
    };
    /** @type {CircuitResult[]} */
    const circuits = [];
    /** @type {OnEvent} */
    const onEvent = (event, attached) => {
      if (event.type === "progress") onProgress?.(progress(event));
      else circuits[event.result.index] = circuitResult(event.result, attached);
    };
    const { event, attachments: logits } = await this.#connection.call(request(), attachments, { signal, onEvent });
    const [{ tokens, notes }] = await files;
    return { ...runResult(circuits, event, logits), prompts: tokens, promptNotes: notes };
  }

  /**
   * Scores as safetensors, with the settings of their graph where a file of another format implies them.
   *
   * @param {ScoresSource} scores
   * @param {string | undefined} pick
   * @param {Pick<GraphSettings, "factorized" | "separateQkv" | "tokenWise">} settings
   * @returns {Promise<{ file: ScoresSource, graph: Pick<GraphSettings, "factorized" | "separateQkv" | "tokenWise"> }>}
   */
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
        tokenWise: tokenWise ?? graph.seqLen !== null,
      },
    };
  }

  /**
   * Reads prune scores or a circuit for the loaded model: safetensors or torch files of `PruneScores`, auto-circuit's caches,
   * circuits of EAP-IG and of the MIB benchmark, edge lists as JSON or CSV.
   *
   * @param {ScoresSource} scores the file as bytes, a `File`, a `Blob` or a URL; JSON also as its text or its value.
   * @param {ReadScoresOptions} [options] `pick`: which of several in the file; `factorized` and
   *   `separateQkv`: the graph on which an edge list is tried first; `seqLen`: the positions of a token-wise one.
   * @returns {Promise<ReadScores>}
   */
  async readScores(scores, options = {}) {
    return this.#scores.read(scores, await this.#loaded(), options);
  }

  /**
   * Writes prune scores of the loaded model as a file.
   *
   * @param {ScoresSource} scores in any format that `readScores` takes, and so what `discover` found.
   * @param {WriteScoresOptions} options `format`: `"safetensors"`, `"mib-json"`,
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

  /**
   * The tokens of texts, as the loaded model's tokenizer has them.
   *
   * @param {readonly string[]} texts
   * @param {{ prependBos?: boolean }} [options] whether each begins with the BOS token; by default true.
   * @returns {Promise<TokenList[]>}
   */
  async tokenize(texts, options = {}) {
    const { prependBos = PROMPT_DEFAULTS.prependBos } = checked("tokenize", options, { prependBos: boolean });
    if (!Array.isArray(texts) || texts.some((text) => typeof text !== "string")) {
      throw fieldError("tokenize", "texts", "a list of texts", texts);
    }
    const reader = await this.#reader;
    if (!reader) throw new Error("tokenize: the loaded model came without a tokenizer: give `loadModel` its tokenizer.json");
    return reader.tokenize(texts, prependBos);
  }

  /**
   * How a token is shown: its text, with spaces and line ends visible, or its id where no tokenizer says more.
   *
   * @param {number} token
   */
  tokenText(token) {
    return this.#tokenizer?.text(token) ?? String(token);
  }

  /**
   * The likeliest tokens of an output, a circuit's or the unpatched model's.
   *
   * @param {Output} output
   * @param {{ prompt?: number, position?: number, k?: number }} [options] by default the first prompt's 10 likeliest tokens
   *   at the last position.
   * @returns {TopToken[]}
   */
  topTokens(output, options = {}) {
    const row = checked("topTokens", options, { prompt: wholeNumber(0), position: wholeNumber(0), k: wholeNumber(1) });
    return topTokens(output, row, (token) => this.tokenText(token));
  }

  /**
   * Measures one circuit under every patch type, ablation and direction: 2 x 7 x 2 runs.
   *
   * @param {SensitivityOptions} options those of `runCircuits`, with `edgeCount` for the circuit
   *   and without what is varied. `onProgress` counts the runs; `onRun` is called with each as it is done.
   * @returns {Promise<SensitivityRun[]>}
   */
  async sensitivity(options) {
    const { prompts, prependBos, pad, scores, pick, edgeCount, signal, onProgress, onRun, ...fixed } = checked("sensitivity", options, SENSITIVITY_OPTIONS);
    if (edgeCount === undefined) throw fieldError("sensitivity", "edgeCount", wholeNumber(0).expected, edgeCount);
    const variants = PATCH_TYPES.flatMap((patchType) => {
      return [false, true].flatMap((reverse) => ABLATIONS.map((ablation) => ({ patchType, ablation, reverse })));
    });
    const read = await readPrompts(prompts, { prependBos, pad, batchSize: fixed.batchSize, signal }, this.#reader);
    const { file, graph } = await this.#ownScores(scores, pick, fixed);
    /** @type {SensitivityRun[]} */
    const runs = [];
    for (const variant of variants) {
      /** @type {Attachments} */
      const attachments = [];
      /** @type {RunRequest} */
      const request = {
        type: "run",
        prompts: read.source(attachments),
        scores: fileSource("scores", file, attachments),
        values: "scores",
        settings: runSettings({ ...fixed, ...graph, ...variant, batchSize: read.batchSize, edgeCounts: [edgeCount] }),
        logits: false,
      };
      /** @type {wire.CircuitResult[]} */
      const results = [];
      /** @type {OnEvent} */
      const onEvent = (event) => {
        if (event.type === "circuit") results.push(event.result);
      };
      await this.#connection.call(request, attachments, { signal, onEvent });
      const [{ circuit, measurement }] = results;
      const run = { ...variant, edges: circuit.nEdges, ...metricsOf(measurement) };
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
   * @param {DiscoverOptions} options `prompts`, `prependBos` and `pad`: as for `runCircuits`; `algorithm`: `"eap"` (or
   *   `"mask_gradient"`), `"eap_ig"`, `"acdc"`, `"exact"`, `"subnetwork_probing"`, `"activation_magnitude"`, `"random"` or
   *   `"official"`; its own settings, by auto-circuit's names; `signal` stops the search within one pass; `onProgress` gets
   *   the loss too, where there is one.
   * @returns {Promise<Discovery>}
   */
  async discover(options) {
    const { prompts, reading, signal, onProgress, settings } = discoverCall(options);
    /** @type {Attachments} */
    const attachments = [];
    /** @type {() => Promise<Extract<wire.EngineRequest, { type: "discover" }>>} */
    const request = async () => {
      const { source, batchSize } = await readPrompts(prompts, reading, this.#reader);
      return { type: "discover", prompts: source(attachments), settings: settings(batchSize) };
    };
    const onEvent = progressTo(onProgress);
    const { event, attachments: found } = await this.#connection.call(request(), attachments, { signal, onEvent });
    return discovery(event, found);
  }

  /**
   * A metric of every prompt of the last run, in file order: of the unpatched model on the clean and on the corrupt prompts, and of
   * a circuit. Their mean is the run's metric.
   *
   * @param {ValuesOptions} options `metric`: auto-circuit's name of it, such as `"Logit Diff"`; `circuit`: the index of one of the
   *   run, by default the first.
   * @returns {Promise<PromptValues>} NaN throughout where the metric does not apply.
   */
  async values(options) {
    const { event, attachments } = await this.#connection.call(valuesRequest(options));
    return promptValues(event.values, attachments);
  }

  /**
   * The attention patterns of heads on a prompt of the last run: on its clean and its corrupt prompt, and in a circuit.
   *
   * @param {AttentionOptions} options `heads`: their names, such as `"A0.1"`; `prompt`: which, by default the first; `circuit`: the
   *   index of one of the run, by default the first, or `{ edgeCount, edits }`, which need not have been run.
   * @returns {Promise<Attention>}
   */
  async attention(options) {
    const { event, attachments } = await this.#connection.call(attentionRequest(options));
    return attention(event.attention, attachments);
  }

  /**
   * What every src node adds to the logits of a prompt's answers, and its output's norm and first values: on the clean and the
   * corrupt prompt of the last run, and in a circuit.
   *
   * @param {AttributionOptions} [options] `prompt` and `circuit`: as for `attention`.
   * @returns {Promise<Attribution>}
   */
  async attribution(options = {}) {
    const { event, attachments } = await this.#connection.call(attributionRequest(options));
    return attribution(event.attribution, attachments);
  }

  /** Ends the worker and frees the device. Calls that are not answered yet reject. */
  close() {
    this.#connection.close(new Error("the engine was closed"));
    this.#scores.close();
    this.#reader?.then((reader) => reader.close(), () => {});
  }
}

// ---------------------------------------------------------------------------------------------------------------- results

/**
 * @param {Extract<Notice, { type: "progress" }>} event
 * @returns {Progress}
 */
function progress({ done, total, label, loss }) {
  return loss === undefined || loss === null ? { done, total, label } : { done, total, label, loss };
}

/**
 * What hears of a call that gives nothing before its answer but progress.
 *
 * @param {((progress: Progress) => void) | undefined} onProgress
 * @returns {OnEvent}
 */
function progressTo(onProgress) {
  return (event) => {
    if (event.type === "progress") onProgress?.(progress(event));
  };
}

/**
 * A circuit of a run, from the engine's `CircuitResult`, its logits and the metrics of each prompt.
 *
 * @param {wire.CircuitResult} result
 * @param {[Float32Array, Float64Array]} attachments
 * @returns {CircuitResult}
 */
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

/**
 * A run's result, from its circuits, its `Baseline` with the curves' areas, and the unpatched logits.
 *
 * @param {CircuitResult[]} circuits
 * @param {Extract<wire.EngineEvent, { type: "ran" }>} event
 * @param {[Float32Array, Float32Array]} attachments
 * @returns {Omit<RunResult, "prompts" | "promptNotes">}
 */
function runResult(circuits, { baseline, areas, workers }, [clean, corrupt]) {
  const { shape, nPrompts, nPositions, forwardPasses } = baseline;
  return {
    circuits,
    metrics: byMetric((key, i) => curve(key, circuits, areas[i])),
    clean: unpatched(clean, shape, baseline.clean),
    corrupt: unpatched(corrupt, shape, baseline.corrupt),
    nPrompts,
    nPositions,
    forwardPasses,
    workers,
  };
}

/**
 * The logits of the unpatched model, which say of themselves what a circuit's entry says of its logits.
 *
 * @param {Float32Array} logits
 * @param {number[]} shape
 * @param {wire.Measurement} measurement
 */
function unpatched(logits, shape, measurement) {
  const { metrics, spread } = metricsOf(measurement);
  const described = Object.defineProperties(logits, {
    shape: { value: shape },
    logits: { value: logits },
    metrics: { value: metrics },
    spread: { value: spread },
    measurement: { value: measured(measurement) },
  });
  return /** @type {UnpatchedLogits} */ (described);
}

/**
 * An entry for each metric, by auto-circuit's names; the engine's metrics come in the order of `METRICS`.
 *
 * @template Entry
 * @param {(key: MetricKey, i: number) => Entry} entry
 */
function byMetric(entry) {
  const entries = METRICS.map(({ key }, i) => [key, entry(key, i)]);
  return /** @type {Record<MetricKey, Entry>} */ (Object.fromEntries(entries));
}

/**
 * The metrics, and how they are spread over the prompts; `null` where one does not apply.
 *
 * @param {wire.Measurement} measurement
 * @returns {{ metrics: Metrics, spread: Spreads }}
 */
function metricsOf(measurement) {
  return {
    metrics: byMetric((_, i) => measurement[i]?.mean ?? null),
    spread: byMetric((_, i) => measurement[i] && { std: measurement[i].std, quartiles: measurement[i].quartiles }),
  };
}

/**
 * Each prompt's own values, from `[metric, prompt]`.
 *
 * @param {wire.Measurement} measurement
 * @param {Float64Array} values
 */
function perPrompt(measurement, values) {
  const nPrompts = values.length / METRICS.length;
  return byMetric((_, i) => (measurement[i] ? values.subarray(i * nPrompts, (i + 1) * nPrompts) : null));
}

/**
 * A metric against the edge count, as auto-circuit's `Measurements`, with its areas; `null` where it does not apply.
 *
 * @param {MetricKey} key
 * @param {CircuitResult[]} circuits
 * @param {wire.Areas} areas
 * @returns {MetricCurve | null}
 */
function curve(key, circuits, { auc, cpr, cmd }) {
  /** @type {[number, number][]} */
  const points = circuits.flatMap(({ edges, metrics: { [key]: value } }) => (value === null ? [] : [[edges, value]]));
  return points.length === 0 ? null : { points, auc: auc ?? null, cpr: cpr ?? null, cmd: cmd ?? null };
}

/**
 * @param {wire.Measurement} measurement
 * @returns {PublicMeasurement}
 */
function measured(measurement) {
  const { metrics } = metricsOf(measurement);
  // Every output has both distances.
  return { logitDiff: metrics["Logit Diff"], klClean: metrics["Clean KL Div"] ?? NaN, klCorrupt: metrics["Corrupt KL Div"] ?? NaN };
}

// --------------------------------------------------------------------------------------------------------------- settings

/** @typedef {{ [Field in keyof wire.RunSettings]?: Field extends "edgeCounts" ? EdgeCounts : wire.RunSettings[Field] }} SomeRunSettings */

/**
 * The settings of a run as the engine reads them; what is left out has its default.
 *
 * @param {SomeRunSettings} settings
 * @returns {wire.RunSettings}
 */
function runSettings({ edgeCounts, ...settings }) {
  const complete = { ...RUN_DEFAULTS, ...given(settings) };
  if (edgeCounts === undefined) return complete;
  return { ...complete, edgeCounts: typeof edgeCounts === "string" ? edgeCounts : { list: Array.from(edgeCounts) } };
}

/** @type {Rule} */
const edgeCountsRule = {
  expected: `a list of whole numbers from 0, or ${alternatives(EDGE_COUNT_RULES)}`,
  accepts: (value) => oneOf(EDGE_COUNT_RULES).accepts(value) || isListOf(value, wholeNumber(0).accepts),
};

/** @type {Rule} */
const hubRule = { expected: "true, false or a URL", accepts: (value) => typeof value === "boolean" || typeof value === "string" };
/** @satisfies {Rules<OpenOptions>} */
const OPEN_OPTIONS = { device: oneOf(DEVICES), workers: wholeNumber(1), workerUrl: anything, hub: hubRule };
/** @satisfies {Rules<ModelFields>} */
const MODEL_FILES = {
  config: anything,
  weights: anything,
  tokenizer: anything,
  tokenizerConfig: anything,
  hub: text,
  revision: text,
  signal: abortSignal,
  onProgress: callback,
};
const GRAPH_KIND = { factorized: boolean, separateQkv: boolean, tokenWise: boolean };
/** @satisfies {Rules<GraphSettings>} */
const GRAPH_SETTINGS = { ...GRAPH_KIND, seqLen: wholeNumber(1) };
/** What runs and sensitivity runs have in common. */
const FIXED_OPTIONS = {
  prompts: anything,
  prependBos: boolean,
  pad: boolean,
  scores: anything,
  pick: text,
  signal: abortSignal,
  onProgress: callback,
  ...GRAPH_KIND,
  slice: oneOf(SLICES),
  batchSize: wholeNumber(1),
};
/**
 * A rule is missing here, or one is too many, where the engine's `RunSettings` have changed.
 *
 * @satisfies {Rules<RunOptions & wire.RunSettings>}
 */
const RUN_OPTIONS = {
  ...FIXED_OPTIONS,
  mask: anything,
  edits: editsRule,
  patchType: oneOf(PATCH_TYPES),
  ablation: oneOf(ABLATIONS),
  reverse: boolean,
  edgeCounts: edgeCountsRule,
};
/** @satisfies {Rules<SensitivityOptions>} */
const SENSITIVITY_OPTIONS = { ...FIXED_OPTIONS, edgeCount: wholeNumber(0), onRun: callback };
