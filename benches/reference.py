"""Times Hugging Face's plain forward pass and auto-circuit's circuits and prune algorithms on a GPT-2 model.

    python reference.py MODEL_DIR BATCH SEQ EDGE_COUNTS ACDC_THRESHOLDS

It reads a word a line, `plain`, `circuit`, `eap` or `acdc`, does that (what takes less than 30 ms over and over for so long) and answers with its
time in seconds. `cargo bench` asks it, in turns with its own. The environment is the one that tests/fixtures/make_cases.py describes at its head.
"""

import os
import sys
import time
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"
warnings.filterwarnings("ignore")

import torch as t
import transformers as hf
from auto_circuit.data import PromptDataLoader, PromptDataset
from auto_circuit.prune import run_circuits
from auto_circuit.prune_algos.ACDC import acdc_prune_scores
from auto_circuit.prune_algos.mask_gradient import mask_gradient_prune_scores
from auto_circuit.utils.graph_utils import patchable_model
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained import weight_conversions

t.set_num_threads(2)
t.manual_seed(0)


def hooked(model):
    """The same model in TransformerLens, ready to be patched."""
    c = model.config
    cfg = HookedTransformerConfig(
        n_layers=c.n_layer, n_heads=c.n_head, d_model=c.n_embd, d_head=c.n_embd // c.n_head, d_mlp=4 * c.n_embd,
        n_ctx=c.n_positions, d_vocab=c.vocab_size, act_fn=c.activation_function, normalization_type="LN",
        eps=c.layer_norm_epsilon, device="cpu", use_attn_result=True, use_attn_in=False, use_split_qkv_input=True,
        use_hook_mlp_in=True)
    out = HookedTransformer(cfg)
    out.load_state_dict(weight_conversions.convert_gpt2_weights(model, cfg), strict=False)
    for p in out.parameters():
        p.requires_grad = False
    return out.eval()


def main():
    folder, batch, seq = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    counts = [int(n) for n in sys.argv[4].split(",")]
    thresholds = [float(x) for x in sys.argv[5].split(",")]
    model = hf.GPT2LMHeadModel.from_pretrained(folder).eval()
    ids = t.randint(0, model.config.vocab_size, (2, batch, seq))
    answers, wrong_answers = [t.tensor([0])] * batch, [t.tensor([1])] * batch
    patchable = patchable_model(hooked(model), factorized=True, slice_output="last_seq", separate_qkv=True)
    loader = PromptDataLoader(PromptDataset(ids[0], ids[1], answers, wrong_answers), seq_len=None, diverge_idx=0,
                              batch_size=batch, shuffle=False)
    scores = {name: t.rand_like(mask) * 2 - 1 for name, mask in patchable.new_prune_scores().items()}
    # Its circuits cost the same whatever their size: where one takes seconds, two stand for all.
    few = counts if model.config.n_embd < 512 else counts[:: len(counts) // 2][:2]

    def plain():
        with t.inference_mode():
            model(ids[0])

    tasks = dict(
        plain=(plain, 1),
        circuit=(lambda: run_circuits(patchable, loader, few, scores), len(few)),
        eap=(lambda: mask_gradient_prune_scores(patchable, loader, None, "logit", "avg_diff", mask_val=0.0), 1),
        acdc=(lambda: acdc_prune_scores(patchable, loader, None, tao_exps=[0], tao_bases=thresholds), 1))
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print
    for line in sys.stdin:
        task, n = tasks[line.strip()]
        start, done = time.perf_counter(), 0
        while done == 0 or time.perf_counter() - start < 0.03:
            task()
            done += 1
        print((time.perf_counter() - start) / done / n, file=answer, flush=True)


main()
