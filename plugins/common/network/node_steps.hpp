// SPDX-License-Identifier: Apache-2.0
// What one node of a folded graph is as a step or as post operations, apart from its inputs and results.
#pragma once
#include <functional>
#include <optional>

#include "node_errors.hpp"
#include "program.hpp"

namespace calotype::network {

/// Of strides, kernels, borders and blocks: what engines compute of such numbers fits their arithmetic.
constexpr int kMostAttribute = 1024;

/// Of a function of single elements; nothing for other operators.
std::optional<std::vector<PostOp>> element_function(const Node& node);
/// Of everything that has a step of its own but convolutions; nothing for other operators. `constant`: the values of an
/// input.
std::optional<Step> step_of(const Node& node, const std::function<std::vector<float>(std::size_t)>& constant);

/// N whole numbers of an attribute.
template <std::size_t N>
std::array<int, N> whole_numbers(const Node& node, const std::string& key, int otherwise) {
  std::array<int, N> result;
  result.fill(otherwise);
  const auto found = node.numbers.find(key);
  if (found == node.numbers.end()) return result;
  if (found->second.size() != N) refuse_node(node, "attribute " + key + " needs " + std::to_string(N) + " numbers");
  for (std::size_t i = 0; i < N; ++i) result[i] = whole(found->second[i]);
  return result;
}

}  // namespace calotype::network
