// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/image.hpp"
#include "network/graph.hpp"

namespace calotype {

/// A folded graph (network/fold.hpp) as an ONNX file again, as OpenCV 4.6 reads it, which cannot fold. Throws unsupported,
/// naming operator and node, for a rearrangement that is no transposition.
Bytes folded_onnx(const network::Graph& graph);

}  // namespace calotype
