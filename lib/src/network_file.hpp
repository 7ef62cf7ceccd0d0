// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/network_file.hpp"

namespace calotype {

NetworkFile read_onnx_file(const std::filesystem::path& file);
NetworkFile read_tflite_file(const std::filesystem::path& file);

}  // namespace calotype
