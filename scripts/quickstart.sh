#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a compressed picture: installs what is missing, builds, compresses and decompresses PICTURE (or a
# sample), and shows what became of it. Results go to build/quickstart.
#
#   scripts/quickstart.sh [PICTURE]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
picture=$(realpath -- "${1:-$root/assets/images/landscape.png}")
[[ -f $picture ]] || { echo "usage: $0 [PICTURE]   (there is no file $picture)" >&2; exit 2; }
out=$root/build/quickstart

step() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }

step "Packages (from Debian, only those missing)"
"$root/scripts/install_dependencies.sh"

step "Build (a few minutes the first time)"
cd "$root"
cmake --preset release -DCALOTYPE_BUILD_TESTS=OFF >/dev/null
cmake --build --preset release

step "Compress, decompress, compare"
mkdir -p "$out"
name=$(basename "${picture%.*}")
PATH=$root/build/release/bin:$PATH
show calotype compress -v --overwrite "$picture" -o "$out/$name.calo"
show calotype decompress -v --overwrite "$out/$name.calo" -o "$out/$name.png"
show calotype compare "$picture" "$out/$name.png"

step "Done: $out/$name.calo, and $out/$name.png to look at"
echo "Next: build/release/bin/calotype help"
