#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a machine with an NVIDIA GPU: builds engine_cudnn, runs every test that needs a device, measures the codec's networks
# and writes docs/results/gpu.md. Exits with 3 where there is no GPU.
#
#   scripts/gpu.sh [OPTIONS OF bench/gpu.py]      PYTHON=python3: one with numpy, and for the comparison PyTorch and onnx
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

if ! nvidia-smi -L 2>/dev/null | grep -q GPU; then
  echo "scripts/gpu.sh: no NVIDIA GPU here, or no driver (nvidia-smi -L lists none); nothing was tested" >&2
  exit 3
fi
if ! command -v nvcc >/dev/null && [[ -x /usr/local/cuda/bin/nvcc ]]; then
  export PATH=/usr/local/cuda/bin:$PATH
fi

step() { printf '\n== %s (%d s so far)\n' "$*" "$SECONDS"; }

step "Build"
scripts/install_dependencies.sh
cmake --preset release -DCALOTYPE_WITH_CUDNN=ON -DCALOTYPE_WERROR=ON -DCALOTYPE_BUILD_TESTS=ON >/dev/null
cmake --build --preset release
build/release/bin/calotype inspect --engines

step "The engine on the device"
build/release/bin/gpu-device-test  # itself, not through CTest: a test that is skipped must not pass here

step "Every engine, every model"
ctest --preset release -R '^(gpu_kernels|golden|plugins\.(engines|models))$'
build/release/bin/calotype inspect --selftest

step "A stream from the GPU, decoded on both sides"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
calotype() { build/release/bin/calotype "$@"; }
calotype compress assets/images/fern.png -o "$scratch/fern.calo" --engine cudnn -v
calotype decompress "$scratch/fern.calo" -o "$scratch/gpu.png" --engine cudnn -v
calotype decompress "$scratch/fern.calo" -o "$scratch/cpu.png" --engine opencv -v
calotype compare "$scratch/gpu.png" "$scratch/cpu.png"

step "Speed"
"$python" bench/gpu.py "$@"
