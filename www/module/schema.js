// Generated from the Rust types by `cargo xtask schema`: change those, not this file.

export const DEVICES = ["auto","webgpu","cpu"];

export const PATCH_TYPES = ["edge","tree"];

export const ABLATIONS = ["resample","zero","tokenwise_mean_clean","tokenwise_mean_corrupt","tokenwise_mean_clean_and_corrupt","batch_tokenwise_mean","batch_all_tok_mean"];

export const SLICES = ["none","last_seq","not_first_seq"];

export const EDGE_COUNT_RULES = ["all","logarithmic","groups","default","mib"];

export const SELECTIONS = ["top","connected","greedy"];

export const GRAD_FUNCTIONS = ["logit","prob","logprob","logit_exp"];

export const ANSWER_FUNCTIONS = ["avg_diff","avg_val","mse"];

export const FAITHFULNESS_TARGETS = ["kl_div","mse"];

export const PROMPT_SIDES = ["clean","corrupt"];

export const IG_POINTS = ["zero_to_below_one","above_zero_to_one"];

export const ACDC_PROMPTS = ["all","first_batch"];

export const OFFICIAL_CIRCUITS = ["tracr_reverse","tracr_reverse_acdc","tracr_xproportion","tracr_xproportion_acdc","ioi","docstring","greaterthan"];

export const EXTENTS = ["all","circuit"];

export const FORMATS = [{"id":"safetensors","name":"safetensors of `PruneScores`","written":true},{"id":"torch","name":"torch file of `PruneScores`","written":false},{"id":"mib-json","name":"EAP-IG / MIB circuit, JSON","written":true},{"id":"mib-torch","name":"EAP-IG / MIB circuit, torch file","written":false},{"id":"edge-list-json","name":"edge list, JSON","written":true},{"id":"edge-list-csv","name":"edge list, CSV","written":true}];

export const METRICS = [{"key":"Clean KL Div","label":"KL divergence from clean","name":"cleanKlDiv","unit":"nats"},{"key":"Corrupt KL Div","label":"KL divergence from corrupt","name":"corruptKlDiv","unit":"nats"},{"key":"Answer Prob","label":"Answer probability","name":"answerProb","unit":"probability"},{"key":"Answer Logit","label":"Answer logit","name":"answerLogit","unit":"logit"},{"key":"Wrong Answer Logit","label":"Wrong answer logit","name":"wrongAnswerLogit","unit":"logit"},{"key":"Answer Logprob","label":"Answer log probability","name":"answerLogprob","unit":"nats"},{"key":"Logit Diff","label":"Logit difference","name":"logitDiff","unit":"logit"},{"key":"Prob Diff","label":"Probability difference","name":"probDiff","unit":"probability"},{"key":"Logprob Diff","label":"Log probability difference","name":"logprobDiff","unit":"nats"},{"key":"Logit Diff Percent","label":"Logit difference, of clean","name":"logitDiffPercent","unit":"percent"},{"key":"Prob Diff Percent","label":"Probability difference, of clean","name":"probDiffPercent","unit":"percent"},{"key":"LogProb Diff Percent","label":"Log probability difference, of clean","name":"logprobDiffPercent","unit":"percent"},{"key":"Correct Answer Percent","label":"Correct answer","name":"correctAnswerPercent","unit":"percent"},{"key":"Correct Answer Greater Than Incorrect Percent","label":"Correct over incorrect","name":"correctOverIncorrectPercent","unit":"percent"}];

export const ALGORITHMS = {"acdc":{"faithfulnessTarget":"kl_div","prompts":"all","thresholds":[0.00001,0.0001,0.001,0.01,0.000030000000000000004,0.00030000000000000003,0.003,0.03,0.00005,0.0005,0.005,0.05,0.00007000000000000001,0.0007,0.007,0.07,0.00009,0.0009000000000000001,0.009000000000000001,0.09]},"activation_magnitude":{},"exact":{"ablation":"resample","answerFunction":"avg_diff","gradFunction":"logit"},"input_gradient":{"ablation":"resample","answerFunction":"avg_diff","gradFunction":"logit","points":"zero_to_below_one","steps":5},"mask_gradient":{"ablation":"resample","ablationPrompts":"corrupt","answerFunction":"avg_diff","gradFunction":"logit","integratedGradSamples":null,"maskValue":0.0},"official":{},"random":{"seed":0},"subnetwork_probing":{"ablation":"resample","circuitSize":null,"epochs":20,"faithfulnessTarget":"kl_div","learningRate":0.1,"regularizeLambda":10.0,"seed":0,"treeOptimisation":false}};

export const ALGORITHM_ALIASES = {"eap":"mask_gradient","eap_ig":"input_gradient"};

export const GRAPH_DEFAULTS = {"factorized":true,"separateQkv":true,"seqLen":null};

export const PROMPT_DEFAULTS = {"pad":true,"prependBos":true};

export const DISCOVER_DEFAULTS = {"algorithm":{"ablation":"resample","ablationPrompts":"corrupt","answerFunction":"avg_diff","gradFunction":"logit","integratedGradSamples":null,"maskValue":0.0,"name":"mask_gradient"},"batchSize":8,"factorized":true,"separateQkv":true,"slice":"last_seq","tokenWise":false};

export const RUN_DEFAULTS = {"ablation":"resample","batchSize":8,"edgeCounts":"default","factorized":true,"patchType":"edge","reverse":false,"separateQkv":true,"slice":"last_seq","tokenWise":false};
