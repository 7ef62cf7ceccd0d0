// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openvino/core/model.hpp>

namespace calotype::openvino {

/// OpenVINO's CPU plugin keeps the weights that it has packed by their address and the layout that they are packed
/// into, whatever the one that they come from: of a convolution and a transposed one, or two such products of matrices,
/// that share theirs, one is computed with the other's (OpenVINO 2026.4). This gives each weights of its own.
void give_each_its_own_weights(ov::Model& model);

}  // namespace calotype::openvino
