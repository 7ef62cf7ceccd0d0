// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>

#include "calotype/image.hpp"

/// A network of one to six of the operators that engines run, with sides, strides and borders of all kinds.
struct RandomNetwork {
  calotype::Bytes onnx;
  std::array<int, 4> input;  ///< shape of "x", which it fits
};

/// The same for the same seed. `most_channels`: of the input and of what convolutions make.
RandomNetwork random_network(unsigned seed, int most_channels = 64);
