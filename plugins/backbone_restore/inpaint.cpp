// SPDX-License-Identifier: Apache-2.0
#include "inpaint.hpp"

#include <calotype/error.hpp>
#include <calotype/log.hpp>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>

#include "../common/samples.hpp"
#include "../common/tiles.hpp"
#include "fill.hpp"
#include "holes.hpp"

namespace calotype::restore {
namespace {

/// Holes deeper than this are beyond what the network was trained on (training/restore/holes.py: strokes up to 30).
constexpr double kDepth = 20;

/// cv::inpaint works on 8-bit samples of one or three channels.
cv::Mat classical(const cv::Mat& colours, const cv::Mat& mask, bool telea) {
  cv::Mat repaired;
  cv::inpaint(with_depth(colours, CV_8U), mask, repaired, 3, telea ? cv::INPAINT_TELEA : cv::INPAINT_NS);
  return with_depth(repaired, colours.depth());
}

cv::Mat filled(const cv::Mat& colours, const cv::Mat& mask) {
  cv::Mat samples, rough;
  colours.convertTo(samples, CV_32F);
  fill(samples, mask).convertTo(rough, colours.depth());
  return rough;
}

/// Inside a part of the mask, 1 deep inside and falling towards the mask's edge over `width` pixels; empty for 0.
cv::Mat feathered(const cv::Mat& mask, const cv::Rect& part, int width) {
  if (width == 0) return {};
  const cv::Rect seen =
      cv::Rect(part.x - width - 1, part.y - width - 1, part.width + 2 * width + 2, part.height + 2 * width + 2) &
      cv::Rect(cv::Point(0, 0), mask.size());
  cv::Mat distance;
  cv::distanceTransform(mask(seen), distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  return cv::min(distance(part - seen.tl()) / (width + 1), 1);
}

/// Only where the mask is: everything else stays as it is, to the bit.
void composite(const cv::Mat& repaired, const cv::Mat& mask, const cv::Mat& weight, cv::Mat& target) {
  if (weight.empty()) return repaired.copyTo(target, mask);
  cv::Mat from, to, weights;
  cv::merge(std::vector<cv::Mat>(std::size_t(target.channels()), weight), weights);
  target.convertTo(from, CV_32F);
  repaired.convertTo(to, CV_32F);
  cv::Mat mixed = from + weights.mul(to - from);
  mixed.convertTo(mixed, target.depth());
  mixed.copyTo(target, mask);
}

cv::Mat colours_of(const cv::Mat& pixels) {
  Losses kept;  // with_alpha_of() puts it back
  return has_alpha(pixels) ? without_alpha(pixels, kept) : pixels.clone();
}

/// What was repaired is opaque.
cv::Mat with_alpha_of(const cv::Mat& pixels, const cv::Mat& colours, const cv::Mat& mask) {
  if (!has_alpha(pixels)) return colours;
  std::vector<cv::Mat> channels;
  cv::split(colours, channels);
  channels.emplace_back();
  cv::extractChannel(pixels, channels.back(), pixels.channels() - 1);
  channels.back().setTo(full_scale(pixels.depth()), mask);
  cv::Mat all;
  cv::merge(channels, all);
  return all;
}

}  // namespace

ElementInfo Inpaint::info() {
  ElementInfo info;
  info.name = "inpaint";
  info.doc = "Repairs scratches, text, spots and other holes.";
  info.params = {
      {"mask", std::string(), "picture of the same size, white where to repair; without it, where it is transparent"},
      {"method", std::string("net"), "net, or the classical telea and ns", {}, {}, {"net", "telea", "ns"}},
      {"dilate", std::int64_t(0), "pixels by which the mask grows first", 0.0, 100.0},
      {"feather", std::int64_t(0), "pixels inside the mask's edge over which old and new are mixed", 0.0, 100.0},
      {"model", std::string("inpaint"), "the network, by name or folder"}};
  for (ParamSpec& param : tiled_params()) info.params.push_back(std::move(param));
  return info;
}

void Inpaint::repair(const cv::Mat& colours, const cv::Mat& mask, std::int64_t max_megabytes, int feather) {
  const TilePlan tiles = tile_plan(restorer_.manifest(), colours, max_megabytes);
  const cv::Rect bounds(cv::Point(0, 0), mask.size());
  for (const cv::Rect& part : surroundings(mask))
    for (int y = part.y; y < part.br().y; y += tiles.size)
      for (int x = part.x; x < part.br().x; x += tiles.size) {
        const cv::Rect core = cv::Rect(x, y, tiles.size, tiles.size) & part;
        if (cv::countNonZero(mask(core)) == 0) continue;
        const cv::Rect seen = cv::Rect(core.x - tiles.halo, core.y - tiles.halo, core.width + 2 * tiles.halo,
                                       core.height + 2 * tiles.halo) &
                              bounds;
        cv::Mat condition, target = colours(core);
        mask(seen).convertTo(condition, CV_32F, 1 / 255.);
        const TilePlan whole{tiles.size + 2 * tiles.halo, tiles.halo, tiles.multiple};
        const cv::Mat repaired = restorer_.run(filled(colours(seen), mask(seen)), condition, 1, whole);
        composite(repaired(core - seen.tl()), mask(core), feathered(mask, core, feather), target);
      }
}

Image Inpaint::run(Image image, const Params& params) {
  cv::Mat mask = hole_mask(image, params.get<std::string>("mask"));
  const int dilate = params.get<int>("dilate");
  if (dilate > 0)
    cv::dilate(mask, mask, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(2 * dilate + 1, 2 * dilate + 1)));
  if (cv::countNonZero(mask) == 0) {
    log(LogLevel::warning, "inpaint: the mask is empty, nothing was repaired");
    return image;
  }
  const std::string method = params.get<std::string>("method");
  if (method == "net") restorer_.open(params.get<std::string>("model"), engine_choice(params));
  const double depth = hole_depth(mask);
  if (depth > kDepth)
    log(LogLevel::warning, "inpaint: a hole is " + std::to_string(static_cast<int>(std::lround(depth))) +
                               " pixels deep; beyond " + std::to_string(static_cast<int>(kDepth)) +
                               " expect a blur, not an invented picture");

  const cv::Mat colours = colours_of(image.pixels);
  const int feather = params.get<int>("feather");
  if (method == "net")
    repair(colours, mask, params.get<std::int64_t>("max-memory"), feather);
  else
    for (const cv::Rect& part : surroundings(mask)) {
      cv::Mat target = colours(part);
      composite(classical(target, mask(part), method == "telea"), mask(part), feathered(mask, part, feather), target);
    }
  image.pixels = with_alpha_of(image.pixels, colours, mask);
  image.mask.release();
  return image;
}

}  // namespace calotype::restore
