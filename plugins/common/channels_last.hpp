// SPDX-License-Identifier: Apache-2.0
// Tensors with their channels innermost as inputs and outputs of networks (calotype/engine.hpp).
#pragma once
#include <opencv2/core.hpp>

namespace calotype {

inline bool is_channels_last(const cv::Mat& m) { return m.dims == 3 && m.type() == CV_32F; }

/// h,w,C to 1,C,h,w.
inline cv::Mat channels_first(const cv::Mat& m) {
  const int pixels = m.size[0] * m.size[1], channels = m.size[2];
  const int dims[] = {1, channels, m.size[0], m.size[1]};
  cv::Mat result(4, dims, CV_32F);
  cv::transpose(cv::Mat(pixels, channels, CV_32F, const_cast<float*>(m.ptr<float>())),
                cv::Mat(channels, pixels, CV_32F, result.ptr<float>()));
  return result;
}

/// 1,C,h,w to h,w,C, which may be there already.
inline void to_channels_last(const cv::Mat& m, cv::Mat& result) {
  const int channels = m.size[1], pixels = m.size[2] * m.size[3];
  const int dims[] = {m.size[2], m.size[3], channels};
  result.create(3, dims, CV_32F);
  cv::transpose(cv::Mat(channels, pixels, CV_32F, const_cast<float*>(m.ptr<float>())),
                cv::Mat(pixels, channels, CV_32F, result.ptr<float>()));
}

}  // namespace calotype
