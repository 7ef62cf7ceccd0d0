// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "calotype/image.hpp"

namespace calotype {

/// An ONNX model with every weight that lies in another file fetched, and every fp16 one widened to fp32: OpenCV
/// before 4.7 reads neither. Throws corrupt for a file that is no protobuf message.
Bytes with_inline_fp32_weights(const std::filesystem::path& onnx);

}  // namespace calotype
