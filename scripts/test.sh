#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that must hold before a change lands: the tests with g++ and warnings as errors, the codec's golden files with
# clang, hostile input under AddressSanitizer and UndefinedBehaviorSanitizer, the documented command lines.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install_dependencies.sh --tests

step() { printf '\n== %s (%d s so far)\n' "$*" "$SECONDS"; }

step "clang: golden files"
cmake --preset clang >/dev/null
cmake --build --preset clang
ctest --preset clang -R golden

step "Sanitizers: hostile input"
cmake --preset asan >/dev/null
cmake --build --preset asan
ctest --preset asan -R "plugins|fuzz|bad_plugins|unit"

step "g++: all tests"
cmake --preset release -DCALOTYPE_WERROR=ON -DCALOTYPE_BUILD_TESTS=ON >/dev/null
cmake --build --preset release
scripts/check_docs.sh build/release/bin
ctest --preset release
