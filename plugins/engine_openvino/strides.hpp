// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openvino/core/model.hpp>

namespace calotype::openvino {

/// OpenVINO hands the strides of a kernel of one pixel to the convolution before it, and forgets that the padding
/// between the two was not strided (OpenVINO 2026.4). This makes such kernels, where there is padding, one pixel
/// larger.
void keep_strides_behind_padding(ov::Model& model);

}  // namespace calotype::openvino
