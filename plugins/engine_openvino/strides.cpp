// SPDX-License-Identifier: Apache-2.0
#include "strides.hpp"

#include <algorithm>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/pad.hpp>

namespace calotype::openvino {
namespace {

template <class Numbers, class Number>
bool all_are(const Numbers& numbers, Number n) {
  return std::all_of(numbers.begin(), numbers.end(), [=](auto v) { return v == n; });
}

bool is_in_danger(const ov::op::v1::Convolution& convolution) {
  if (convolution.get_input_partial_shape(1).is_dynamic()) return false;
  const ov::Shape& weights = convolution.get_input_shape(1);
  const bool one_pixel = all_are(ov::Shape(weights.begin() + 2, weights.end()), 1u);
  const bool padded = !all_are(convolution.get_pads_begin(), 0) || !all_are(convolution.get_pads_end(), 0);
  return one_pixel && padded && !all_are(convolution.get_strides(), 1u);
}

}  // namespace

void keep_strides_behind_padding(ov::Model& model) {
  for (const auto& node : model.get_ordered_ops()) {
    const auto convolution = ov::as_type_ptr<ov::op::v1::Convolution>(node);
    if (!convolution || !is_in_danger(*convolution)) continue;
    const auto weights = convolution->input_value(1);
    std::vector<std::int64_t> none(weights.get_shape().size(), 0), one(none);
    std::fill(one.begin() + 2, one.end(), 1);
    const auto list = [](const std::vector<std::int64_t>& numbers) {
      return ov::op::v0::Constant::create(ov::element::i64, {numbers.size()}, numbers);
    };
    convolution->input(1).replace_source_output(
        std::make_shared<ov::op::v1::Pad>(weights, list(none), list(one), ov::op::PadMode::CONSTANT));
    ov::CoordinateDiff end = convolution->get_pads_end();
    for (auto& side : end) ++side;
    convolution->set_pads_end(end);
  }
  model.validate_nodes_and_infer_types();
}

}  // namespace calotype::openvino
