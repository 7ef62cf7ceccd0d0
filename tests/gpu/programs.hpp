// SPDX-License-Identifier: Apache-2.0
// What programs are put together from by hand.
#pragma once
#include "network/program.hpp"

/// Small numbers that differ, the same for the same seed.
std::vector<float> numbers(std::size_t count, unsigned seed);

/// An empty step of some name.
calotype::network::Step step_of(calotype::network::Step::Kind kind, std::vector<int> in);

/// A convolution with weights and bias.
calotype::network::Step convolution(int inputs, int outputs, int group, std::array<int, 2> kernel,
                                    bool transposed = false);

/// Inputs "x0", "x1" and so on; the result of the last step is the output "y".
calotype::network::Program program_of(std::vector<calotype::network::Step> steps, int inputs = 1);
