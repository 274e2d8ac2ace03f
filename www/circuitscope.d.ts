/** Circuitscope's engine for a page's own script. `circuitscope.js` says how it is used. */

/** The bytes of a file. */
export type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;
/** A file: its bytes, a `File` or `Blob` (read in slices), or a URL, relative to the page (fetched in slices where it can be). */
export type FileSource = Bytes | Blob | URL | string;
/** A JSON file: as another file, or the value that it would hold, or its text. */
export type JsonSource = FileSource | object;

/** `"auto"`: WebGPU where it works, else the CPU. `"webgpu"`: WebGPU or an error. */
export type DeviceChoice = "auto" | "webgpu" | "cpu";

export interface OpenOptions {
  /** By default `"auto"`. */
  device?: DeviceChoice;
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

export interface ReadScoresOptions {
  /** Which of several in the file: `"Docstring/EAP"`, or `"scores"` or `"circuit"` of a circuit file; by default the first. */
  pick?: string;
  /** The graph on which an edge list is tried first; by default edges with separate q, k and v. */
  factorized?: boolean;
  separateQkv?: boolean;
  /** The positions of a token-wise edge list, if not those that it names. */
  seqLen?: number;
}

export interface ReadScores {
  /** A safetensors file. */
  scores: Uint8Array;
  format: "safetensors" | "torch" | "mib-json" | "mib-torch" | "edge-list-json" | "edge-list-csv";
  /** The graph that the scores are of. */
  graph: { factorized: boolean; separateQkv: boolean; seqLen?: number };
  /** The scores that the file holds, where there are several, and which of them these are. */
  choices: string[];
  chosen: string | null;
  /** How many edges the circuit has that the file marks, or that it is. */
  nCircuit: number | null;
  /** What is to be known of them, each a sentence or two. */
  notes: string[];
  /** What the file says of itself. */
  info: { algorithm?: string; date?: string; model?: object; graph?: object };
}

export interface WriteScoresOptions extends ReadScoresOptions {
  format: "safetensors" | "mib-json" | "edge-list-json" | "edge-list-csv";
  /** The circuit that is marked, or written alone; by default that of the file. */
  edgeCount?: number;
  /** Whether an edge list has all edges (the default) or the circuit's. */
  extent?: "all" | "circuit";
  /** What gave the scores, where their file does not say it. */
  algorithm?: string;
}

/** The device that is used. */
export interface DeviceInfo {
  kind: "webgpu" | "cpu";
  /** The adapter's own name, or what the CPU backend is. */
  name: string;
  /** Why this one, in a sentence. */
  reason: string;
  /** What fits, in bytes: a model that does not is refused before it is read. */
  limits: DeviceLimits;
}

export interface DeviceLimits {
  /** The most memory that the engine itself can have; `null` where nothing but the machine limits it. */
  heap: number | null;
  /** The largest tensor that the GPU takes; `null` on the CPU. */
  tensor: number | null;
  /** Whether weights and activations live in the engine's own memory: so on the CPU. */
  computesInHeap: boolean;
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
  /** Its `tokenizer_config.json`, which names the BOS and the pad token; else they are told from the tokenizer itself. */
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

/** What the likeliest tokens are told of: an entry of `circuits`, `clean` or `corrupt`. */
export type Output = Pick<CircuitResult, "shape" | "logits">;

export interface TopToken {
  token: number;
  text: string;
  logit: number;
  prob: number;
}

/** A tokenizer's size and its special tokens. */
export interface TokenizerInfo {
  nTokens: number;
  /** What prompts begin with. */
  bos: SpecialToken | null;
  /** What short prompts are filled up with. */
  pad: SpecialToken | null;
}

export interface SpecialToken {
  id: number;
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

/** A model apart from its weights; the names are TransformerLens's. */
export interface ModelConfig {
  family: string;
  n_layers: number;
  n_heads: number;
  /** How many heads of keys and values the weights hold; in the graph every head has its own K and V input. */
  n_key_value_heads: number;
  d_model: number;
  d_head: number;
  /** Not there in an attention-only model. */
  d_mlp?: number;
  n_ctx: number;
  d_vocab: number;
  d_vocab_out: number;
  act_fn: "gelu" | "gelu_new" | "relu" | "silu" | "solu_ln";
  gated_mlp: boolean;
  /** Whether attention and MLP of a block read the same residual stream; they then count as one layer. */
  parallel_attn_mlp: boolean;
  normalization: "None" | "LN" | "LNPre" | "RMS" | "RMSPre";
  eps: number;
  /** Added to the gain of every norm (Gemma). */
  gain_offset: number;
  /** What token embeddings are multiplied with (Gemma). */
  embed_scale: number;
  positional_embedding: "standard" | "shortformer" | "rotary";
  rotary?: Rotary;
  attention_dir: "causal" | "bidirectional";
  /** For each block how many positions a query looks back on, its own counted; empty where no block is limited. */
  attn_windows: (number | undefined)[];
  /** Whether queries and keys are normalised (Qwen3). */
  qk_norm: boolean;
  attn_scale: number;
  tied_unembedding: boolean;
  biases: { qkv: boolean; attn_out: boolean; mlp: boolean; unembed: boolean };
}

/** Rotary positions: the first `dim` numbers of a head's query and key are turned. */
export interface Rotary {
  dim: number;
  base: number;
  scaling:
    | { kind: "none" }
    | { kind: "linear"; factor: number }
    | { kind: "llama3"; factor: number; low_freq_factor: number; high_freq_factor: number; original_n_ctx: number }
    | { kind: "yarn"; factor: number; attention_factor: number; beta_fast: number; beta_slow: number; original_n_ctx: number };
}

/** Which graph of a model is meant. */
export interface GraphSettings {
  /** Edges (true, the default) or nodes (false). */
  factorized?: boolean;
  /** Whether a head's query, key and value inputs are nodes apart; by default true. */
  separateQkv?: boolean;
  /** Whether there is an edge at every token position; by default false. */
  tokenWise?: boolean;
  /** How many positions a token-wise graph has. */
  seqLen?: number;
}

export interface Graph {
  nEdges: number;
  /** Names of the src nodes, in `src_idx` order: `"Resid Start"`, `"A0.0"`, …, `"MLP 0"`, …. */
  srcs: string[];
  /** Names of all nodes, sorted. */
  nodes: string[];
  /** Names of the edges in the order of the flattened scores: `"A0.1->MLP 1"`, token-wise `"3:A0.1->MLP 1"`. */
  edges: string[];
  /** For each dest module, in the order of the forward pass, the shape of its mask: `[seq?, head?, n_src]`. */
  masks: Record<string, number[]>;
}

/** `"edge"`: runs the corrupt prompt and patches the circuit's edges with clean activations. `"tree"`: runs the clean prompt and patches every other edge with corrupt ones. */
export type PatchType = "edge" | "tree";

/** What an edge is patched with: the other prompt's activation, zeros, or one of five means. */
export type Ablation =
  | "resample"
  | "zero"
  | "tokenwise_mean_clean"
  | "tokenwise_mean_corrupt"
  | "tokenwise_mean_clean_and_corrupt"
  | "batch_tokenwise_mean"
  | "batch_all_tok_mean";

/** The positions of the output that are compared. */
export type OutputSlice = "none" | "last_seq" | "not_first_seq";

/** Which circuit sizes to test: a list, one of auto-circuit's rules (`edge_counts_util`), or the MIB benchmark's shares of all edges. */
export type EdgeCounts = "all" | "logarithmic" | "groups" | "default" | "mib" | readonly number[] | Uint32Array;

export interface RunOptions extends Watch {
  /** auto-circuit's dataset format: `{ prompts: [{ clean, corrupt, answers, wrong_answers }] }`, with texts where the model
   * was loaded with its tokenizer, else token ids. */
  prompts: JsonSource;
  /** Whether prompts that are texts begin with the BOS token, once; by default true. */
  prependBos?: boolean;
  /** Whether texts of fewer tokens are filled up on the left with masked tokens; by default true. Of token ids a `pad_token`
   * in the prompts says so. */
  pad?: boolean;
  /** Prune scores or a circuit, in any format that `readScores` takes. The graph of a file that is not safetensors is the
   * run's, unless the settings below choose one. */
  scores: ScoresSource;
  /** Which of several scores in the file: `"Docstring/EAP"`. */
  pick?: string;
  /** Prompts a batch, by default 1; a last batch that would be shorter is not run. */
  batchSize?: number;
  /** By default `"default"`. */
  edgeCounts?: EdgeCounts;
  /** By default `"edge"`. */
  patchType?: PatchType;
  /** By default `"resample"`. */
  ablation?: Ablation;
  /** Swaps clean and corrupt; by default false. */
  reverse?: boolean;
  /** Edges (true, the default) or nodes (false). */
  factorized?: boolean;
  /** Whether a head's query, key and value inputs are nodes apart; by default true. */
  separateQkv?: boolean;
  /** Whether there is an edge at every token position; by default false. */
  tokenWise?: boolean;
  /** By default `"last_seq"`. */
  slice?: OutputSlice;
}

/** How a long call is followed and stopped. */
export interface Watch {
  /** Stops the call, a run within one forward pass, and rejects with an `AbortError`. */
  signal?: AbortSignal;
  /** Told how far it is. If it throws, the call stops and rejects with what it threw. */
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

/** What a search is made of: these and the algorithm's own settings. */
export type DiscoverOptions = DiscoverShared &
  (
    | MaskGradientSettings
    | InputGradientSettings
    | AcdcSettings
    | ExactSettings
    | SubnetworkProbingSettings
    | { algorithm: "activation_magnitude" }
    | { algorithm: "random"; seed?: number }
    | { algorithm: "official"; circuit: OfficialCircuit }
  );

export interface DiscoverShared extends Watch, Omit<GraphSettings, "seqLen"> {
  /** auto-circuit's dataset format, tokenised, with answers where the algorithm's loss is one of answers. */
  prompts: JsonSource;
  /** The positions of the output that are looked at; by default `"last_seq"`. */
  slice?: OutputSlice;
  /** Prompts a batch, by default 1; a last batch that would be shorter is not used. */
  batchSize?: number;
  /** Keeps the scores of `edgeCount` edges and sets the others' to 0: of the largest (`"top"`), of those of the largest that
   * lie on a path from the embedding to the output (`"connected"`), or by a greedy walk from the output (`"greedy"`). */
  selection?: "top" | "connected" | "greedy";
  edgeCount?: number;
}

/** What is made of the logits before an answer is looked up; by default `"logit"`. */
export type GradFunction = "logit" | "prob" | "logprob" | "logit_exp";
/** The loss that is made of the answers' values; by default `"avg_diff"`. */
export type AnswerFunction = "avg_diff" | "avg_val" | "mse";

/** A loss of the answers, and what edges are patched with. */
export interface AnswerLoss {
  gradFunction?: GradFunction;
  answerFunction?: AnswerFunction;
  /** By default `"resample"`. */
  ablation?: Ablation;
}

/** auto-circuit's `mask_gradient_prune_scores`; as it stands by default, edge attribution patching. */
export interface MaskGradientSettings extends AnswerLoss {
  algorithm: "eap" | "mask_gradient";
  /** By default 0. */
  maskValue?: number;
  /** Sums the gradients at `n + 1` mask values from 0 to 1. */
  integratedGradSamples?: number;
  /** The prompts whose activations are patched in; by default `"corrupt"`. */
  ablationPrompts?: "clean" | "corrupt";
}

/** EAP-IG (Hanna et al. 2024): gradients along a line from the corrupt embedding to the clean one. */
export interface InputGradientSettings extends AnswerLoss {
  algorithm: "eap_ig" | "input_gradient";
  /** By default 5. */
  steps?: number;
}

/** auto-circuit's `acdc_prune_scores`: an edge's score is the least threshold that removes it, `Infinity` where none does. */
export interface AcdcSettings {
  algorithm: "acdc";
  /** By default `"kl_div"`. */
  faithfulnessTarget?: "kl_div" | "mse";
  /** By default the reference's 20, from 1e-5 to 0.09. */
  thresholds?: readonly number[] | Float32Array | Float64Array;
}

/** What patching each edge alone does to the loss. */
export interface ExactSettings extends AnswerLoss {
  algorithm: "exact";
}

/** Masks that are learned: faithful and few. */
export interface SubnetworkProbingSettings {
  algorithm: "subnetwork_probing";
  /** By default `"kl_div"`. */
  faithfulnessTarget?: "kl_div" | "mse";
  /** By default 0.1. */
  learningRate?: number;
  /** By default 20. */
  epochs?: number;
  /** The weight of the number of edges; by default 10. */
  regularizeLambda?: number;
  /** The number of edges that is aimed at. */
  circuitSize?: number;
  /** Runs the clean prompts and patches what is outside the circuit; by default false. */
  treeOptimisation?: boolean;
  /** By default `"resample"`. */
  ablation?: Ablation;
  /** By default 0. */
  seed?: number;
}

/** A circuit that was published, for the model that it is of. */
export type OfficialCircuit =
  | "tracr_reverse"
  | "tracr_reverse_acdc"
  | "tracr_xproportion"
  | "tracr_xproportion_acdc"
  | "ioi"
  | "docstring"
  | "greaterthan";

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
  graph: { factorized: boolean; separateQkv: boolean; seqLen: number | null };
  /** A sentence where the scores are all the same, so that no circuit can be cut from them; else `null`. */
  note: string | null;
}

export interface DiscoverCost {
  /** Forward passes of one batch; circuits that are stacked in a pass count each. */
  forwardPasses: number;
  backwardPasses: number;
  /** About how many bytes of activations are held at once. */
  bytes: number;
}

export interface RunResult {
  /** One for each edge count, in the order asked for. */
  circuits: CircuitResult[];
  /** The tokens of every prompt; `null` where the model came without a tokenizer. */
  prompts: PromptTokens[] | null;
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
}

/** A circuit's output over all batches, in file order. */
export interface CircuitResult {
  /** The number of edges that was asked for. */
  requested: number;
  /** The number of edges that the circuit has: edges of the same |score| come in together. */
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

/** Logits in row-major order, which also tell what a circuit's entry tells; `logits` is the array itself. */
export type UnpatchedLogits = Float32Array &
  Readonly<Pick<CircuitResult, "shape" | "logits" | "metrics" | "spread" | "measurement">>;

/** auto-circuit's names of its metrics. */
export type MetricKey =
  | "Clean KL Div"
  | "Corrupt KL Div"
  | "Answer Prob"
  | "Answer Logit"
  | "Wrong Answer Logit"
  | "Answer Logprob"
  | "Logit Diff"
  | "Prob Diff"
  | "Logprob Diff"
  | "Logit Diff Percent"
  | "Prob Diff Percent"
  | "LogProb Diff Percent"
  | "Correct Answer Percent"
  | "Correct Answer Greater Than Incorrect Percent";

/** A metric does not apply where the prompts name no answers that it could use. */
export type Metrics = Record<MetricKey, number | null>;
export type Spreads = Record<MetricKey, Spread | null>;

/** How a metric is spread over the prompts. */
export interface Spread {
  /** The standard deviation of a sample; 0 for one prompt. */
  std: number;
  /** The lower quartile, the median and the upper quartile. */
  quartiles: [number, number, number];
}

/** A metric against the number of edges. */
export interface MetricCurve {
  /** `[edges, value]`, as auto-circuit's `Measurements`, in the order of the circuits. */
  points: [number, number][];
  /** auto-circuit's area under the curve (`measurements_auc`); `null` where the run has no circuit of 0 edges or no other. */
  auc: number | null;
  /** The MIB benchmark's CPR and CMD: areas under the faithfulness `f` and under `|1 - f|` against the share of edges from
   * 0.001 to 1; `null` unless the run has the circuits of no and of all edges. */
  cpr: number | null;
  cmd: number | null;
}

/** Those of `runCircuits`, for one circuit, without what is varied. */
export interface SensitivityOptions
  extends Omit<RunOptions, "patchType" | "ablation" | "reverse" | "edgeCounts"> {
  /** The number of edges of the circuit. */
  edgeCount: number;
  /** Told of each run as it is done. */
  onRun?: (run: SensitivityRun) => void;
}

/** The circuit under one patch type, ablation and direction. */
export interface SensitivityRun {
  patchType: PatchType;
  ablation: Ablation;
  reverse: boolean;
  /** The number of edges that the circuit has. */
  edges: number;
  metrics: Metrics;
  spread: Spreads;
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
