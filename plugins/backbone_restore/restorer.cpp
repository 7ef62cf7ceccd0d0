// SPDX-License-Identifier: Apache-2.0
#include "restorer.hpp"

#include <calotype/error.hpp>
#include <calotype/tiling.hpp>
#include <opencv2/core.hpp>

#include "../common/tiles.hpp"
#include "tile.hpp"

namespace calotype::restore {
void Restorer::open(const std::string& model, const EngineChoice& choice) {
  if (session_ && model == name_ && choice == choice_) return;
  auto opened = std::make_unique<Model>(Model::open(model));
  if (opened->manifest().task != "restore")
    throw Error(ErrorCode::usage, "model " + model + " is for \"" + opened->manifest().task + "\", not for restoration",
                "\"calotype inspect\" lists the models");
  session_ = opened->session("restore", choice, {{{"x", 4}}, {{"y", 3}}});
  model_ = std::move(opened);
  name_ = model;
  choice_ = choice;
}

cv::Mat Restorer::run(const cv::Mat& pixels, const cv::Mat& condition, double strength, const TilePlan& tiles) {
  const cv::Rect bounds(cv::Point(0, 0), pixels.size());
  cv::Mat result(pixels.size(), pixels.type());
  run_tiled(
      *session_, padded(pixels.size(), tiles), tiles, 1,
      [&](const cv::Rect& from) { return load_tile(pixels, condition, from); },
      [&](const cv::Mat& wrong, const cv::Rect& where) {
        const cv::Rect inside = where & bounds;
        cv::Mat target = result(inside);
        subtract_tile(pixels(inside), wrong, strength, target);
      });
  return result;
}

cv::Mat Restorer::run(const cv::Mat& pixels, double condition, const Params& params) {
  const TilePlan tiles = tile_plan(manifest(), pixels, params.get<std::int64_t>("max-memory"));
  return run(pixels, cv::Mat(1, 1, CV_32F, cv::Scalar(condition)), params.get<double>("strength"), tiles);
}

}  // namespace calotype::restore
