// SPDX-License-Identifier: Apache-2.0
#include "calotype/tiling.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "calotype/error.hpp"

namespace calotype {
namespace {

/// Turns input into output coordinates, exactly.
class Scale {
 public:
  explicit Scale(double scale)
      : multiply_(std::max(1, static_cast<int>(std::lround(scale)))),
        divide_(scale < 1 ? static_cast<int>(std::lround(1 / scale)) : 1) {}

  int operator()(int input) const {
    if (input % divide_ != 0)
      throw Error(ErrorCode::internal, "a tile's edge at " + std::to_string(input) + " falls between output samples",
                  "tile size, halo and tensor sides must be multiples of " + std::to_string(divide_));
    return input / divide_ * multiply_;
  }

 private:
  int multiply_, divide_;
};

std::vector<cv::Range> window(const cv::Rect& r) {
  return {cv::Range::all(), cv::Range::all(), {r.y, r.y + r.height}, {r.x, r.x + r.width}};
}

/// The part of a tensor or of a picture.
cv::Mat cropped(const cv::Mat& made, const cv::Rect& part) {
  if (made.dims == 2) return made(part).clone();
  std::vector<cv::Range> ranges = window(part);
  if (made.dims == 3) ranges = {ranges[2], ranges[3], cv::Range::all()};
  return made(ranges).clone();
}

cv::Size sides(const cv::Mat& made) {
  if (made.dims == 2) return made.size();
  return made.dims == 3 ? cv::Size(made.size[1], made.size[0]) : cv::Size(made.size[3], made.size[2]);
}

int channels(const cv::Mat& made) {
  return made.dims == 2 ? made.channels() : made.dims == 3 ? made.size[2] : made.size[1];
}

/// Runs a network on one tile after another; what it makes of them has the sizes that are due and one number of
/// channels, whatever it is.
class TileRunner {
 public:
  /// `form`: as run_tiled() has it.
  TileRunner(Session& session, int form) : session_(session), form_(form) {}

  cv::Mat run(const cv::Mat& input, const cv::Size& due) {
    const bool picture = form_ >= 0 && form_ != CV_32F;
    if (picture) out_["y"].create(due, form_);
    if (form_ == CV_32F && out_["y"].empty()) out_["y"] = cv::Mat(std::vector<int>{1, 1, 1}, CV_32F);
    session_.run({{"x", input}}, out_);
    const int dims = picture ? 2 : form_ == CV_32F ? 3 : 4;
    const cv::Mat made = out_.empty() ? cv::Mat() : out_.begin()->second;
    if (out_.size() != 1 || made.dims != dims || made.type() != (picture ? form_ : CV_32F) ||
        (dims == 4 && made.size[0] != 1) || (!picture && !made.isContinuous()))
      throw Error(ErrorCode::unsupported, "a tiled network must have one output, 1,C,H,W, as it was asked for",
                  "export the model again with a single output of that shape");
    if (const cv::Size got = sides(made); got != due)
      throw Error(ErrorCode::unsupported,
                  "the network made a " + std::to_string(got.width) + "x" + std::to_string(got.height) +
                      " tile where " + std::to_string(due.width) + "x" + std::to_string(due.height) + " was due",
                  "check the model's [tile] section and its scale");
    if (!channels_) channels_ = channels(made);
    if (channels(made) != channels_)
      throw Error(ErrorCode::unsupported,
                  "the network made tiles of " + std::to_string(channels_) + " and of " +
                      std::to_string(channels(made)) + " channels",
                  "export the model again");
    return made;
  }

 private:
  Session& session_;
  int form_, channels_ = 0;
  TensorMap out_;
};

cv::Size core_of(const TilePlan& plan) {
  if (plan.window.empty()) return {plan.size, plan.size};
  return {plan.window.width - 2 * plan.halo, plan.window.height - 2 * plan.halo};
}

void check(const TilePlan& plan, const cv::Size& size) {
  if (plan.halo < 0 || core_of(plan).empty()) throw Error(ErrorCode::internal, "tiles must be larger than their halos");
  if (!plan.window.empty()) {
    if (size.width < plan.window.width || size.height < plan.window.height)
      throw Error(ErrorCode::internal, "a tensor must not be smaller than the tiles");
    return;
  }
  if (plan.multiple < 1 || plan.size % plan.multiple || plan.halo % plan.multiple)
    throw Error(ErrorCode::internal, "tile size and halo must be multiples of " + std::to_string(plan.multiple));
  if (size.width % plan.multiple || size.height % plan.multiple)
    throw Error(ErrorCode::internal, "tensor sides must be multiples of " + std::to_string(plan.multiple));
}

/// What is run for the core that begins at `core`.
cv::Rect with_halo(const TilePlan& plan, const cv::Point& core, const cv::Size& size) {
  const cv::Point begin(core.x - plan.halo, core.y - plan.halo);
  // Clipped, not padded: the network's own padding then acts at the tensor's true borders, as it would untiled.
  if (plan.window.empty()) {
    const int side = plan.size + 2 * plan.halo;
    return cv::Rect(begin, cv::Size(side, side)) & cv::Rect(cv::Point(0, 0), size);
  }
  return cv::Rect(cv::Point(std::clamp(begin.x, 0, size.width - plan.window.width),
                            std::clamp(begin.y, 0, size.height - plan.window.height)),
                  plan.window);
}

}  // namespace

void run_tiled(Session& session, const cv::Size& size, const TilePlan& plan, double scale,
               const std::function<cv::Mat(const cv::Rect&)>& source,
               const std::function<void(const cv::Mat&, const cv::Rect&)>& sink, const cv::Rect& region, int form) {
  check(plan, size);
  const Scale scaled(scale);
  const cv::Rect bounds(cv::Point(0, 0), size);
  const cv::Size step = core_of(plan);
  TileRunner tiles(session, form);
  for (int y = 0; y < size.height; y += step.height)
    for (int x = 0; x < size.width; x += step.width) {
      const cv::Rect core = cv::Rect(cv::Point(x, y), step) & bounds;
      const cv::Rect where(scaled(core.x), scaled(core.y), scaled(core.width), scaled(core.height));
      if (!region.empty() && (where & region).empty()) continue;
      const cv::Rect grown = with_halo(plan, core.tl(), size);
      const cv::Size made(scaled(grown.width), scaled(grown.height));
      const cv::Mat result = tiles.run(source(grown), made);
      const cv::Rect crop(scaled(core.x - grown.x), scaled(core.y - grown.y), where.width, where.height);
      sink(grown == core ? result : cropped(result, crop), where);
    }
}

cv::Mat run_tiled(Session& session, const cv::Mat& tensor, const TilePlan& plan, double scale) {
  if (tensor.dims != 4 || tensor.size[0] != 1 || tensor.type() != CV_32F || tensor.empty())
    throw Error(ErrorCode::internal, "run_tiled needs a 1,C,H,W tensor of floats");
  const cv::Size size(tensor.size[3], tensor.size[2]);
  const Scale scaled(scale);
  cv::Mat collected;
  run_tiled(
      session, size, plan, scale, [&](const cv::Rect& from) { return tensor(window(from)).clone(); },
      [&](const cv::Mat& core, const cv::Rect& where) {
        const int sizes[] = {1, core.size[1], scaled(size.height), scaled(size.width)};
        if (collected.empty()) collected.create(4, sizes, CV_32F);
        core.copyTo(collected(window(where)));
      });
  return collected;
}

}  // namespace calotype
