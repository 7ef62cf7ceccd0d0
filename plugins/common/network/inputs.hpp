// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/engine.hpp"
#include "program.hpp"

namespace calotype::network {

/// Of the tensor that an input is or stands for (calotype/engine.hpp). Throws engine for anything that is neither a
/// picture nor a continuous tensor of floats with 4 dimensions, 3 (h,w,C), or 2 (N,C).
Shape input_shape(const std::string& name, const cv::Mat& given);

/// Of all inputs of a program. Throws engine where one is missing, or there are others.
std::vector<Shape> input_shapes(const Program& program, const TensorMap& in);

}  // namespace calotype::network
