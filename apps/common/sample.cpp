// SPDX-License-Identifier: Apache-2.0
#include "common/sample.hpp"

#include <opencv2/core.hpp>

calotype::Image sample_picture() {
  calotype::Image image;
  image.pixels.create(64, 64, CV_8UC3);
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) image.pixels.at<cv::Vec3b>(y, x) = cv::Vec3b(40 + 2 * x, 60 + 2 * y, 200 - x - y);
  return image;
}
