// SPDX-License-Identifier: Apache-2.0
// What a fuzz target defines. libFuzzer or replay_main.cpp calls it; a bug is a crash, a sanitizer's report, or an
// exception other than calotype::Error.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "calotype/image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// Good inputs to start from, made when asked for.
std::vector<calotype::Bytes> fuzz_seeds();
