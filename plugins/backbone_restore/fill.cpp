// SPDX-License-Identifier: Apache-2.0
#include "fill.hpp"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace calotype::restore {
namespace {

cv::Mat spread(const cv::Mat& plane, int channels) {
  cv::Mat all;
  cv::merge(std::vector<cv::Mat>(std::size_t(channels), plane), all);
  return all;
}

cv::Mat halved(const cv::Mat& plane) {
  cv::Mat even, half;
  cv::copyMakeBorder(plane, even, 0, plane.rows % 2, 0, plane.cols % 2, cv::BORDER_CONSTANT);
  cv::resize(even, half, even.size() / 2, 0, 0, cv::INTER_AREA);
  return half;
}

/// `values` are samples times `known`, which is 0 to 1.
cv::Mat push_pull(const cv::Mat& values, const cv::Mat& known) {
  double least = 0;
  cv::minMaxLoc(known, &least);
  if (least > 0 || std::max(known.rows, known.cols) == 1)
    return values / spread(cv::max(known, 1e-6), values.channels());
  const cv::Mat coarse = push_pull(halved(values), halved(known));
  cv::Mat fine;
  cv::resize(coarse, fine, coarse.size() * 2, 0, 0, cv::INTER_LINEAR);
  return values + spread(1 - known, values.channels()).mul(fine(cv::Rect(0, 0, known.cols, known.rows)));
}

}  // namespace

cv::Mat fill(const cv::Mat& samples, const cv::Mat& mask) {
  cv::Mat known, values = samples.clone();
  cv::Mat(mask == 0).convertTo(known, CV_32F, 1 / 255.);
  values.setTo(cv::Scalar::all(0), mask);
  return push_pull(values, known);
}

}  // namespace calotype::restore
