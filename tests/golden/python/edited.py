# A circuit of 31 edges, with changed masks, as Circuitscope 0.1.0 runs it, with auto-circuit 1.0.1 in Python 3.10 or 3.11:
#
#   pip install "torch==2.5.1" "transformer-lens==2.11.0" "transformers==4.46.3" "numpy<2" \
#       "datasets==2.21.0" "pyarrow==17.0.0" "plotly==5.24.1" "kaleido==0.2.1" ordered-set \
#       blobfile attrs safetensors ipython word2word vscode-tqdm tracr-pypi
#   pip install --no-deps "auto-circuit==1.0.1"
#
# Run it where the files are that are named below.

from pathlib import Path

import torch as t
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained import weight_conversions
from transformers import AutoModelForCausalLM, AutoTokenizer

from auto_circuit.data import load_datasets_from_json
from auto_circuit.metrics.prune_metrics.prune_metrics import PRUNE_METRICS
from auto_circuit.types import AblationType, PatchType
from auto_circuit.utils.ablation_activations import src_ablations
from auto_circuit.utils.graph_utils import patch_mode, patchable_model
from auto_circuit.utils.misc import module_by_name
from auto_circuit.utils.tensor_ops import desc_prune_scores, prune_scores_threshold

MODEL = "openai-community/gpt2"  # a folder with model.safetensors and config.json, or a name on the Hugging Face hub
PROMPTS = "prompts.json"
SCORES = "scores.safetensors"
N_EDGES = 31
METRIC = "Logit Diff"
PATCH_TYPE = PatchType.TREE_PATCH
ABLATION = AblationType.TOKENWISE_MEAN_CORRUPT
REVERSE = True  # swaps clean and corrupt
BATCH_SIZE = 2
# How much of an edge is in the circuit, whatever its score: 1 all of it, 0 none.
EDITS = {
    "3:A0.1->MLP 1": 0.5,
    "Resid \"Start\"->A0.1.Q": 0.0,
}

config = dict(
    n_layers=2,
    n_heads=4,
    d_model=32,
    d_head=8,
    n_ctx=32,
    d_vocab=48,
    normalization_type="LN",
    eps=0.00001,
    d_mlp=128,
    act_fn="gelu_new",
    device="cpu",
    use_attn_result=True,
    use_split_qkv_input=True,
    use_attn_in=False,
    use_hook_mlp_in=True,
)
loaded = AutoModelForCausalLM.from_pretrained(MODEL)
model = HookedTransformer(HookedTransformerConfig(**config))
model.load_state_dict(weight_conversions.convert_gpt2_weights(loaded.float(), model.cfg), strict=False)
model.set_tokenizer(AutoTokenizer.from_pretrained(MODEL))
for parameter in model.parameters():
    parameter.requires_grad = False
model.eval()

loader, _ = load_datasets_from_json(
    model,
    Path(PROMPTS),
    t.device("cpu"),
    prepend_bos=True,
    batch_size=BATCH_SIZE,
    train_test_size=(6, 0),
    return_seq_length=True,
    shuffle=False,
    pad=False,
)

model = patchable_model(
    model, factorized=True, slice_output="last_seq", seq_len=loader.seq_len, separate_qkv=True
)
scores = load_file(SCORES)

threshold = prune_scores_threshold(desc_prune_scores(scores), N_EDGES)
masks = {name: (score.abs() >= threshold).float() for name, score in scores.items()}
for edge in model.edges:
    name = edge.name if edge.seq_idx is None else f"{edge.seq_idx}:{edge.name}"
    if name in EDITS:
        masks[edge.dest.module_name][edge.patch_idx] = EDITS[name]
n_edges = sum(int((mask != 0).sum()) for mask in masks.values())

gives_clean = (PATCH_TYPE == PatchType.TREE_PATCH) != REVERSE
outputs = {n_edges: {}}
patches = src_ablations(model, loader, ABLATION) if ABLATION.mean_over_dataset else None
for batch in loader:
    given, other = (batch.clean, batch.corrupt) if gives_clean else (batch.corrupt, batch.clean)
    if not ABLATION.mean_over_dataset:
        patches = src_ablations(model, other, ABLATION)
    with patch_mode(model, patches), t.inference_mode():
        for name, mask in masks.items():
            patched = mask if PATCH_TYPE == PatchType.EDGE_PATCH else 1 - mask
            module_by_name(model, name).patch_mask.data = patched
        outputs[n_edges][batch.key] = model(given)[model.out_slice].clone()

metric = next(metric for metric in PRUNE_METRICS if metric.key == METRIC)
for n_edges, value in metric.metric_func(model, loader, outputs):
    print(f"{n_edges} edges: {METRIC} = {value:.6f}")
