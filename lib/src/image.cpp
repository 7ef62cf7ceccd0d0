// SPDX-License-Identifier: Apache-2.0
#include "calotype/image.hpp"

#include <opencv2/core.hpp>

#include "calotype/error.hpp"

namespace calotype {

void validate(const Image& image) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::unsupported, what, "an image has 1 to 4 channels of 8 or 16 bit integers or 32 bit floats");
  };
  const cv::Mat& pixels = image.pixels;
  if (pixels.empty() || pixels.dims != 2) refuse("the image has no pixels");
  const int channels = pixels.channels(), depth = pixels.depth();
  if (channels < 1 || channels > 4) refuse("the image has " + std::to_string(channels) + " channels");
  if (depth != CV_8U && depth != CV_16U && depth != CV_32F)
    refuse("the image's samples are " + cv::typeToString(depth));
  if (image.mask.empty()) return;
  if (image.mask.type() != CV_8UC1) refuse("the mask's samples are " + cv::typeToString(image.mask.type()));
  if (image.mask.size() != pixels.size()) refuse("the mask and the image differ in size");
}

}  // namespace calotype
