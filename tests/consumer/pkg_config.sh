# SPDX-License-Identifier: Apache-2.0
# sh pkg_config.sh LIBDIR WORK SAMPLE COMPILER [FLAG...]: builds the consumer with what calotype.pc says, and runs it.
set -eu
libdir=$1 work=$2 sample=$3
shift 3
mkdir -p "$work"
export PKG_CONFIG_PATH="$libdir/pkgconfig"
# shellcheck disable=SC2046  # flags are words
"$@" -std=c++17 "$(dirname "$0")/project/consumer.cpp" -o "$work/consumer" $(pkg-config --cflags --libs calotype) \
  -Wl,-rpath,"$libdir"
"$work/consumer" "$sample" "$work/out.png"
