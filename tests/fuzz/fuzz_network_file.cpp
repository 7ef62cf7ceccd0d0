// SPDX-License-Identifier: Apache-2.0
// A network's file from a stranger, before anybody runs it.
#include "calotype/calotype.hpp"
#include "directory.hpp"
#include "fuzz_target.hpp"
#include "networks/foreign_networks.hpp"
#include "networks/tflite_writer.hpp"

using namespace calotype;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory directory("network_file");
  for (const char* name : {"a.onnx", "a.tflite"}) {
    const auto file = directory.path / name;
    write_file(file.string(), Bytes(data, data + size), true);
    try {
      read_network_file(file);
    } catch (const Error&) {
    }
  }
  return 0;
}

std::vector<Bytes> fuzz_seeds() {
  return {doubler(), blur(0, 0, "a.bin"), colour_classifier(true, {{"names", "{0: 'cat'}"}}),
          tflite_file("photo", {1, 200, 100, 3}, "mask", {1, 5})};
}
