// SPDX-License-Identifier: Apache-2.0
// What a person may type as a pipeline.
#include "calotype/calotype.hpp"
#include "fuzz_target.hpp"

using namespace calotype;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    Pipeline::parse(std::string(reinterpret_cast<const char*>(data), size)).check();
  } catch (const Error&) {
  }
  return 0;
}

std::vector<Bytes> fuzz_seeds() {
  std::vector<Bytes> seeds;
  for (const std::string text :
       {"decode a.jpg ! encode b.png compression=3", "decode 'a b.png' format=png ! encode \"c \\\" d.jpg\" quality=90",
        "decode - ! encode - format=webp lossless=true quality=5", "encode x.tif compression=lzw", "! ! =", "a=b 'c"})
    seeds.emplace_back(text.begin(), text.end());
  return seeds;
}
