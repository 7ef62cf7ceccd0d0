// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdlib>
#include <opencv2/core/utils/logger.hpp>

namespace calotype {

/// Keeps OpenCV from printing what is thrown as Error anyway; $OPENCV_LOG_LEVEL decides where it is set.
inline void quiet_opencv() {
  using namespace cv::utils::logging;
  static const bool once = [] {
    if (!std::getenv("OPENCV_LOG_LEVEL")) setLogLevel(LOG_LEVEL_FATAL);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace calotype
