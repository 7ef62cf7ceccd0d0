// SPDX-License-Identifier: Apache-2.0
#include "restorer.hpp"

#include <calotype/error.hpp>
#include <calotype/tiling.hpp>
#include <opencv2/core.hpp>

#include "tile.hpp"
#include "tile_plan.hpp"

namespace calotype::restore {
namespace {

bool same(const EngineChoice& a, const EngineChoice& b) {
  return a.engine == b.engine && a.device == b.device && a.precision == b.precision && a.threads == b.threads;
}

int round_up(int length, int multiple) { return (length + multiple - 1) / multiple * multiple; }

}  // namespace

void Restorer::open(const std::string& model, const EngineChoice& choice) {
  if (session_ && model == name_ && same(choice, choice_)) return;
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
  const cv::Size padded(round_up(pixels.cols, tiles.multiple), round_up(pixels.rows, tiles.multiple));
  const cv::Rect bounds(cv::Point(0, 0), pixels.size());
  cv::Mat result(pixels.size(), pixels.type());
  run_tiled(
      *session_, padded, tiles, 1, [&](const cv::Rect& from) { return load_tile(pixels, condition, from); },
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

std::vector<ParamSpec> restorer_params() {
  std::vector<ParamSpec> params = {
      {"max-memory", std::int64_t(0), "megabytes that the whole process may use; 0 takes the model's tile size", 0.0}};
  for (ParamSpec& param : engine_params()) params.push_back(std::move(param));
  return params;
}

}  // namespace calotype::restore
