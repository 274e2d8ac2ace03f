// Generated from the Rust types by `cargo xtask schema`: change those, not this file.

/** What an edge is patched with. */
export type AblationType = "resample" | "zero" | "tokenwise_mean_clean" | "tokenwise_mean_corrupt" | "tokenwise_mean_clean_and_corrupt" | "batch_tokenwise_mean" | "batch_all_tok_mean";

/** auto-circuit's `acdc_prune_scores`: an edge's score is the least threshold that removes it, infinity where none does. */
export type Acdc = {
  /** @default "kl_div" */
  faithfulnessTarget: FaithfulnessTarget;
  /**
   * An edge is removed where the distance to the unpatched model grows by less than this.
   * @default [0.00001,0.0001,0.001,0.01,0.000030000000000000004,0.00030000000000000003,0.003,0.03,0.00005,0.0005,0.005,0.05,0.00007000000000000001,0.0007,0.007,0.07,0.00009,0.0009000000000000001,0.009000000000000001,0.09]
   */
  thresholds: Array<number>;
  /**
   * The prompts over which that distance is averaged.
   * @default "all"
   */
  prompts: AcdcPrompts;
};

/** The prompts that ACDC looks at. */
export type AcdcPrompts = "all" | "first_batch";

/** The nonlinearity of the MLP. */
export type ActFn = "gelu" | "gelu_new" | "relu" | "silu" | "solu_ln";

/** How scores are found. */
export type Algorithm =
  | { name: "mask_gradient" } & MaskGradient
  | { name: "input_gradient" } & InputGradient
  | { name: "acdc" } & Acdc
  | { name: "exact" } & Exact
  | { name: "subnetwork_probing" } & SubnetworkProbing
  | { name: "activation_magnitude" }
  | { name: "random" } & Random
  | { name: "official" } & Official;

/** The loss, a function of the answers' values. */
export type AnswerFunction = "avg_diff" | "avg_val" | "mse";

/** The areas of a curve. */
export type Areas = {
  /** The area under the curve, auto-circuit's. See `area_under_curve`. */
  auc: number | null;
  /**
   * The area under the faithfulness, MIB's CPR under its settings: larger is better. See `faithfulness_areas` and
   * `AreaLabels`(super::area_labels::AreaLabels).
   */
  cpr: number | null;
  /** The area from 1, MIB's CMD under its settings: smaller is better. */
  cmd: number | null;
};

/** Which positions a position attends to. */
export type AttentionDir = "causal" | "bidirectional";

/** Whose attention patterns are attached. */
export type AttentionInfo = {
  circuit: Circuit;
  heads: Array<Head>;
  /** The number of the prompt's positions, pad tokens among them. */
  seq: number;
  /** How many pad tokens the clean prompt, the corrupt one, and the one that the circuit is run on begin with. */
  nPads: [number, number, number];
};

/** Whose outputs and attributions are attached. */
export type AttributionInfo = {
  circuit: Circuit;
  /** Names of the src nodes, in `src_idx` order. */
  srcs: Array<string>;
  /** The number of the prompt's positions, pad tokens among them. */
  seq: number;
  /** How many of the last positions the output has. */
  nPositions: number;
  /** How many values of an output are told after its norm. */
  nValues: number;
  /** How many pad tokens the clean prompt, the corrupt one, and the one that the circuit is run on begin with. */
  nPads: [number, number, number];
};

/** The unpatched model on the prompts of a run. */
export type Baseline = {
  shape: Array<number>;
  clean: Measurement;
  corrupt: Measurement;
  /** How many prompts were run; a short last batch is not. */
  nPrompts: number;
  /** How many positions each has in the output. */
  nPositions: number;
  /** How many forward passes it took. */
  forwardPasses: number;
};

/** Which of the products have a bias in the weights. */
export type Biases = {
  /** Queries, keys and values. */
  qkv: boolean;
  /** The attention's output. */
  attn_out: boolean;
  mlp: boolean;
  unembed: boolean;
};

/**
 * The edges whose score is at least a threshold in absolute value, or that a mask or edits of it put in
 * (`CircuitMasks`).
 */
export type Circuit = {
  /** The number of edges that was asked for. */
  requested: number;
  /**
   * The number of edges that it has: those whose mask is not 0. Tied scores come in together, and edits put edges in or take
   * them out, so it may be other than was asked for.
   */
  nEdges: number;
  /** The `requested`-th largest absolute score, or mask where masks were given; infinity where none was asked for. */
  threshold: number | null;
};

/** A circuit that a question is about. */
export type CircuitChoice =
  | {
      type: "ran";
      /** Its index in the run. */
      index: number;
    }
  | {
      type: "edited";
      /** Of a mask there is one circuit, whatever is asked for. */
      edgeCount: number;
      edits: Array<MaskEdit>;
    };

/** A circuit that was run. */
export type CircuitResult = {
  /** The index in the run. */
  index: number;
  circuit: Circuit;
  /** `[prompt, d_vocab_out]` with the slice `last_seq`, else `[prompt, seq, d_vocab_out]`. */
  shape: Array<number>;
  measurement: Measurement;
};

/** The config of a model that was found. */
export type ConfigText = {
  /** The file's name, for messages. */
  name: string;
  text: string;
};

/** Which device is wanted. */
export type DeviceChoice = "auto" | "webgpu" | "cpu";

/** The device and why it was chosen. */
export type DeviceInfo = {
  kind: DeviceKind;
  /** The adapter's own name, or what the CPU backend is. */
  name: string;
  /** Why this one, in a sentence. */
  reason: string;
  /** How much it can hold. */
  limits: Limits;
  /** How many workers may compute on it. */
  workers: number;
};

/** Which device is used. */
export type DeviceKind = "webgpu" | "cpu";

/** What a search takes. */
export type DiscoverCost = {
  /** Forward passes of one batch; several circuits stacked in one pass count each. */
  forwardPasses: number;
  /** Backward passes of one batch. */
  backwardPasses: number;
  /** About how many bytes its activations take at most. */
  bytes: number;
};

/** The settings of a search: all that it depends on apart from the model and the prompts. */
export type DiscoverSettings = {
  /** @default true */
  factorized: boolean;
  /** @default true */
  separateQkv: boolean;
  /**
   * Whether the graph has an edge at every token position.
   * @default false
   */
  tokenWise: boolean;
  /**
   * The positions of the output that are looked at.
   * @default "last_seq"
   */
  slice: OutputSlice;
  /**
   * Prompts a batch; a short last batch is dropped.
   * @default 8
   */
  batchSize: number;
  algorithm: Algorithm;
  /** Keeps some edges' scores and sets the others' to 0. */
  keep: Keep | null;
};

/** What a search found, apart from the scores. */
export type DiscoveryInfo = {
  /** The metadata of the scores' file. */
  info: ScoresInfo;
  nEdges: number;
  /** How many edges' scores were kept, where the settings say that some are. */
  nKept?: number | null;
  /** The loss of the last pass, where the algorithm has one. */
  lastLoss?: number | null;
  cost: DiscoverCost;
  /** A sentence for the user, where no circuit can be cut from the scores. */
  note?: string | null;
};

/** A rule for the edge counts of a sweep, or a list of them. */
export type EdgeCounts =
  | "all"
  | "logarithmic"
  | "groups"
  | "default"
  | "mib"
  | { list: Array<number> };

/** An edge of a graph. */
export type EdgeRef = number | string;

/** What the numbers of a file of scores are. */
export type EdgeValues = "scores" | "mask";

/** What the engine replies. */
export type EngineEvent =
  | { type: "opened"; device: DeviceInfo }
  | {
      type: "loaded";
      config: ModelConfig;
      nParams: number;
      /** How many workers may compute on it, each with a copy: as many as there is memory for. */
      workers: number;
    }
  | { type: "graph"; graph: GraphInfo }
  | { type: "circuit"; result: CircuitResult }
  | {
      type: "ran";
      baseline: Baseline;
      /** Of each metric's curve over the circuits of the run, in the order of `Metric::ALL`. */
      areas: Array<Areas>;
      /** How many workers computed. */
      workers: number;
    }
  | { type: "tokens"; tokens: Tokens }
  | { type: "values"; values: ValuesInfo }
  | { type: "attention"; attention: AttentionInfo }
  | { type: "attribution"; attribution: AttributionInfo }
  | {
      type: "discovered";
      discovery: DiscoveryInfo;
      /** How many workers computed. */
      workers: number;
    }
  | {
      type: "progress";
      done: number;
      total: number;
      label: string;
      /** The last loss, where a search has one. */
      loss?: number | null;
    }
  | { type: "cancelled" }
  | { type: "failed"; message: string }
  | { type: "deviceLost"; message: string };

/** What the engine can be asked for. */
export type EngineRequest =
  | {
      type: "open";
      device: DeviceChoice;
      /**
       * How many workers compute on the CPU, this one among them: at most as many as there is memory for. Where it is not given,
       * as many as the processor has cores, at most 8, and others than this one only for calls that last.
       */
      workers?: number | null;
    }
  | {
      type: "loadModel";
      config: Source;
      /** One file, or the shards of a model in any order. */
      weights: Array<Source>;
      /** `model.safetensors.index.json`, where the shards come with one. */
      index?: Source | null;
    }
  | { type: "graph"; graph: GraphConfig }
  | {
      type: "run";
      prompts: Source;
      /** Prune scores, or a mask in the same layout. */
      scores: Source;
      /** Which of the two `scores` is. Of a mask one circuit is run, whatever edge counts the settings have. */
      values: EdgeValues;
      /** Laid over every circuit of the run. */
      edits?: Array<MaskEdit>;
      settings: RunSettings;
      /** Whether logits come back as attachments; if not they stay with the engine, for `Request::Inspect`. */
      logits: boolean;
    }
  | {
      type: "discover";
      prompts: Source;
      settings: DiscoverSettings;
    }
  | {
      type: "inspect";
      /** Which circuit of the last run, by its index in the run. */
      circuit: number;
      prompt: number;
      /** The index among the output's positions. */
      position: number;
      topK: number;
    }
  | {
      type: "values";
      /** Which circuit of the last run, by its index in the run. */
      circuit: number;
      metric: Metric;
    }
  | {
      type: "attention";
      prompt: number;
      circuit: CircuitChoice;
      heads: Array<Head>;
    }
  | {
      type: "attribution";
      prompt: number;
      circuit: CircuitChoice;
    }
  | { type: "cancel"; id: number };

/** What patching each edge alone does to a loss, the model running on the clean prompts. */
export type Exact = {
  /** @default "logit" */
  gradFunction: GradFunction;
  /** @default "avg_diff" */
  answerFunction: AnswerFunction;
  /** @default "resample" */
  ablation: AblationType;
};

/** Which edges are written. */
export type Extent = "all" | "circuit";

/** How far an output is from the unpatched model's. */
export type FaithfulnessTarget = "kl_div" | "mse";

/** A person's own file. */
export type FileToKeep = {
  name: string;
  bytes: number;
  /** What the page knows it by. */
  hash: string | null;
};

/** A format, by its name in settings and messages. */
export type FormatId = "safetensors" | "torch" | "mib-json" | "mib-torch" | "edge-list-json" | "edge-list-csv";

/** A file and its size. */
export type FoundFile = { name: string; bytes: number };

/** A model of the hub, of which nothing but the config was fetched (`findModel` in `www/module/hub.js`). */
export type FoundModel = {
  /** Its name among the kept models. */
  key: string;
  /** `owner/name`. */
  id: string;
  revision: string;
  commit: string;
  /** What would be fetched. */
  files: Array<FoundFile>;
  /** The bytes of all files. */
  bytes: number;
  /** The bytes that are kept already. */
  keptBytes: number;
  config: ConfigText;
  /** Whether the browser keeps anything for this page. */
  keeps: boolean;
};

/** The function of the logits whose values at the answers make the loss. */
export type GradFunction = "logit" | "prob" | "logprob" | "logit_exp";

/** The kind of graph; auto-circuit's arguments of `patchable_model`. */
export type GraphConfig = {
  /**
   * Edges (true) or nodes (false).
   * @default true
   */
  factorized: boolean;
  /**
   * Whether a head's query, key and value inputs are nodes apart. Unfactorized graphs have no such nodes.
   * @default true
   */
  separateQkv: boolean;
  /** The sequence length, for a graph with an edge at every token position; `null` patches all positions alike. */
  seqLen: number | null;
};

/** A graph, written out. */
export type GraphInfo = {
  nEdges: number;
  /** Names of the src nodes, in `src_idx` order. */
  srcs: Array<string>;
  /** Names of all nodes, sorted. */
  nodes: Array<string>;
  /** Names of the edges in the order of the flattened scores: `A0.1->MLP 1`, or `3:A0.1->MLP 1` at position 3. */
  edges: Array<string>;
  /** Dest module name and shape of its mask, in the order of the forward pass. */
  masks: Array<[string, Array<number>]>;
};

/** An attention head. */
export type Head = { block: number; headIdx: number };

/** What the hub's worker replies. */
export type HubEvent =
  | { type: "found"; model: FoundModel }
  | { type: "kept"; models: Array<KeptModel> }
  | { type: "files" }
  | { type: "remembered"; files: number; bytes: number }
  | {
      type: "progress";
      done: number;
      total: number;
      file: string;
    }
  | { type: "cancelled" }
  | { type: "failed"; message: string };

/** What the hub's worker can be asked for. All but `Request::Find` and `Request::Fetch` work without the hub itself. */
export type HubRequest =
  | {
      type: "find";
      /** What a person typed: `owner/name`, `owner/name@revision`, or an address of the hub. */
      text: string;
      /** The query of the page's own address, which may name another hub, for tests. */
      search: string;
    }
  | { type: "fetch"; key: string }
  | { type: "kept" }
  | { type: "open"; key: string }
  | { type: "remove"; key: string }
  | { type: "remember"; files: Array<FileToKeep> }
  | { type: "recall"; files: Array<FileToKeep> }
  | { type: "remembered" }
  | { type: "forget" }
  | { type: "cancel"; id: number };

/**
 * The points at which EAP-IG takes gradients, as shares of the way from the corrupt prompts' embedding (0) to the clean
 * ones' (1), for `m` steps.
 */
export type IgPoints = "zero_to_below_one" | "above_zero_to_one";

/** EAP-IG (`EAP-IG-inputs`): the gradients along a line from the corrupt prompts' embedding to the clean ones'. */
export type InputGradient = {
  /** @default "logit" */
  gradFunction: GradFunction;
  /** @default "avg_diff" */
  answerFunction: AnswerFunction;
  /**
   * How many points of the line are visited: `m`.
   * @default 5
   */
  steps: number;
  /**
   * Which `m` points.
   * @default "zero_to_below_one"
   */
  points: IgPoints;
  /** @default "resample" */
  ablation: AblationType;
};

/** Which edges' scores are kept; see `scores::selection::select`. */
export type Keep = { selection: Selection; edgeCount: number };

/** A model of which the browser keeps something (`keptModels` in `www/module/hub.js`). */
export type KeptModel = {
  key: string;
  id: string;
  revision: string;
  /** The bytes of all files. */
  bytes: number;
  keptBytes: number;
  /** Whether all of it is kept. */
  complete: boolean;
};

/** What a device can hold. */
export type Limits = {
  /** The most bytes that the program's heap can have; `null` where only the machine limits it. */
  heap: number | null;
  /** The most bytes of one tensor on a GPU: the smaller of WebGPU's `maxBufferSize` and `maxStorageBufferBindingSize`. */
  tensor: number | null;
  /** Whether weights and activations live in the heap: so on the CPU. */
  computesInHeap: boolean;
};

/** An edge's mask, in place of the one that it has in a circuit. */
export type MaskEdit = {
  edge: EdgeRef;
  /** Any finite number: 1 is in the circuit, 0 out of it. */
  mask: number;
};

/** auto-circuit's `mask_gradient_prune_scores`. The model runs on the clean prompts. */
export type MaskGradient = {
  /** @default "logit" */
  gradFunction: GradFunction;
  /** @default "avg_diff" */
  answerFunction: AnswerFunction;
  /**
   * The value of every mask, from 0 (no edge patched) to 1 (all patched).
   * @default 0.0
   */
  maskValue: number;
  /** Instead of one mask value, the sum over the values `0, 1/n, …, 1`. */
  integratedGradSamples: number | null;
  /** @default "resample" */
  ablation: AblationType;
  /**
   * The prompts from which activations to patch with are taken, where the ablation does not name them itself.
   * @default "corrupt"
   */
  ablationPrompts: PromptSide;
};

/** A metric's value, and how it is spread over the prompts. */
export type Measured = {
  /** The mean over prompts: the reference's value. */
  mean: number;
  /** The standard deviation over prompts, of a sample (`n - 1`); 0 for one prompt. */
  std: number;
  /** The lower quartile, the median and the upper quartile over prompts, interpolated between neighbours. */
  quartiles: [number, number, number];
};

/**
 * The metrics of an output, averaged over prompts (and positions); in the order of `Metric::ALL`.
 *
 * `null` where a metric does not apply: the prompts name no answer tokens for the positions of the output (or numbers, as
 * Tracr's `xproportion`), a prompt has other than one answer where correct answers are counted, or the unpatched difference
 * that a percentage is taken of is 0.
 */
export type Measurement = [Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null, Measured | null];

/** A metric of an output. */
export type Metric = "cleanKlDiv" | "corruptKlDiv" | "answerProb" | "answerLogit" | "wrongAnswerLogit" | "answerLogprob" | "logitDiff" | "probDiff" | "logprobDiff" | "logitDiffPercent" | "probDiffPercent" | "logprobDiffPercent" | "correctAnswerPercent" | "correctOverIncorrectPercent";

/** The shape of a model and the choices that change its maths. Field names are TransformerLens's (`HookedTransformerConfig`). */
export type ModelConfig = {
  /** The family whose file format this model came in. */
  family: string;
  n_layers: number;
  n_heads: number;
  /**
   * How many heads of keys and values the weights hold. Where they are fewer than `n_heads`, each is shared by several
   * query heads; in the graph every query head still has its own K and V input, as in TransformerLens's
   * `ungroup_grouped_query_attention`.
   */
  n_key_value_heads: number;
  d_model: number;
  d_head: number;
  /** The width of the MLP; `null` for an attention-only model. */
  d_mlp: number | null;
  /** The longest sequence: the rows of the position embedding, or the length that the model was trained on. */
  n_ctx: number;
  d_vocab: number;
  /** The number of logits a position, where it differs from `d_vocab` (Tracr's models). */
  d_vocab_out: number;
  act_fn: ActFn;
  /** Whether the MLP is `(act(W_gate x) · (W_in x)) W_out` (Shazeer 2020, "GLU Variants Improve Transformer"). */
  gated_mlp: boolean;
  /** Whether the MLP of a block reads the same residual stream as its attention. Both then count as one layer. */
  parallel_attn_mlp: boolean;
  normalization: Normalization;
  /** Added to the variance in a layer norm, or to the mean square in an RMS norm. */
  eps: number;
  /** Added to the gain of every norm: Gemma's files hold the gain less 1. */
  gain_offset: number;
  /** The factor on the token embedding before the first block. */
  embed_scale: number;
  positional_embedding: PositionalEmbedding;
  /** Where `positional_embedding` is rotary. */
  rotary: Rotary | null;
  attention_dir: AttentionDir;
  /** For each block how many positions a query attends to, itself included; `null`: all. Empty where no block is limited. */
  attn_windows: Array<number | null>;
  /** Whether queries and keys of a head are RMS-normalised before they are rotated. */
  qk_norm: boolean;
  /** The divisor of attention scores; the square root of `d_head` in most models. */
  attn_scale: number;
  /** Whether the unembedding is the transposed token embedding, so that the file holds it once. */
  tied_unembedding: boolean;
  biases: Biases;
};

/** A model, by what its graph depends on. */
export type ModelSize = {
  family: string;
  nLayers: number;
  nHeads: number;
  dModel: number;
};

/** The layer norm before every dest node but the residual ones. */
export type Normalization = "None" | "LN" | "LNPre" | "RMS" | "RMSPre";

/** Scores of a published circuit. */
export type Official = { circuit: OfficialCircuit };

/** A circuit that was published. */
export type OfficialCircuit = "tracr_reverse" | "tracr_reverse_acdc" | "tracr_xproportion" | "tracr_xproportion_acdc" | "ioi" | "docstring" | "greaterthan";

/** The positions of the output that are compared. */
export type OutputSlice = "none" | "last_seq" | "not_first_seq";

/** Whether the circuit's edges are patched or all others. */
export type PatchType = "edge" | "tree";

/** How positions enter. */
export type PositionalEmbedding = "standard" | "shortformer" | "rotary";

/** How texts become prompts; auto-circuit's `prepend_bos` and `pad`. */
export type PromptSettings = {
  /**
   * Whether every text begins with the BOS token.
   * @default true
   */
  prependBos: boolean;
  /**
   * Whether texts of fewer tokens are padded on the left.
   * @default true
   */
  pad: boolean;
};

/** One side of the prompt pairs. */
export type PromptSide = "clean" | "corrupt";

/** Random scores. */
export type Random = {
  /** @default 0 */
  seed: number;
};

/** What the reader replies. */
export type ReaderEvent =
  | {
      type: "tokenizer";
      tokenizer: TokenizerInfo;
      /** How the tokens are shown, a line for each id from 0 on; see `reader::tokenizer`. */
      pieces: string;
    }
  | {
      type: "prompts";
      json: string;
      /** What a user should know of the prompts, each a sentence or two. */
      notes: Array<string>;
    }
  | { type: "encoded"; ids: Array<Array<number>> }
  | { type: "scores"; found: ScoresFound }
  | { type: "written" }
  | { type: "failed"; message: string };

/** What the reader can be asked for. */
export type ReaderRequest =
  | {
      type: "openTokenizer";
      tokenizer: Source;
      /** Its `tokenizer_config.json`, which names the BOS and the pad token. */
      config: Source | null;
    }
  | {
      type: "readPrompts";
      prompts: Source;
      settings: PromptSettings;
    }
  | {
      type: "encode";
      texts: Array<string>;
      /** Whether each text begins with the BOS token, once. */
      prependBos: boolean;
    }
  | {
      type: "readScores";
      scores: Source;
      model: ModelConfig;
      /** The graph that is chosen at present. */
      graph: GraphConfig;
      /** The prompts' length, where they have one. */
      seqLen: number | null;
      /** Which of several scores in the file, by name; by default the first. */
      pick: string | null;
    }
  | {
      type: "writeScores";
      /** As safetensors. */
      scores: Source;
      model: ModelConfig;
      graph: GraphConfig;
      format: FormatId;
      /** The edge count of the circuit that is marked, or written alone. */
      edgeCount: number;
      extent: Extent;
      /** The algorithm, where the scores' own file does not name it. */
      algorithm: string | null;
      /** `2026-11-23`. */
      date: string | null;
    };

/**
 * Rotary position embedding (Su et al. 2021, "RoFormer"): number `i` and number `i + dim / 2` of a query or key are
 * rotated together by an angle that grows with the position.
 */
export type Rotary = {
  /** How many numbers of a head are rotated, from the first on; the others stay. */
  dim: number;
  /** Pair `i` is rotated by `base^(-2i / dim)` per position, before scaling. */
  base: number;
  scaling: RotaryScaling;
};

/**
 * How the angles are scaled for longer sequences than those of the first training; Hugging Face's `rope_scaling`
 * (`transformers` `modeling_rope_utils.py`).
 */
export type RotaryScaling =
  | { kind: "none" }
  | { kind: "linear"; factor: number }
  | {
      kind: "llama3";
      factor: number;
      low_freq_factor: number;
      high_freq_factor: number;
      original_n_ctx: number;
    }
  | {
      kind: "yarn";
      factor: number;
      attention_factor: number;
      beta_fast: number;
      beta_slow: number;
      original_n_ctx: number;
    };

/** The settings of a run of circuits: all that it depends on apart from the model, the prompts and the scores. */
export type RunSettings = {
  /** @default true */
  factorized: boolean;
  /** @default true */
  separateQkv: boolean;
  /**
   * Whether the graph has an edge at every token position.
   * @default false
   */
  tokenWise: boolean;
  /** @default "last_seq" */
  slice: OutputSlice;
  /** @default "edge" */
  patchType: PatchType;
  /** @default "resample" */
  ablation: AblationType;
  /**
   * Swaps clean and corrupt.
   * @default false
   */
  reverse: boolean;
  /**
   * Prompts per batch; a short last batch is dropped.
   * @default 8
   */
  batchSize: number;
  /** @default "default" */
  edgeCounts: EdgeCounts;
};

/** What was found in a file of scores. */
export type ScoresFound = {
  format: FormatId;
  /** The graph that the scores are of. */
  graph: GraphConfig;
  /** The names of the scores that the file holds, where there are several. */
  choices: Array<string>;
  /** Which of them these are. */
  chosen: number;
  /** How many edges the circuit has that the file marks, or that it is. */
  nCircuit: number | null;
  /** What is to be known of the scores, each a sentence or two. */
  notes: Array<string>;
  /** The metadata of the file. */
  info: ScoresInfo;
};

/** What is known of prune scores besides the numbers. Any field may be missing. */
export type ScoresInfo = {
  model: ModelSize | null;
  graph: GraphConfig | null;
  /** The algorithm that gave the scores, by its name (`eap`, `acdc`), or the name of a file. */
  algorithm: string | null;
  /** The settings of the search that gave them, as JSON (`DiscoverSettings`). */
  settings: string | null;
  /** The file of prompts that they were found on. */
  prompts: string | null;
  /** `2026-11-23`. */
  date: string | null;
};

/** How edges are chosen. */
export type Selection = "top" | "connected" | "greedy";

/** Where a file comes from. */
export type Source =
  | { type: "url"; url: string }
  | {
      type: "attached";
      index: number;
      /** For messages. */
      name: string;
    };

/** A token with a meaning of its own. */
export type SpecialToken = {
  id: number;
  /** As it is written in text. */
  text: string;
};

/**
 * Close to auto-circuit's `subnetwork_probing_prune_scores`: a mask for every edge, drawn from a hard concrete distribution
 * (Louizos et al. 2018) whose parameters are learned with Adam.
 */
export type SubnetworkProbing = {
  /** @default "kl_div" */
  faithfulnessTarget: FaithfulnessTarget;
  /** @default 0.1 */
  learningRate: number;
  /**
   * How often all batches are seen.
   * @default 20
   */
  epochs: number;
  /**
   * The weight of the number of edges in the loss.
   * @default 10.0
   */
  regularizeLambda: number;
  /** The target number of edges: fewer are not rewarded. `null` always rewards fewer. */
  circuitSize: number | null;
  /**
   * True: the clean prompts are run and the edges outside the circuit are patched. False: the corrupt ones are run and
   * the circuit's edges are patched.
   * @default false
   */
  treeOptimisation: boolean;
  /** @default "resample" */
  ablation: AblationType;
  /** @default 0 */
  seed: number;
};

/** A token with its logit and probability. */
export type TokenProb = { token: number; logit: number; prob: number };

/** A tokenizer that is open. */
export type TokenizerInfo = {
  /** One more than the largest id. */
  nTokens: number;
  /** The token that prompts begin with. */
  bos: SpecialToken | null;
  /** The token that short prompts are padded with on the left. */
  pad: SpecialToken | null;
};

/** The likeliest next tokens under each of three outputs, likeliest first. */
export type Tokens = {
  clean: Array<TokenProb>;
  corrupt: Array<TokenProb>;
  circuit: Array<TokenProb>;
};

/** Which values of prompts are attached. */
export type ValuesInfo = {
  circuit: Circuit;
  metric: Metric;
  /** How many prompts were run; a short last batch is not. */
  nPrompts: number;
};

/** The devices that can be asked for. */
export const DEVICES: readonly DeviceChoice[];

/** Which edges of a circuit are patched. */
export const PATCH_TYPES: readonly PatchType[];

/** What an edge is patched with, in auto-circuit's order. */
export const ABLATIONS: readonly AblationType[];

/** The positions of the output that are compared. */
export const SLICES: readonly OutputSlice[];

/** The rules for edge counts. */
export const EDGE_COUNT_RULES: readonly Extract<EdgeCounts, string>[];

/** How edges are chosen of a search's scores. */
export const SELECTIONS: readonly Selection[];

/** What is computed from the logits before an answer is looked up. */
export const GRAD_FUNCTIONS: readonly GradFunction[];

/** The losses of the answers' values. */
export const ANSWER_FUNCTIONS: readonly AnswerFunction[];

/** Distances to the unpatched model's output. */
export const FAITHFULNESS_TARGETS: readonly FaithfulnessTarget[];

/** The sides of a prompt pair. */
export const PROMPT_SIDES: readonly PromptSide[];

/** The points at which EAP-IG takes gradients. */
export const IG_POINTS: readonly IgPoints[];

/** The prompts that ACDC looks at. */
export const ACDC_PROMPTS: readonly AcdcPrompts[];

/** Published circuits. */
export const OFFICIAL_CIRCUITS: readonly OfficialCircuit[];

/** Which edges are written to a file. */
export const EXTENTS: readonly Extent[];

/** The formats of scores and circuits; all are read. */
export const FORMATS: readonly ({ id: "safetensors"; name: string; written: true } | { id: "torch"; name: string; written: false } | { id: "mib-json"; name: string; written: true } | { id: "mib-torch"; name: string; written: false } | { id: "edge-list-json"; name: string; written: true } | { id: "edge-list-csv"; name: string; written: true })[];

/** auto-circuit's metrics in its order, in which they are in a `Measurement`; `name` is the engine's. */
export const METRICS: readonly { key: "Clean KL Div" | "Corrupt KL Div" | "Answer Prob" | "Answer Logit" | "Wrong Answer Logit" | "Answer Logprob" | "Logit Diff" | "Prob Diff" | "Logprob Diff" | "Logit Diff Percent" | "Prob Diff Percent" | "LogProb Diff Percent" | "Correct Answer Percent" | "Correct Answer Greater Than Incorrect Percent"; name: Metric; label: string; unit: string }[];

/** The algorithms of a search, each with the defaults of its own settings. */
export const ALGORITHMS: { readonly [Name in Algorithm["name"]]: Readonly<Partial<Omit<Extract<Algorithm, { name: Name }>, "name">>> };

/** Other names of algorithms. */
export const ALGORITHM_ALIASES: { readonly eap: "mask_gradient"; readonly eap_ig: "input_gradient" };

/** The graph of a model, unless another one is asked for. */
export const GRAPH_DEFAULTS: Readonly<GraphConfig>;

/** How texts become prompts, unless a caller says otherwise. */
export const PROMPT_DEFAULTS: Readonly<PromptSettings>;

/** The settings of a search that a caller leaves out. */
export const DISCOVER_DEFAULTS: Readonly<DiscoverSettings>;

/** The settings of a run that a caller leaves out. */
export const RUN_DEFAULTS: Readonly<RunSettings>;
