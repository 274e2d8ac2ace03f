"""Times Hugging Face's plain forward pass of a GPT-2 model on a CUDA card.

    python torch_plain.py MODEL_DIR BATCH SEQ

Prints the median of 31 passes in milliseconds, each with the logits of the last position read back, in full f32; without a card it
says so and fails. `benches/gpu.rs` asks it.
"""

import os
import statistics
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"


def main():
    try:
        import torch as t
        import transformers as hf
    except ImportError as error:
        sys.exit(print(f"no {error.name} in this Python") or 1)
    if not t.cuda.is_available():
        sys.exit(print("PyTorch finds no card") or 1)
    folder, batch, seq = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    t.backends.cuda.matmul.allow_tf32 = False
    model = hf.GPT2LMHeadModel.from_pretrained(folder).eval().cuda()
    ids = t.randint(0, model.config.vocab_size, (batch, seq), device="cuda")

    @t.inference_mode()
    def plain():
        model.lm_head(model.transformer(ids, use_cache=False).last_hidden_state[:, -1]).cpu()

    for _ in range(5):
        plain()
    times = []
    for _ in range(31):
        start = time.perf_counter()
        plain()
        times.append(1e3 * (time.perf_counter() - start))
    print(f"{statistics.median(times):.2f} ({t.cuda.get_device_name()})")


if __name__ == "__main__":
    main()
