// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer:
//   replay_x FILE...              one run each, to look at a crash
//   replay_x --write-seeds DIR    a starting corpus for libFuzzer
//   replay_x --mutations N        N changed seeds, the same every time
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>

#include "calotype/io.hpp"
#include "fuzz_target.hpp"

using calotype::Bytes;

namespace {

void run(const Bytes& bytes) { LLVMFuzzerTestOneInput(bytes.data(), bytes.size()); }

void write_seeds(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  int number = 0;
  for (const Bytes& seed : fuzz_seeds())
    calotype::write_file((directory / std::to_string(number++)).string(), seed, true);
}

/// Changes, inserts, removes or repeats a few bytes.
Bytes mutated(Bytes bytes, std::mt19937& random) {
  for (auto edits = 1 + random() % 6; edits-- > 0 && !bytes.empty();) {
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size());
    const auto length =
        static_cast<std::ptrdiff_t>(std::min<std::size_t>(random() % 16, static_cast<std::size_t>(bytes.end() - at)));
    switch (random() % 4) {
      case 0:
        *at = static_cast<std::uint8_t>(random());
        break;
      case 1:
        bytes.insert(at, random() % 8, static_cast<std::uint8_t>(random()));
        break;
      case 2:
        bytes.erase(at, at + length);
        break;
      default:
        const Bytes copy(at, at + length);
        bytes.insert(at, copy.begin(), copy.end());
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && arguments[0] == "--write-seeds") {
    write_seeds(arguments[1]);
  } else if (arguments.size() == 2 && arguments[0] == "--mutations") {
    const auto seeds = fuzz_seeds();
    std::mt19937 random(1);
    for (const Bytes& seed : seeds) run(seed);
    for (int i = std::atoi(arguments[1].c_str()); i-- > 0;) run(mutated(seeds[random() % seeds.size()], random));
    std::cout << seeds.size() << " seeds and their mutations ran\n";
  } else {
    for (const std::string& file : arguments) run(calotype::read_file(file));
  }
}
