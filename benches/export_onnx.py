"""Exports a GPT-2 model to ONNX, for benches/onnx.mjs.

    python export_onnx.py MODEL_DIR BATCH SEQ OUT

The graph takes `input_ids` of BATCH x SEQ tokens and gives `logits` of the last position, BATCH x d_vocab, which is what a
circuit is asked for. Shapes are fixed, so that the runtime can plan with them. The environment is the one that
tests/fixtures/make_cases.py describes at its head, with the package `onnx` beside it.
"""

import sys


import torch as t
import transformers as hf


class LastLogits(t.nn.Module):
    """A language model that gives the logits of the last position alone."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        hidden = self.model.transformer(input_ids, use_cache=False).last_hidden_state
        return self.model.lm_head(hidden[:, -1])


def main():
    folder, batch, seq, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    model = hf.GPT2LMHeadModel.from_pretrained(folder, attn_implementation="eager").eval()
    ids = t.zeros((batch, seq), dtype=t.long)
    t.onnx.export(LastLogits(model), (ids,), out, input_names=["input_ids"], output_names=["logits"], opset_version=17)


if __name__ == "__main__":
    main()
