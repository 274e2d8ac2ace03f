"""Makes the demo of a compiled model from a reference case: copies the model, its config and its prompts, and writes the official
circuit as prune scores (1 for an edge of the circuit, 0 for any other).

    python3 www/make_demo.py tests/fixtures/cases/tracr-reverse www/demo/tracr-reverse
    python3 www/make_demo.py tests/fixtures/cases/tracr-xproportion www/demo/tracr-xproportion
"""

import json
import shutil
import struct
import sys
from pathlib import Path


def dest_names(module, shape):
    """The names of the dest nodes of a module of a one-position graph, one a head where it has heads."""
    block = int(module.split(".")[1])
    heads = range(shape[0]) if len(shape) == 2 else [None]
    names = {
        "hook_q_input": lambda head: f"A{block}.{head}.Q",
        "hook_k_input": lambda head: f"A{block}.{head}.K",
        "hook_v_input": lambda head: f"A{block}.{head}.V",
        "hook_mlp_in": lambda head: f"MLP {block}",
        "hook_resid_post": lambda head: "Resid End",
    }
    return [names[module.split(".")[2]](head) for head in heads]


def official_scores(graph):
    """A mask for each dest module, in the shape of the graph's masks, flattened: 1 at the official edges."""
    official = set(graph["official_edges"])
    masks = {}
    for module, shape in graph["masks"].items():
        rows = [[f"{src}->{dest}" for src in graph["srcs"][: shape[-1]]] for dest in dest_names(module, shape)]
        masks[module] = (shape, [float(edge in official) for row in rows for edge in row])
    found = sum(sum(values) for _, values in masks.values())
    assert found == len(official), f"{found} of {len(official)} official edges found"
    return masks


def safetensors(tensors):
    """The bytes of a safetensors file: the header's length, a JSON header padded to 8 bytes, the numbers."""
    header, data = {}, b""
    for name, (shape, values) in sorted(tensors.items()):
        numbers = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def main(case, demo):
    demo.mkdir(parents=True, exist_ok=True)
    for name in ["model.safetensors", "tl_config.json", "prompts.json"]:
        shutil.copyfile(case / name, demo / name)
    graph = json.loads((case / "case.json").read_text())["graphs"][0]
    (demo / "scores.safetensors").write_bytes(safetensors(official_scores(graph)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
