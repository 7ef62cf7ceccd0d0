// SPDX-License-Identifier: Apache-2.0
// What needs no convolution: post operations by themselves, rearrangements, and the way between tensors and views.
#pragma once
#include <opencv2/core/mat.hpp>
#include <vector>

#include "network/program.hpp"
#include "view.hpp"

namespace calotype::onednn {

/// A post operation with its operand found.
struct BoundPost {
  const network::PostOp* op;
  View operand;
};

/// The post operations of a step from `first` on, with `views` of all values.
std::vector<BoundPost> bound_posts(const network::Step& step, std::size_t first, const std::vector<View>& views);

/// To the nearest, as narrowed() does.
void narrow(const float* from, bf16* to, int count);
/// out = post(in); in and out may be the same.
void pointwise(const View& in, const std::vector<BoundPost>& post, const View& out);
/// What rounding to bf16 left of floats: out = in - rounded. Returns for every channel of every row whether there is
/// anything.
std::vector<std::uint8_t> remainder(const View& in, const View& rounded, const View& out);
void concatenate(const std::vector<View>& in, const View& out);
void depth_to_space(const View& in, int block, bool columns_first, const View& out);
void space_to_depth(const View& in, int block, const View& out);

/// A tensor N,C,H,W of floats, or a picture (engine.hpp), to a view of the same shape and back. `post`: what is done to
/// it on the way; none of these has an operand.
void load(const cv::Mat& tensor, const View& out, const std::vector<BoundPost>& post = {});
void store(const View& in, cv::Mat& tensor);

}  // namespace calotype::onednn
