#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that must hold before a change lands: the tests with g++ and warnings as errors, the codec's golden files with
# clang, hostile input under AddressSanitizer and UndefinedBehaviorSanitizer, the documented command lines.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install_dependencies.sh --tests
openvino=ON  # from PyPI
if ! scripts/install_dependencies.sh --openvino; then
  openvino=AUTO
  echo "OpenVINO could not be had: engine_openvino is tested only where it is found." >&2
fi

step() { printf '\n== %s (%d s so far)\n' "$*" "$SECONDS"; }

step "clang: golden files"
cmake --preset clang >/dev/null
cmake --build --preset clang --target tests/golden/all
ctest --preset clang -R '^golden$'

step "Sanitizers: hostile input, broken plugins"
cmake --preset asan >/dev/null
cmake --build --preset asan --target plugins/all tests/{unit,bad_plugins,plugins,restore,fuzz}/all
ctest --preset asan -R '^(unit|bad_plugins|plugins\..*|restore|fuzz\..*)$' -E '^plugins\.models'  # minutes; random networks reach the same code

step "g++: build, documented commands, all tests"
cudnn=AUTO  # a machine that has what engine_cudnn needs must build it
if [[ -e /usr/local/cuda/bin/nvcc && -e /usr/local/cuda/include/cudnn.h ]]; then cudnn=ON; fi
cmake --preset release -DCALOTYPE_WERROR=ON -DCALOTYPE_BUILD_TESTS=ON -DCALOTYPE_WITH_CUDNN=$cudnn -DCALOTYPE_WITH_OPENVINO=$openvino >/dev/null
cmake --build --preset release
scripts/check_docs.sh build/release/bin
ctest --preset release
