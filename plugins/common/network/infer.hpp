// SPDX-License-Identifier: Apache-2.0
// The shapes of what nodes make, as far as those of their inputs tell.
#pragma once
#include <optional>
#include <vector>

#include "graph.hpp"

namespace calotype::network {

/// Of a Reshape, Flatten, Squeeze or Unsqueeze; nothing where that is not known yet.
std::optional<Dims> reshaped(const Node& node, const Dims& in, const std::vector<const Constant*>& constants);

/// Of the node's results; an empty list where even the rank is not known. `in`: of its inputs, empty for those that are
/// not known or left out. Throws corrupt where they do not fit together.
std::vector<std::optional<Dims>> infer(const Node& node, const std::vector<std::optional<Dims>>& in,
                                       const std::vector<const Constant*>& constants);

/// Padding before and after each side of a convolution or pooling, top left bottom right; nothing where it depends on a
/// side that is not known ("SAME").
std::optional<std::vector<int>> padding(const Node& node, const Dims& in, const std::vector<int>& kernel);

}  // namespace calotype::network
