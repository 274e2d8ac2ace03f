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
 * `src/engine/protocol.rs`. Beside it have to lie `engine-worker.js`, `engine.js` and `engine_bg.wasm`, as in a built site.
 * What is meant by each setting is auto-circuit's; the types are in `circuitscope.d.ts`.
 *
 * Every failure rejects with an Error whose message names the file, the tensor or the field, what was expected and what
 * was found.
 *
 * @module circuitscope
 */

// `cargo xtask build` writes the build's own name here: a new build is never mixed with cached files of the one before.
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
  const connection = new Connection(startWorker(workerUrl));
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
   *   bytes, a `File`, a `Blob` or a URL. Of a `File` and a URL only slices are held in memory. `signal` and `onProgress`
   *   are those of `runCircuits`.
   * @returns {Promise<import("./circuitscope.js").LoadedModel>}
   */
  async loadModel(files) {
    const { config, weights, signal, onProgress } = checked("loadModel", files, MODEL_FILES);
    const attachments = [];
    const request = {
      type: "loadModel",
      config: jsonSource("config", config, attachments),
      weights: fileSource("weights", weights, attachments),
    };
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

// A rule says what is expected of a value, and whether a value is that.
const anything = { expected: "", accepts: () => true };
const boolean = { expected: "true or false", accepts: (value) => typeof value === "boolean" };
const callback = { expected: "a function", accepts: (value) => typeof value === "function" };
const abortSignal = { expected: "an AbortSignal", accepts: (value) => typeof value?.addEventListener === "function" };
const edgeCountsRule = {
  expected: `a list of whole numbers from 0, or ${alternatives(EDGE_COUNT_RULES)}`,
  accepts: (value) => EDGE_COUNT_RULES.includes(value) || isCountList(value),
};

function oneOf(values) {
  return { expected: alternatives(values), accepts: (value) => values.includes(value) };
}

function wholeNumber(least) {
  const accepts = (value) => Number.isSafeInteger(value) && value >= least;
  return { expected: `a whole number from ${least}`, accepts };
}

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

/** The options, if they have no other fields than the rules and every value that is given keeps its rule. */
function checked(call, options, rules) {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${call}: expected an object of options, found ${described(options)}`);
  }
  for (const [field, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, field)) {
      throw new TypeError(`${call}: \`${field}\` is not an option; there are ${Object.keys(rules).join(", ")}`);
    }
    if (value !== undefined && !rules[field].accepts(value)) throw fieldError(call, field, rules[field].expected, value);
  }
  return options;
}

function fieldError(call, field, expected, found) {
  return new TypeError(`${call}: \`${field}\` should be ${expected}, found ${described(found)}`);
}

function alternatives(values) {
  const quoted = values.map((value) => `"${value}"`);
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** A value, in few words. */
function described(value) {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return `a list: ${value.slice(0, 8).join(", ")}${value.length > 8 ? ", …" : ""}`;
  if (typeof value === "object" && value !== null) return `a value of type ${tagOf(value)}`;
  return typeof value === "function" ? "a function" : String(value);
}

// ---------------------------------------------------------------------------------------------------------------- sources

/** A JSON file: like another file, or the value itself, or its text. */
function jsonSource(field, value, attachments) {
  const text = typeof value === "string" && /^\s*[[{]/.test(value) ? value : jsonText(field, value);
  if (text === undefined) return fileSource(field, value, attachments, "an object, JSON text, ");
  return attached(field, new TextEncoder().encode(text), attachments);
}

/** The JSON text of a plain object or a list; nothing for any other value. */
function jsonText(field, value) {
  if (!Array.isArray(value) && tagOf(value) !== "Object") return undefined;
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`${field}: cannot be written as JSON: ${error.message}`);
  }
}

/** A file as the engine's `Source`: a URL by its absolute name, all else attached to the message. */
function fileSource(field, value, attachments, alsoExpected = "") {
  if (typeof value === "string" || tagOf(value) === "URL") return { type: "url", url: absoluteUrl(field, value) };
  if (["File", "Blob"].includes(tagOf(value))) return attached(value.name ?? field, value, attachments);
  const bytes = bytesOf(value);
  if (bytes) return attached(field, bytes, attachments);
  const expected = `${alsoExpected}bytes, a File, a Blob or a URL`;
  throw new TypeError(`${field}: expected ${expected}, found ${described(value)}`);
}

function attached(name, value, attachments) {
  return { type: "attached", index: attachments.push(value) - 1, name };
}

function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    // A message carries the whole buffer of a view, however small the view.
    return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  }
  return ["ArrayBuffer", "SharedArrayBuffer"].includes(tagOf(value)) ? new Uint8Array(value) : undefined;
}

function absoluteUrl(field, value) {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(value, base).href;
  } catch {
    throw new TypeError(`${field}: not a URL: ${described(value)}`);
  }
}

/** The kind of an object, also of one that another frame made. */
function tagOf(value) {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

// ----------------------------------------------------------------------------------------------------------------- worker

/** Starts the worker's script, which may lie on another host than the page. */
function startWorker(workerUrl) {
  const url = workerUrl === undefined ? ownWorkerUrl() : absoluteUrl("workerUrl", workerUrl);
  const options = { type: "module", name: "circuitscope engine" };
  if (new URL(url).origin === globalThis.location?.origin) return new Worker(url, options);
  // A worker's own script must come from the page's origin; what that script imports need not.
  const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
  return new Worker(script, options);
}

function ownWorkerUrl() {
  return new URL(`./engine-worker.js?v=${BUILD_ID}`, import.meta.url).href;
}

/** The calls to a worker, sent one at a time. */
class Connection {
  #worker;
  #lastId = 0;
  /** Calls that are not sent yet. */
  #waiting = [];
  /** The call that the worker is at. It stays here after an abort, until the worker has answered. */
  #running = null;
  /** Why there will be no more answers. */
  #failure = null;

  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data: [reply, attachments] }) => this.#receive(reply, attachments);
    worker.onerror = ({ message }) => {
      this.close(new Error(`the engine's worker failed: ${message || "its script could not be loaded"}; open a new engine`));
    };
    worker.onmessageerror = () => {
      this.close(new Error("the engine's worker failed: a reply could not be read; open a new engine"));
    };
  }

  /**
   * Sends a request when those before it are answered. Resolves to the event that answers it, with its attachments;
   * `onEvent` is told of those that come before.
   */
  call(request, attachments = [], { signal, onEvent } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      if (signal?.aborted) return reject(abortError(signal));
      const onAbort = () => this.#abandon(call, abortError(signal));
      const finish = (settle) => (value) => {
        signal?.removeEventListener("abort", onAbort);
        settle(value);
      };
      const call = { id: ++this.#lastId, request, attachments, onEvent, resolve: finish(resolve), reject: finish(reject) };
      signal?.addEventListener("abort", onAbort);
      this.#waiting.push(call);
      this.#sendNext();
    });
  }

  /** Ends the worker; calls that are not answered yet, and later ones, reject with `reason`. */
  close(reason) {
    if (this.#failure) return;
    this.#failure = reason;
    this.#worker.terminate();
    const unanswered = [this.#running, ...this.#waiting].filter(Boolean);
    [this.#running, this.#waiting] = [null, []];
    for (const call of unanswered) call.reject(reason);
  }

  #sendNext() {
    if (this.#running || this.#waiting.length === 0) return;
    const call = this.#waiting.shift();
    try {
      this.#worker.postMessage([{ id: call.id, request: call.request }, call.attachments]);
      this.#running = call;
    } catch (error) {
      call.reject(error);
      this.#sendNext();
    }
  }

  #receive({ id, event }, attachments) {
    if (event.type === "deviceLost") {
      this.close(new Error(`the engine's device was lost: ${event.message}; open a new engine`));
    } else if (this.#running?.id === id) {
      if (event.type === "progress" || event.type === "circuit") this.#tell(this.#running, event, attachments);
      else this.#answer(event, attachments);
    }
  }

  /** A callback that throws ends its run. */
  #tell(call, event, attachments) {
    try {
      call.onEvent?.(event, attachments);
    } catch (error) {
      this.#abandon(call, error);
    }
  }

  #answer(event, attachments) {
    const call = this.#running;
    this.#running = null;
    if (event.type === "failed") call.reject(new Error(event.message));
    else if (event.type === "cancelled") call.reject(new DOMException("the run was cancelled", "AbortError"));
    else call.resolve({ event, attachments });
    this.#sendNext();
  }

  /** Rejects a call at once; a running one is also cancelled. */
  #abandon(call, reason) {
    call.onEvent = undefined;
    call.reject(reason);
    if (call === this.#running) {
      this.#worker.postMessage([{ id: ++this.#lastId, request: { type: "cancel", id: call.id } }, []]);
    }
    this.#waiting = this.#waiting.filter((waiting) => waiting !== call);
  }
}

/** The signal's own reason where it is an error (an AbortError, unless the caller chose another). */
function abortError({ reason }) {
  return reason instanceof Error ? reason : new DOMException(`the run was aborted: ${String(reason)}`, "AbortError");
}
