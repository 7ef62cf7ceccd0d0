// SPDX-License-Identifier: Apache-2.0
#include "holes.hpp"

#include <algorithm>
#include <calotype/error.hpp>
#include <calotype/io.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "../common/samples.hpp"

namespace calotype::restore {
namespace {

constexpr int kPad = 64;

std::string text(const cv::Size& size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

/// White where any colour is bright; transparent is not white.
cv::Mat mask_of(const cv::Mat& drawn) {
  std::vector<cv::Mat> channels;
  cv::split(with_depth(drawn, CV_8U), channels);
  cv::Mat brightest = channels[0];
  const std::size_t colours = channels.size() - has_alpha(drawn);
  for (std::size_t c = 1; c < colours; ++c) brightest = cv::max(brightest, channels[c]);
  if (has_alpha(drawn)) brightest = cv::min(brightest, channels.back());
  return brightest >= 128;
}

[[noreturn]] void refuse(const cv::Size& mask, const cv::Size& picture) {
  throw Error(ErrorCode::usage, "the mask is " + text(mask) + " and the picture " + text(picture),
              "make a mask of the picture's size");
}

/// The picture's size is the limit, whatever the file may hold.
cv::Mat drawn_mask(const std::string& path, const cv::Size& size) {
  const Bytes file = read_file(path);
  const ImageInfo info = probe(file, extension_of(path), path);
  const cv::Size stored(info.width, info.height), turned(info.height, info.width);  // EXIF may ask for either
  if (stored != size && turned != size) refuse(stored, size);
  Limits limits;
  limits.max_pixels = std::int64_t(size.width) * size.height;
  return mask_of(decode(file, extension_of(path), {}, limits, path).pixels);
}

}  // namespace

cv::Mat hole_mask(const Image& image, const std::string& path) {
  cv::Mat mask;
  if (!path.empty()) {
    mask = drawn_mask(path, image.pixels.size());
  } else if (!image.mask.empty()) {
    mask = image.mask >= 128;
  } else if (has_alpha(image.pixels)) {
    cv::Mat alpha;
    cv::extractChannel(image.pixels, alpha, image.pixels.channels() - 1);
    mask = alpha < full_scale(alpha.depth()) / 2;
  } else {
    throw Error(ErrorCode::usage, "nothing says what to repair",
                "give mask=FILE, white where the picture is to be repaired, or a picture that is transparent there");
  }
  if (mask.size() != image.pixels.size()) refuse(mask.size(), image.pixels.size());
  return mask;
}

std::vector<cv::Rect> surroundings(const cv::Mat& mask) {
  cv::Mat labels, stats, centroids;
  const int count = cv::connectedComponentsWithStats(mask, labels, stats, centroids);
  const cv::Rect bounds(cv::Point(0, 0), mask.size());
  std::vector<cv::Rect> found;
  for (int i = 1; i < count; ++i) {
    const cv::Rect box(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                       stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
    const int pad = std::max({kPad, box.width, box.height});
    cv::Rect grown = cv::Rect(box.x - pad, box.y - pad, box.width + 2 * pad, box.height + 2 * pad) & bounds;
    // Each one that it meets is taken in; the larger one may then meet others.
    for (std::size_t other = 0; other < found.size();)
      if ((found[other] & grown).empty()) {
        ++other;
      } else {
        grown |= found[other];
        found.erase(found.begin() + static_cast<std::ptrdiff_t>(other));
        other = 0;
      }
    found.push_back(grown);
  }
  return found;
}

double hole_depth(const cv::Mat& mask) {
  if (cv::countNonZero(mask) == static_cast<int>(mask.total())) return std::max(mask.cols, mask.rows);
  cv::Mat distance;
  cv::distanceTransform(mask, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  double deepest = 0;
  cv::minMaxLoc(distance, nullptr, &deepest);
  return deepest;
}

}  // namespace calotype::restore
