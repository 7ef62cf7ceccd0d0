// SPDX-License-Identifier: Apache-2.0
#include "fit.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "../common/samples.hpp"

namespace calotype::foreign {
namespace {

constexpr double kBars = 114 / 255.;  // as those who train detectors fill them

cv::Mat resized(const cv::Mat& pixels, const cv::Size& size) {
  const bool shrinks = size.width < pixels.cols || size.height < pixels.rows;
  cv::Mat result;
  cv::resize(pixels, result, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

}  // namespace

cv::Mat fitted(const cv::Mat& pixels, const InputSpec& input) {
  if (input.is_free()) return pixels;
  if (input.fit == InputSpec::Fit::stretch) return resized(pixels, input.size);
  const double x = double(input.size.width) / pixels.cols, y = double(input.size.height) / pixels.rows;
  if (input.fit == InputSpec::Fit::letterbox) {
    const double scale = std::min(x, y);
    const cv::Size size(std::clamp(static_cast<int>(std::lround(pixels.cols * scale)), 1, input.size.width),
                        std::clamp(static_cast<int>(std::lround(pixels.rows * scale)), 1, input.size.height));
    cv::Mat result(input.size, pixels.type(), cv::Scalar::all(kBars * full_scale(pixels.depth())));
    resized(pixels, size)
        .copyTo(result(
            cv::Rect(cv::Point((input.size.width - size.width) / 2, (input.size.height - size.height) / 2), size)));
    return result;
  }
  // The part that remains is cut out first: a picture of one row has no size that can be cut.
  const double scale = std::max(x, y);
  const cv::Size size(std::clamp(static_cast<int>(std::lround(input.size.width / scale)), 1, pixels.cols),
                      std::clamp(static_cast<int>(std::lround(input.size.height / scale)), 1, pixels.rows));
  const cv::Point corner((pixels.cols - size.width) / 2, (pixels.rows - size.height) / 2);
  return resized(pixels(cv::Rect(corner, size)), input.size);
}

}  // namespace calotype::foreign
