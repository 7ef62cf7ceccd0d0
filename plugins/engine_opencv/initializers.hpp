// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"

namespace calotype {

/// The same ONNX model with every fp16 weight widened to fp32: OpenCV before 4.7 reads fp32 weights only.
/// Throws corrupt for bytes that are no protobuf message.
Bytes with_fp32_weights(Bytes onnx);

}  // namespace calotype
