// SPDX-License-Identifier: Apache-2.0
#include "tile.hpp"

#include <opencv2/core.hpp>
#include <vector>

#include "../common/samples.hpp"
#include "../common/tiles.hpp"

namespace calotype::restore {
namespace {

cv::Mat plane(const cv::Mat& tensor, int channel) {
  return cv::Mat(tensor.size[2], tensor.size[3], CV_32F, const_cast<float*>(tensor.ptr<float>(0, channel)));
}

}  // namespace

cv::Mat load_tile(const cv::Mat& pixels, const cv::Mat& condition, const cv::Rect& from) {
  const int dims[] = {1, 4, from.height, from.width};
  cv::Mat tensor(4, dims, CV_32F);
  const cv::Mat samples = mirrored(pixels, from);
  std::vector<cv::Mat> channels;
  cv::split(samples, channels);
  for (int c = 0; c < 3; ++c) {
    cv::Mat target = plane(tensor, c);
    channels[channels.size() < 3 ? 0 : std::size_t(2 - c)].convertTo(target, CV_32F, 1 / full_scale(pixels.depth()));
  }
  cv::Mat map = plane(tensor, 3);
  if (condition.total() == 1)
    map.setTo(condition.at<float>(0));
  else
    mirrored(condition, from).copyTo(map);
  return tensor;
}

void subtract_tile(const cv::Mat& pixels, const cv::Mat& wrong, double strength, cv::Mat& target) {
  const cv::Rect part(0, 0, pixels.cols, pixels.rows);
  const double scale = strength * full_scale(pixels.depth());
  cv::Mat planes[3], residual;
  for (int c = 0; c < 3; ++c) planes[c] = plane(wrong, 2 - c)(part);
  std::vector<cv::Mat> channels, results;
  cv::split(pixels, channels);
  const std::size_t colours = channels.size() < 3 ? 1 : 3;
  if (colours == 1) {
    residual = (planes[0] + planes[1] + planes[2]) / 3;
    planes[0] = residual;
  }
  for (std::size_t c = 0; c < channels.size(); ++c) {
    cv::Mat result = channels[c];
    if (c < colours) cv::addWeighted(channels[c], 1, planes[c], -scale, 0, result, pixels.depth());
    results.push_back(result);
  }
  cv::merge(results, target);
}

}  // namespace calotype::restore
