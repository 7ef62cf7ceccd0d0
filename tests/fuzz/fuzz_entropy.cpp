// SPDX-License-Identifier: Apache-2.0
// A codec model's tables from a stranger, and a group that is decoded with them.
#include "calotype/calotype.hpp"
#include "directory.hpp"
#include "fuzz_target.hpp"
#include "group.hpp"
#include "networks/model_writer.hpp"

using namespace calotype;
using namespace calotype::latent;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory directory("entropy");
  const auto file = directory.path / "entropy.bin";
  write_file(file.string(), Bytes(data, data + size), true);
  try {
    const Records records{FileView(file.string())};
    const EntropyTables tables(records);
    const std::vector<int> shape = {tables.anchors, tables.channels};
    for (const char* name : {"gain", "inverse", "norm"}) records.f32(name, shape);
    constexpr int kRows = 5, kColumns = 7;
    for (const int rate : {0, tables.largest_rate()}) {
      const GroupSymbols zeros(tables, kRows, kColumns);
      ScaleModel scales(tables, rate, zeros);
      for (int step = 0; step < kSteps; ++step) scales.indices(step);
      const Bytes stream = encode_group(tables, zeros, scales.indices());
      decode_group(tables, rate, kRows, kColumns, stream.data(), stream.size());
      decode_group(tables, rate, kRows, kColumns, data, size);  // as good a stream as any
    }
  } catch (const Error&) {
  }
  return 0;
}

std::vector<Bytes> fuzz_seeds() { return {tiny_codec_tables().bytes, tiny_codec_tables(1).bytes}; }
