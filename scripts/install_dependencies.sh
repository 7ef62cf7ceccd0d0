#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that Calotype needs and that are missing.
#
#   scripts/install_dependencies.sh            to build
#   scripts/install_dependencies.sh --tests    and to run scripts/test.sh
#   scripts/install_dependencies.sh --bench    and to run bench/ (peer codecs, Python)
set -euo pipefail

packages=(g++ cmake ninja-build pkg-config libopencv-dev libboost-program-options-dev libboost-test-dev
          libjpeg62-turbo-dev libpng-dev libtiff-dev liblcms2-dev libpugixml-dev zlib1g-dev libisal-dev libxxhash-dev libdnnl-dev ocl-icd-opencl-dev)  # the last: dnnl-config.cmake asks for it
for option in "$@"; do
  case $option in
    --tests) packages+=(clang-14 libclang-rt-14-dev) ;;
    --bench) packages+=(libjpeg-turbo-progs libopenjp2-tools webp libavif-bin libjxl-tools python3-venv) ;;
    *) echo "usage: $0 [--tests] [--bench]" >&2; exit 2 ;;
  esac
done

if ! command -v apt-get >/dev/null; then
  echo "No apt-get here: install the equivalents of ${packages[*]} yourself." >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || { echo "As root: apt-get install ${missing[*]}" >&2; exit 1; }
  root=(sudo)
fi
echo "Installing ${missing[*]}"
"${root[@]}" apt-get update -q
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
