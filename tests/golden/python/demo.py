# A circuit of 2 edges, as Circuitscope 0.1.0 runs it, with auto-circuit 1.0.1 in Python 3.10 or 3.11:
#
#   pip install "torch==2.5.1" "transformer-lens==2.11.0" "transformers==4.46.3" "numpy<2" \
#       "datasets==2.21.0" "pyarrow==17.0.0" "plotly==5.24.1" "kaleido==0.2.1" ordered-set \
#       blobfile attrs safetensors ipython word2word vscode-tqdm tracr-pypi
#   pip install --no-deps "auto-circuit==1.0.1"
#
# Run it where the files are that are named below.
# On the screen: Clean KL Div = 0.250000

import json

import torch as t
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

from auto_circuit.data import PromptDataLoader, PromptDataset
from auto_circuit.metrics.prune_metrics.prune_metrics import PRUNE_METRICS
from auto_circuit.prune import run_circuits
from auto_circuit.types import AblationType, PatchType
from auto_circuit.utils.graph_utils import patchable_model

MODEL = "."  # a folder with model.safetensors and tl_config.json
PROMPTS = "prompts.json"
SCORES = "scores.safetensors"
N_EDGES = 2
METRIC = "Clean KL Div"
PATCH_TYPE = PatchType.EDGE_PATCH
ABLATION = AblationType.RESAMPLE
REVERSE = False  # swaps clean and corrupt
BATCH_SIZE = 6

fields = HookedTransformerConfig.__dataclass_fields__.keys() - {"dtype"}
with open(f"{MODEL}/tl_config.json") as file:
    config = {name: value for name, value in json.load(file).items() if name in fields}
config.update(
    device="cpu",
    use_attn_result=True,
    use_split_qkv_input=True,
    use_attn_in=False,
    use_hook_mlp_in=True,
)
model = HookedTransformer(HookedTransformerConfig(**config))
model.load_state_dict(load_file(f"{MODEL}/model.safetensors"), strict=False)
for parameter in model.parameters():
    parameter.requires_grad = False
model.eval()

with open(PROMPTS) as file:
    rows = json.load(file)["prompts"]
columns = [[t.tensor(row[key]) for row in rows] for key in ("clean", "corrupt", "answers", "wrong_answers")]
loader = PromptDataLoader(
    PromptDataset(*columns), seq_len=None, diverge_idx=0, batch_size=BATCH_SIZE, shuffle=False
)

model = patchable_model(
    model, factorized=True, slice_output="not_first_seq", seq_len=None, separate_qkv=True
)
scores = load_file(SCORES)

outputs = run_circuits(
    model, loader, [N_EDGES], scores, patch_type=PATCH_TYPE, ablation_type=ABLATION, reverse_clean_corrupt=REVERSE
)

metric = next(metric for metric in PRUNE_METRICS if metric.key == METRIC)
for n_edges, value in metric.metric_func(model, loader, outputs):
    print(f"{n_edges} edges: {METRIC} = {value:.6f}")
