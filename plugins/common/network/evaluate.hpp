// SPDX-License-Identifier: Apache-2.0
// Operators on constants: the arithmetic of shapes that exporters write into graphs, and of weights.
#pragma once
#include <optional>
#include <vector>

#include "node_errors.hpp"

namespace calotype::network {

/// The node's only result. Inputs that are left out are null. Nothing for operators that are not arithmetic; throws
/// corrupt where its operands do not fit, limit where the result would be larger than any weight.
std::optional<Constant> evaluate(const Node& node, const std::vector<const Constant*>& inputs);

/// A list of whole numbers that stands in the attribute `name`, or since some opset in input `index`.
std::optional<std::vector<std::int64_t>> list(const Node& node, const char* name,
                                              const std::vector<const Constant*>& inputs, std::size_t index);
/// -1 is the last of `rank` axes. Throws corrupt for one that there is not.
std::size_t axis_of(const Node& node, std::int64_t axis, std::size_t rank);
/// First, step and count of a Slice along an axis of `side` elements.
struct Range {
  std::int64_t first, step, count;
};
Range range(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t side);

}  // namespace calotype::network
