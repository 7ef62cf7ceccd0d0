#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that Calotype needs and that are missing.
#
#   scripts/install_dependencies.sh            to build
#   scripts/install_dependencies.sh --tests    and to run scripts/test.sh
#   scripts/install_dependencies.sh --bench    and to run bench/ (peer codecs, Python)
#   scripts/install_dependencies.sh --openvino[=FOLDER]
#                                              and OpenVINO from PyPI for engine_openvino, into a Python environment of its
#                                              own (build/openvino), whose libraries are used at run time too
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

packages=(g++ cmake ninja-build pkg-config libopencv-dev libboost-program-options-dev libboost-test-dev
          libjpeg62-turbo-dev libpng-dev libtiff-dev liblcms2-dev libpugixml-dev zlib1g-dev libisal-dev libxxhash-dev libdnnl-dev ocl-icd-opencl-dev)  # the last: dnnl-config.cmake asks for it
openvino=
for option in "$@"; do
  case $option in
    --tests) packages+=(clang-14 libclang-rt-14-dev) ;;
    --bench) packages+=(libjpeg-turbo-progs libopenjp2-tools webp libavif-bin libjxl-tools python3-venv) ;;
    --openvino) openvino=$root/build/openvino ;;
    --openvino=?*) openvino=${option#*=} ;;
    *) echo "usage: $0 [--tests] [--bench] [--openvino[=FOLDER]]" >&2; exit 2 ;;
  esac
done
if [[ $openvino ]]; then
  packages+=(python3-venv)
fi

install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "No apt-get here: install the equivalents of ${packages[*]} yourself." >&2
    return
  fi
  local missing=() as_root=() package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    return
  fi
  if ((EUID != 0)); then
    command -v sudo >/dev/null || { echo "As root: apt-get install ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# The wheel holds headers, CMake's package and libraries; what it depends on is for Python alone.
install_openvino() {
  local wheel=openvino==2026.4.1
  if compgen -G "$openvino/lib/python3*/site-packages/${wheel/==/-}.dist-info" >/dev/null; then
    return
  fi
  echo "Installing $wheel into $openvino"
  python3 -m venv "$openvino"
  "$openvino/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: "$wheel"
}

install_packages
if [[ $openvino ]]; then
  install_openvino
fi
