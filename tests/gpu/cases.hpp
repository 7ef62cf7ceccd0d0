// SPDX-License-Identifier: Apache-2.0
// Small programs that show every step, parameter and post operation, for the processor and for devices.
#pragma once
#include <string>

#include "network/program.hpp"

struct Case {
  std::string name;
  calotype::network::Program program;  ///< one output, "y"
  std::vector<calotype::network::Shape> inputs;
};

std::vector<Case> all_cases();
/// Those of them with pooling, normalisation, resizing and the like.
std::vector<Case> spatial_cases();

/// A program with one convolution of 3 to 3 channels and 1x1 taps.
calotype::network::Program colour_matrix();
