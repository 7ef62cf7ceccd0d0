// SPDX-License-Identifier: Apache-2.0
// Pictures as inputs and outputs of networks (calotype/engine.hpp), for engines that work on tensors alone.
#pragma once
#include <opencv2/core.hpp>
#include <vector>

#include "calotype/error.hpp"
#include "samples.hpp"

namespace calotype {

inline bool is_picture(const cv::Mat& m) {
  return m.dims == 2 && !m.empty() && (m.depth() == CV_8U || m.depth() == CV_16U) &&
         (m.channels() == 1 || m.channels() == 3);
}

/// 1,3,h,w, RGB from 0 to 1.
inline cv::Mat to_tensor(const cv::Mat& picture) {
  const int dims[] = {1, 3, picture.rows, picture.cols};
  cv::Mat tensor(4, dims, CV_32F), samples;
  picture.convertTo(samples, CV_32F, 1 / full_scale(picture.depth()));
  std::vector<cv::Mat> planes;
  cv::split(samples, planes);
  for (int c = 0; c < 3; ++c)
    planes[planes.size() == 3 ? static_cast<std::size_t>(2 - c) : 0].copyTo(
        cv::Mat(picture.rows, picture.cols, CV_32F, tensor.ptr<float>(0, c)));
  return tensor;
}

/// Into `picture`, whose size and type are given.
inline void to_picture(const cv::Mat& tensor, cv::Mat& picture) {
  if (tensor.dims != 4 || tensor.size[0] != 1 || tensor.size[1] != 3 || tensor.size[2] != picture.rows ||
      tensor.size[3] != picture.cols)
    throw Error(ErrorCode::engine, "an output does not fit the picture given for it", "check its size");
  std::vector<cv::Mat> planes;
  for (int c = 2; c >= 0; --c)
    planes.emplace_back(picture.rows, picture.cols, CV_32F, const_cast<float*>(tensor.ptr<float>(0, c)));
  cv::Mat samples;
  if (picture.channels() == 3)
    cv::merge(planes, samples);
  else
    samples = (planes[0] + planes[1] + planes[2]) / 3;
  samples.convertTo(picture, picture.depth(), full_scale(picture.depth()));
}

}  // namespace calotype
