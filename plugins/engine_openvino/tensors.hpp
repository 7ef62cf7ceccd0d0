// SPDX-License-Identifier: Apache-2.0
// What the host hands in and asks for (calotype/engine.hpp), and tensors of a network's own layout.
#pragma once
#include <opencv2/core/mat.hpp>
#include <openvino/core/partial_shape.hpp>
#include <openvino/runtime/tensor.hpp>

namespace calotype::openvino {

/// A tensor on the memory of `floats`, which is `given` itself, or what it was turned into.
struct Input {
  cv::Mat floats;
  ov::Tensor tensor;
};

/// `wanted` is the shape of the network's input. `channels_last`: its pictures are N,H,W,C. Throws engine.
Input as_input(const cv::Mat& given, const ov::PartialShape& wanted, bool channels_last);

/// Puts a result into the form that `to` asks for. Throws engine where it does not fit.
void hand_over(const ov::Tensor& result, bool channels_last, cv::Mat& to);

}  // namespace calotype::openvino
