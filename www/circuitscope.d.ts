/**
 * Circuitscope's engine for a page's own script. `circuitscope.js` says how it is used.
 *
 * The settings and what the engine answers are typed in `module/schema.d.ts`, which is generated from the engine's own types;
 * `@default` there is what a setting is that is left out. Here is what JavaScript adds: files, callbacks and calls.
 */

import type {
  Acdc, Areas, DeviceChoice, DeviceInfo, DiscoverCost, DiscoverSettings, EdgeCounts as EdgeCountsRule, Exact, Extent, FORMATS, GraphConfig,
  GraphInfo, InputGradient, Keep, MaskEdit, MaskGradient, Measured, METRICS, ModelConfig, Official, PromptSettings, Random, RunSettings, ScoresFound,
  SubnetworkProbing, TokenizerInfo, TokenProb,
} from "./module/schema.js";

export type {
  AblationType as Ablation, AcdcPrompts, AnswerFunction, DeviceChoice, DeviceInfo, DiscoverCost, GradFunction, IgPoints,
  Limits as DeviceLimits, MaskEdit, ModelConfig, OfficialCircuit, OutputSlice, PatchType, Rotary, SpecialToken, TokenizerInfo,
} from "./module/schema.js";

/** Settings of the engine that a caller may leave out. */
type Settings<T> = { [Field in keyof T]?: Exclude<T[Field], null> };

/** The bytes of a file. */
export type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;
/** A file: its bytes, a `File` or `Blob` (read in slices), or a URL, relative to the page (fetched in slices where it can be). */
export type FileSource = Bytes | Blob | URL | string;
/** A JSON file: as another file, or the value that it would hold, or its text. */
export type JsonSource = FileSource | object;

export interface OpenOptions {
  /** By default `"auto"`. */
  device?: DeviceChoice;
  /**
   * How many workers share runs and searches on the CPU, each with a copy of the model: at most as many as there is memory for. By
   * default one for each core, at most 8, of which all but one are started when something lasts.
   */
  workers?: number;
  /** Where `engine-worker.js` is, if not beside this module. */
  workerUrl?: string | URL;
  /**
   * Whether `loadModel` may fetch models from the Hugging Face hub, in the reader's browser; by default false. A string is the
   * URL of another hub with the same addresses.
   */
  hub?: boolean | string;
}

/** Starts an engine in a worker of its own. */
export function openEngine(options?: OpenOptions): Promise<Engine>;

/** An open engine. Its calls are answered one after another, in order; every failure rejects with an `Error`. */
export interface Engine {
  readonly device: DeviceInfo;
  /** Reads a model and puts it on the device, in place of the one before. If that fails, the one before stays. */
  loadModel(files: ModelFiles): Promise<LoadedModel>;
  /** Describes a graph of the loaded model. */
  graph(settings?: GraphSettings): Promise<Graph>;
  /** Runs circuits of the loaded model: for each edge count the edges of the largest |score|. */
  runCircuits(options: RunOptions): Promise<RunResult>;
  /** Reads prune scores or a circuit in any format, for the loaded model. */
  readScores(scores: ScoresSource, options?: ReadScoresOptions): Promise<ReadScores>;
  /** Writes prune scores of the loaded model as a file. */
  writeScores(scores: ScoresSource, options: WriteScoresOptions): Promise<Uint8Array>;
  /** Looks for the edges that matter; `runCircuits` takes the scores. */
  discover(options: DiscoverOptions): Promise<Discovery>;
  /** Measures one circuit under every patch type, ablation and direction: 2 x 7 x 2 runs, in this order. */
  sensitivity(options: SensitivityOptions): Promise<SensitivityRun[]>;
  /** A metric of every prompt of the last run: clean, corrupt, and in a circuit. */
  values(options: ValuesOptions): Promise<PromptValues>;
  /** The attention patterns of heads on a prompt of the last run. */
  attention(options: AttentionOptions): Promise<Attention>;
  /** What every src node adds to the logits of the answers of a prompt of the last run, and the norm of its output. */
  attribution(options?: AttributionOptions): Promise<Attribution>;
  /** The tokens of texts, as the loaded model's tokenizer has them; `prependBos` is by default true. */
  tokenize(texts: readonly string[], options?: { prependBos?: boolean }): Promise<TokenList[]>;
  /** How a token is shown: its text, with `␣` for a space, `⏎` for a line's end and `\xNN` for a byte that is no character
   * by itself; its id where the model came without a tokenizer. */
  tokenText(token: number): string;
  /** The likeliest tokens of an output, likeliest first; by default the first prompt's 10 at the last position. */
  topTokens(output: Output, options?: { prompt?: number; position?: number; k?: number }): TopToken[];
  /** Ends the worker and frees the device. Calls that are not answered yet reject, and later ones too. */
  close(): void;
}

/** Prune scores or a circuit: a safetensors or a torch file of `PruneScores`, auto-circuit's cache, a circuit of EAP-IG or of
 * the MIB benchmark, or an edge list; JSON also as its text or its value. */
export type ScoresSource = JsonSource;

/**
 * How a file of scores is read. `factorized` and `separateQkv` are the graph on which an edge list is tried first, `seqLen` the
 * positions of a token-wise one, if not those that it names.
 */
export interface ReadScoresOptions extends Settings<GraphConfig> {
  /** Which of several in the file: `"Docstring/EAP"`, or `"scores"` or `"circuit"` of a circuit file; by default the first. */
  pick?: string;
}

export interface ReadScores extends Omit<ScoresFound, "chosen"> {
  /** A safetensors file. */
  scores: Uint8Array;
  /** Which of `choices` these are; `null` where there is one only. */
  chosen: string | null;
}

export interface WriteScoresOptions extends ReadScoresOptions {
  /** One of the formats that are written. */
  format: Extract<(typeof FORMATS)[number], { written: true }>["id"];
  /** The circuit that is marked, or written alone; by default that of the file. */
  edgeCount?: number;
  /** Whether an edge list has all edges (the default) or the circuit's. */
  extent?: Extent;
  /** What gave the scores, where their file does not say it. */
  algorithm?: string;
}

export type ModelFiles = OwnModel | HubModel;

/** A model of the Hugging Face hub: fetched once, then kept in the browser. Calls made before it has come are for the model before. */
export interface HubModel extends Watch {
  /** Its name, such as `"EleutherAI/pythia-70m"`. */
  hub: string;
  /** A branch, a tag or a commit; by default `"main"`. */
  revision?: string;
}

/** A model's files. */
export interface OwnModel extends Watch {
  /** A Hugging Face `config.json` or a TransformerLens `tl_config.json`. */
  config: JsonSource;
  /** The safetensors file of the weights; of sharded weights all files, or their index. */
  weights: FileSource | readonly FileSource[] | ShardIndex;
  /** The model's `tokenizer.json`, so that prompts may be texts and tokens are shown as text. */
  tokenizer?: JsonSource;
  /** Its `tokenizer_config.json`, which names the BOS and the pad token; else they are found in the tokenizer itself. */
  tokenizerConfig?: JsonSource;
}

/** Token ids with how each is shown. */
export interface TokenList {
  ids: number[];
  texts: string[];
}

/** A prompt pair as it was run, without pad tokens. */
export interface PromptTokens {
  clean: TokenList;
  corrupt: TokenList;
}

/** An output whose likeliest tokens can be asked for: an entry of `circuits`, `clean` or `corrupt`. */
export type Output = Pick<CircuitResult, "shape" | "logits">;

/** A token with how it is shown. */
export interface TopToken extends TokenProb {
  text: string;
}

/** Sharded weights by their `model.safetensors.index.json`. */
export interface ShardIndex {
  index: JsonSource;
  /** The URL of the folder with the shards; by default that of the index. */
  base?: string | URL;
  /** The shards themselves, in place of `base`. */
  files?: readonly FileSource[];
}

export interface LoadedModel {
  /** What the model is, in TransformerLens's words. */
  config: ModelConfig;
  nParams: number;
  /** The tokenizer that it came with. */
  tokenizer: TokenizerInfo | null;
}

/** Which graph of a model is meant. */
export interface GraphSettings extends Settings<Pick<RunSettings, "factorized" | "separateQkv" | "tokenWise">> {
  /** How many positions a token-wise graph has. */
  seqLen?: number;
}

/** A graph, written out. */
export interface Graph extends Omit<GraphInfo, "masks"> {
  /** For each dest module, in the order of the forward pass, the shape of its mask: `[seq?, head?, n_src]`. */
  masks: Record<string, number[]>;
}

/** Which circuit sizes to test: one of auto-circuit's rules (`edge_counts_util`), the MIB benchmark's shares of all edges, or a list. */
export type EdgeCounts = Extract<EdgeCountsRule, string> | readonly number[] | Uint32Array;

/**
 * Prompts in auto-circuit's dataset format, `{ prompts: [{ clean, corrupt, answers, wrong_answers }] }`, with texts where the model
 * was loaded with its tokenizer, else token ids. `prependBos` and `pad` say how texts become prompts; of token ids a `pad_token` in
 * the prompts says that they are filled up. Where `batchSize` is left out and there are fewer prompts than its default, all of them
 * are one batch.
 */
export interface PromptOptions extends Settings<PromptSettings> {
  prompts: JsonSource;
}

/** A prompts file, scores or a mask, and the settings of a run. */
export interface RunOptions extends Watch, PromptOptions, Settings<Omit<RunSettings, "edgeCounts">> {
  /** Prune scores or a circuit, in any format that `readScores` takes; either these or a `mask`. The graph of a file that is not
   * safetensors is the run's, unless the settings choose one. */
  scores?: ScoresSource;
  /** In place of `scores`, how much of each edge is in the one circuit that is run: 1 all of it, 0 none. In any format of scores, so
   * that a list such as `{ "A0.1->MLP 1": 0.5 }` will do. */
  mask?: ScoresSource;
  /** Laid over every circuit. An edge is named as in `Graph.edges`, or given by its index there. */
  edits?: readonly MaskEdit[];
  /** Which of several scores in the file: `"Docstring/EAP"`. */
  pick?: string;
  /** By default `"default"`. */
  edgeCounts?: EdgeCounts;
}

/** How a long call is followed and stopped. */
export interface Watch {
  /** Stops the call, a run within one forward pass, and rejects with an `AbortError`. */
  signal?: AbortSignal;
  /** Called with how far it is. If it throws, the call stops and rejects with what it threw. */
  onProgress?: (progress: Progress) => void;
}

export interface Progress {
  done: number;
  total: number;
  /** What is being done. */
  label: string;
  /** The last loss, where a search has one. */
  loss?: number;
}

/** The settings of a search: these and the algorithm's own. */
export type DiscoverOptions = DiscoverShared &
  (
    | MaskGradientSettings
    | InputGradientSettings
    | AcdcSettings
    | ExactSettings
    | SubnetworkProbingSettings
    | { algorithm: "activation_magnitude" }
    | ({ algorithm: "random" } & Settings<Random>)
    | ({ algorithm: "official" } & Official)
  );

/** What every search has: prompts, with answers where the algorithm's loss is one of answers, and the graph. */
export interface DiscoverShared extends Watch, PromptOptions, Settings<Omit<DiscoverSettings, "algorithm" | "keep">> {
  /** Keeps the scores of `edgeCount` edges and sets the others' to 0: of the largest (`"top"`), of those of the largest that
   * lie on a path from the embedding to the output (`"connected"`), or by a greedy walk from the output (`"greedy"`). */
  selection?: Keep["selection"];
  edgeCount?: Keep["edgeCount"];
}

/** A loss of the answers, and what edges are patched with. */
export type AnswerLoss = Settings<Exact>;

/** auto-circuit's `mask_gradient_prune_scores`; as it stands by default, edge attribution patching. */
export interface MaskGradientSettings extends Settings<MaskGradient> {
  algorithm: "eap" | "mask_gradient";
}

/** EAP-IG (Hanna et al. 2024): gradients along a line from the corrupt embedding to the clean one. */
export interface InputGradientSettings extends Settings<InputGradient> {
  algorithm: "eap_ig" | "input_gradient";
}

/** auto-circuit's `acdc_prune_scores`: an edge's score is the least threshold that removes it, `Infinity` where none does. */
export interface AcdcSettings extends Settings<Omit<Acdc, "prompts" | "thresholds">> {
  algorithm: "acdc";
  /** An edge is removed where the distance to the unpatched model grows by less than this; by default the reference's 20, from 1e-5 to 0.09. */
  thresholds?: readonly number[] | Float32Array | Float64Array;
  /** Over which prompts that distance is averaged: all of them (the default), or the first batch of `batchSize`, as in the reference. */
  acdcPrompts?: Acdc["prompts"];
}

/** What patching each edge alone does to the loss. */
export interface ExactSettings extends Settings<Exact> {
  algorithm: "exact";
}

/** Masks that are learned: faithful and few. */
export interface SubnetworkProbingSettings extends Settings<SubnetworkProbing> {
  algorithm: "subnetwork_probing";
}

/** What a search found. */
export interface Discovery {
  algorithm: string;
  /** A safetensors file, which `runCircuits` takes as `scores`; its metadata says where they come from. */
  scores: Uint8Array;
  /** The scores in the order of `Graph.edges`. */
  values: Float32Array;
  nEdges: number;
  /** How many edges' scores were kept; `null` without a `selection`. */
  nKept: number | null;
  /** The loss of the last pass; `null` where the algorithm has none. */
  loss: number | null;
  cost: DiscoverCost;
  /** The graph that the scores are of. */
  graph: GraphConfig;
  /** A sentence where no circuit can be cut from the scores; else `null`. */
  note: string | null;
  /** How many workers computed. */
  workers: number;
}

export interface RunResult {
  /** One for each edge count, in the order asked for. */
  circuits: CircuitResult[];
  /** The tokens of every prompt; `null` where the model came without a tokenizer. */
  prompts: PromptTokens[] | null;
  /** What there is to know of how texts were read, each a sentence or two, such as answers without a space before the word. */
  promptNotes: string[];
  /** Each metric's curve over the circuits; `null` where it does not apply. */
  metrics: Record<MetricKey, MetricCurve | null>;
  /** The unpatched model on the clean prompts, in the shape of a circuit's logits. */
  clean: UnpatchedLogits;
  /** The unpatched model on the corrupt prompts. */
  corrupt: UnpatchedLogits;
  /** How many prompts were run. */
  nPrompts: number;
  /** How many positions each has in the output. */
  nPositions: number;
  /** How many forward passes it took. */
  forwardPasses: number;
  /** How many workers computed. */
  workers: number;
}

/** A circuit's output over all batches, in file order. */
export interface CircuitResult {
  /** The number of edges that was asked for. */
  requested: number;
  /** The number of edges that the circuit has: edges of the same |score| come in together, and edits put edges in or take them out. */
  edges: number;
  /** The smallest |score| in the circuit; `Infinity` for the empty one. */
  threshold: number;
  /** `[prompt, d_vocab_out]` with the slice `last_seq`, else `[prompt, seq, d_vocab_out]`. */
  shape: number[];
  /** In row-major order of `shape`. */
  logits: Float32Array;
  /** auto-circuit's metrics by its names, averaged over prompts; `null` where one does not apply. */
  metrics: Metrics;
  /** How each metric is spread over the prompts. */
  spread: Spreads;
  /** Each prompt's own values, in file order. Their mean is the metric. */
  perPrompt: Record<MetricKey, Float64Array | null>;
  measurement: Measurement;
}

/** Logits in row-major order, with the fields of a circuit's entry; `logits` is the array itself. */
export type UnpatchedLogits = Float32Array &
  Readonly<Pick<CircuitResult, "shape" | "logits" | "metrics" | "spread" | "measurement">>;

/** auto-circuit's names of its metrics. */
export type MetricKey = (typeof METRICS)[number]["key"];

/** A metric does not apply where the prompts name no answers that it could use. */
export type Metrics = Record<MetricKey, number | null>;
export type Spreads = Record<MetricKey, Spread | null>;

/** How a metric is spread over the prompts. */
export type Spread = Omit<Measured, "mean">;

/** A metric against the number of edges, with the areas under the curve; areas are `null` where the run lacks circuits that they need. */
export interface MetricCurve extends Areas {
  /** `[edges, value]`, as auto-circuit's `Measurements`, in the order of the circuits. */
  points: [number, number][];
}

/** Those of `runCircuits`, for one circuit, without what is varied. */
export interface SensitivityOptions
  extends Omit<RunOptions, "mask" | "edits" | "patchType" | "ablation" | "reverse" | "edgeCounts"> {
  scores: ScoresSource;
  /** The number of edges of the circuit. */
  edgeCount: number;
  /** Called with each run as it is done. */
  onRun?: (run: SensitivityRun) => void;
}

/** The circuit under one patch type, ablation and direction. */
export interface SensitivityRun extends Pick<RunSettings, "patchType" | "ablation" | "reverse"> {
  /** The number of edges that the circuit has. */
  edges: number;
  metrics: Metrics;
  spread: Spreads;
}

/** A circuit of the last run by its index, or one of its scores with other edits, which need not have been run. */
export type CircuitOfRun = number | { edgeCount?: number; edits?: readonly MaskEdit[] };

/** Which metric, and which circuit of the last run. */
export interface ValuesOptions {
  metric: MetricKey;
  /** Its index in the run; by default the first. */
  circuit?: number;
}

/** A metric of every prompt, in file order, a mean over the positions of the output; NaN throughout where it does not apply. */
export interface PromptValues {
  /** The number of edges of the circuit. */
  edges: number;
  /** Of the unpatched model on the clean prompts. */
  clean: Float64Array;
  /** Of the unpatched model on the corrupt prompts. */
  corrupt: Float64Array;
  circuit: Float64Array;
}

/** Which prompt and which circuit of the last run. */
export interface AttributionOptions {
  /** By default the first. */
  prompt?: number;
  /** By default the first. */
  circuit?: CircuitOfRun;
}

export interface AttentionOptions extends AttributionOptions {
  /** Names of heads: `"A0.1"`. */
  heads: readonly string[];
}

/** How many pad tokens the prompt of each pass begins with. */
export interface Pads {
  clean: number;
  corrupt: number;
  circuit: number;
}

/** Attention patterns on a prompt. */
export interface Attention {
  /** The number of edges of the circuit. */
  edges: number;
  /** How many positions the prompt has, pad tokens among them. */
  seq: number;
  pads: Pads;
  heads: HeadAttention[];
}

/** A head's attention patterns, `[query, key]` in row-major order: a row adds up to 1, or is 0 where the query is a pad token. */
export interface HeadAttention {
  head: string;
  clean: Float32Array;
  corrupt: Float32Array;
  circuit: Float32Array;
}

/** What src nodes put out on a prompt, and what they add to the logits of its answers. */
export interface Attribution {
  /** The number of edges of the circuit. */
  edges: number;
  /** How many positions the prompt has, pad tokens among them. */
  seq: number;
  /** How many of the last positions the output has. */
  nPositions: number;
  pads: Pads;
  clean: PassAttribution;
  corrupt: PassAttribution;
  circuit: PassAttribution;
}

/** The numbers of one pass. What the nodes and the biases add is the logits, but for the stream's own nodes in a node graph. */
export interface PassAttribution {
  /** By the node's name. */
  nodes: Record<string, NodeAttribution>;
  /** What the model's biases add that are no node's. */
  biases: AnswerLogits;
  logits: AnswerLogits;
}

/** By the output's position; of several answers the mean, NaN where there is none. */
export interface AnswerLogits {
  answer: Float32Array;
  wrongAnswer: Float32Array;
}

/** What arrives of a node at the end of the residual stream, as logits with the final norm's scale held (direct logit attribution). */
export interface NodeAttribution extends AnswerLogits {
  /** The length of the node's output at each of the prompt's positions. */
  norm: Float32Array;
  /** The first values of the output at each of the prompt's positions. */
  values: Float32Array[];
}

/** How faithful an output is to the unpatched model, averaged over prompts and positions. */
export interface Measurement {
  /** Mean logit of the answers less mean logit of the wrong answers; `null` where the prompts name no answer tokens. */
  logitDiff: number | null;
  /** Kullback-Leibler divergence from the unpatched model on the clean prompts, in nats. */
  klClean: number;
  /** The same from the unpatched model on the corrupt prompts. */
  klCorrupt: number;
}
