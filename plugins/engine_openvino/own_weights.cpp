// SPDX-License-Identifier: Apache-2.0
#include "own_weights.hpp"

#include <algorithm>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/transpose.hpp>
#include <set>
#include <vector>

namespace calotype::openvino {
namespace {

using Chain = std::vector<std::shared_ptr<ov::Node>>;

/// From here on up the first inputs, to the weights, which nothing goes into.
Chain chain_from(std::shared_ptr<ov::Node> node) {
  Chain chain = {std::move(node)};
  while (chain.back()->get_input_size()) chain.push_back(chain.back()->get_input_node_shared_ptr(0));
  return chain;
}

std::shared_ptr<ov::Node> copy_of(const Chain& chain) {
  const auto& weights = dynamic_cast<const ov::op::v0::Constant&>(*chain.back());
  std::shared_ptr<ov::Node> copy =
      std::make_shared<ov::op::v0::Constant>(weights.get_element_type(), weights.get_shape(), weights.get_data_ptr());
  for (auto step = chain.rbegin() + 1; step != chain.rend(); ++step) {
    ov::OutputVector inputs = (*step)->input_values();
    inputs[0] = copy;
    copy = (*step)->copy_with_new_inputs(inputs);
  }
  return copy;
}

}  // namespace

void give_each_its_own_weights(ov::Model& model) {
  std::set<ov::Node*> constant, used;
  for (const auto& node : model.get_ordered_ops()) {
    const ov::OutputVector values = node->input_values();
    const auto is_constant = [&](const ov::Output<ov::Node>& v) { return constant.count(v.get_node()) == 1; };
    const bool same_values = ov::is_type_any_of<ov::op::v0::Convert, ov::op::v1::Reshape, ov::op::v1::Transpose>(node);
    if (ov::is_type<ov::op::v0::Constant>(node) ||
        (same_values && std::all_of(values.begin(), values.end(), is_constant))) {
      constant.insert(node.get());
      continue;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!is_constant(values[i])) continue;
      const Chain chain = chain_from(values[i].get_node_shared_ptr());
      if (!used.insert(chain.back().get()).second) node->input(i).replace_source_output(copy_of(chain));
    }
  }
}

}  // namespace calotype::openvino
