// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <map>
#include <string>

#include "onnx_writer.hpp"

constexpr std::array<int, 4> kOperatorInput = {1, 6, 8, 10};

/// Networks of an operator or a few, from "x" of the shape above to "y", which OpenCV runs as the ONNX standard says.
std::map<std::string, onnx::Graph> operator_graphs();
