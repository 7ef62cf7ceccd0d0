// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "calotype/image.hpp"

/// A TensorFlow Lite file of one input and one output, without operators: enough to be looked into.
calotype::Bytes tflite_file(const std::string& input, const std::vector<int>& input_shape, const std::string& output,
                            const std::vector<int>& output_shape);
