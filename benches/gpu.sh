#!/usr/bin/env bash
# What circuits cost on this machine's own GPU, natively, by the shaders that a browser gets: builds the benchmark, runs it and writes its
# table, which says what was not measured, to the given file (`gpu.md` below the target directory).
#
#     benches/gpu.sh [FILE [4-layer|gpt2-small ...]]
#     GPU_PEAK=67,4.8 CIRCUITSCOPE_PYTHON=venv/bin/python benches/gpu.sh     # with the card's roofline, and PyTorch beside
#     GPU_BENCH=program benches/gpu.sh                                       # one that was built elsewhere
#
# Without GPU_PEAK the peaks of a few cards are known by nvidia-smi's name of them.
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:-${CARGO_TARGET_DIR:-target}/gpu.md}
models=("${@:2}")

if [ -z "${GPU_PEAK:-}" ] && card=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null); then
  # Vendors' data sheets: TFLOP/s of f32 without tensor cores, TB/s.
  case $card in
    *H200*) export GPU_PEAK=67,4.8 ;;
    *H100*) export GPU_PEAK=67,3.35 ;;
    *A100*) export GPU_PEAK=19.5,2.0 ;;
    *L4*) export GPU_PEAK=30,0.3 ;;
    *T4*) export GPU_PEAK=8.1,0.32 ;;
  esac
fi
run() {
  if [ -n "${GPU_BENCH:-}" ]; then
    "$GPU_BENCH" --bench "${models[@]}"
  else
    cargo bench --locked --bench gpu --features circuitscope-engine/gpu -- "${models[@]}"
  fi
}
mkdir -p "$(dirname "$file")"
{
  printf '%s, %s, release build, ' "$(date -u +'%-d %B %Y')" "$(uname -sm)"
  run
} | tee "$file"
echo "written to $file"
