# SPDX-License-Identifier: Apache-2.0
# sh check.sh CALOTYPE PLUGIN_DIRECTORY: the example is found, documented and right, lazily through its sidecar.
set -eu
calotype=$1 plugins=$2
cd "$plugins"
export CALOTYPE_PLUGIN_PATH="$plugins"

fail() { echo "external_plugin: $*" >&2; exit 1; }
[ -s calotype_invert.provides ] || fail "no sidecar was written"
"$calotype" inspect invert | grep -q amount || fail "inspect does not show the parameter"

# Two pixels, through PNG, inverted and back.
printf 'P6\n2 1\n255\n\000\001\002\377\376\375' >in.ppm
printf 'P6\n2 1\n255\n\377\376\375\000\001\002' >expected.ppm
"$calotype" run --overwrite "decode in.ppm ! encode a.png"
"$calotype" run --overwrite "decode a.png ! invert ! encode b.png"
"$calotype" run --overwrite "decode b.png ! encode out.ppm"
cmp out.ppm expected.ppm || fail "invert does not invert"

if "$calotype" run --overwrite "decode a.png ! invert amount=2 ! encode b.png" 2>message.txt; then
  fail "amount=2 was accepted"
fi
grep -q amount message.txt || fail "the error does not name the parameter: $(cat message.txt)"
