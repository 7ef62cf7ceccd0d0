#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every ```sh block of README.md and docs/, so that no documented command line is wrong. Each document runs from top to
# bottom in an empty folder that holds photo.jpg, noisy.jpg, photo.png, scan.png (16 bits), photos/, a mask
# scratches.png, masks/ for photos/, holes.png (transparent in places) and upscale.onnx. Models are added to a folder of each document's own. Other blocks (```console,
# ```text) are not run, and ```sh pypi only with --all: they download from PyPI.
#
#   scripts/check_docs.sh [--all] BIN [DOCUMENT...]      BIN: the folder of the `calotype` to use
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
all=0
if [[ ${1:-} == --all ]]; then
  all=1
  shift
fi
bin=$(realpath -- "${1:?usage: $0 [--all] BIN [DOCUMENT...]}")
shift
documents=("$@")
((${#documents[@]})) || documents=("$root"/README.md "$root"/docs/*.md)
export PATH=$bin:$PATH

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

prepare() {
  mkdir -p "$1/photos"
  cd "$1"
  calotype convert --quiet "$root/assets/images/studio.png" -o photo.png
  calotype convert --quiet "$root/assets/images/studio.png" -o photo.jpg
  calotype convert --quiet "$root/assets/images/fern.png" -o photos/fern.jpg
  cp photo.jpg photos/studio.jpg
  cp photo.jpg noisy.jpg
  mkdir masks
  cp "$root/assets/images/fern.png" "$root/assets/images/studio.png" masks  # white enough in places
  cp masks/studio.png scratches.png
  cp "$root/assets/images/balloon.png" holes.png
  cp "$root/tests/plugins/data/upscale.onnx" .
  { printf 'P5\n64 48\n65535\n'; head -c 6144 "$root/assets/images/landscape.png"; } >scan.pgm
  calotype convert --quiet scan.pgm -o scan.png
  rm scan.pgm
}

failed=0
for document in "${documents[@]}"; do
  document=$(realpath -- "$document")
  commands=$scratch/commands.sh
  awk -v all=$all '/^```/ { inside = $0 == "```sh" || (all && $0 == "```sh pypi"); next } inside' "$document" >"$commands"
  [[ -s $commands ]] || continue
  folder=$scratch/$(basename "$document" .md)
  (prepare "$folder")
  if (cd "$folder" && XDG_DATA_HOME=$folder.data bash -ex -o pipefail "$commands") >"$scratch/log" 2>&1; then
    echo "ok      ${document#"$root"/}: $(grep -cv '^ *\(#\|$\)' "$commands") command lines"
  else
    echo "FAILED  ${document#"$root"/}, last lines:"
    tail -n 15 "$scratch/log"
    failed=1
  fi
done
exit $failed
