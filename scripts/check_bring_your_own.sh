#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs everything in docs/bring-your-own.md, with the packages from PyPI that it names (some hundreds of megabytes, or
# gigabytes where PyTorch is not there yet).
#
#   scripts/check_bring_your_own.sh BIN [VENV]     BIN: the folder of the `calotype` to use, with engine_openvino;
#                                                  VENV: a Python environment that may have some of the packages
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$(realpath -- "${1:?usage: $0 BIN [VENV]}")
venv=$(realpath -m -- "${2:-$root/build/bring-your-own}")
[[ -x $venv/bin/python3 ]] || python3 -m venv "$venv"
export PATH=$venv/bin:$PATH CALOTYPE_SOURCE=$root
exec "$root/scripts/check_docs.sh" --all "$bin" "$root/docs/bring-your-own.md"
