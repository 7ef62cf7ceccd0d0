// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/image.hpp>
#include <calotype/model.hpp>
#include <vector>

namespace calotype::foreign {

/// The `top` best labels that a model of task `classify` gives a picture; `session` runs its network. Classes that have
/// no name are called "class N", from 0.
std::vector<Label> classify(Session& session, const Model& model, const cv::Mat& pixels, int top);

}  // namespace calotype::foreign
