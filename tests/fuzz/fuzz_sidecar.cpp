// SPDX-License-Identifier: Apache-2.0
// A sidecar from a stranger.
#include <cstdlib>
#include <string>

#include "fuzz_target.hpp"
#include "magic.hpp"
#include "sidecar.hpp"

using namespace calotype;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto sidecar = parse_sidecar(std::string(reinterpret_cast<const char*>(data), size));
  if (!sidecar) return 0;
  const Bytes bytes(data, data + size);
  for (const ElementInfo& element : sidecar->elements)
    for (const std::string& magic : element.magics)
      if (!is_magic(magic) || match_length(magic, bytes) < 0) std::abort();
  // What was understood can be written, and is understood again.
  const auto again = parse_sidecar(format_sidecar(*sidecar));
  if (!again || again->elements.size() != sidecar->elements.size()) std::abort();
  return 0;
}

std::vector<Bytes> fuzz_seeds() {
  const std::string text =
      "calotype-provides 1\nplugin many \"1.0\" \"Apache-2.0 OR MIT\" all kinds\n"
      "decoder raw priority=0 ext=raw,grey magic=524157,5241??21 doc=Reads.\n"
      "encoder raw priority=-3 ext=raw magic= doc=Writes.\nbackbone shade priority=0 ext= magic= doc=Darkens.\n"
      "engine echo priority=1000 ext= magic= doc=\n";
  return {Bytes(text.begin(), text.end())};
}
