// SPDX-License-Identifier: Apache-2.0
// What elements share that run a network over a picture in tiles.
#pragma once
#include <calotype/model.hpp>
#include <opencv2/core.hpp>
#include <vector>

namespace calotype {

/// max-memory, for tile_plan(), and the parameters of engines; to append to an element's own.
inline std::vector<ParamSpec> tiled_params() {
  std::vector<ParamSpec> params = {
      {"max-memory", std::int64_t(0), "megabytes that the whole process may use; 0 takes the model's tile size", 0.0}};
  for (ParamSpec& param : engine_params()) params.push_back(std::move(param));
  return params;
}

inline int round_up(int length, int multiple) { return (length + multiple - 1) / multiple * multiple; }

/// Sides of the tensor of a picture, which is mirrored beyond its own.
inline cv::Size padded(const cv::Size& size, const TilePlan& tiles) {
  if (!tiles.window.empty())
    return {std::max(size.width, tiles.window.width), std::max(size.height, tiles.window.height)};
  return {round_up(size.width, tiles.multiple), round_up(size.height, tiles.multiple)};
}

/// `from` of a picture, mirrored where it reaches beyond.
inline cv::Mat mirrored(const cv::Mat& picture, const cv::Rect& from) {
  const cv::Rect inside = from & cv::Rect(cv::Point(0, 0), picture.size());
  if (inside == from) return picture(from);
  cv::Mat grown;
  cv::copyMakeBorder(picture(inside), grown, inside.y - from.y, from.br().y - inside.br().y, inside.x - from.x,
                     from.br().x - inside.br().x, cv::BORDER_REFLECT_101 | cv::BORDER_ISOLATED);
  return grown;
}

}  // namespace calotype
