// SPDX-License-Identifier: Apache-2.0
#include "imgcodecs.hpp"

#include "../common/samples.hpp"
#include "calotype/error.hpp"

namespace calotype {
namespace {

Error not_decoded(const ImageInfo& info) {
  return Error(
      ErrorCode::corrupt, info.format + ": the picture data cannot be decoded",
      "the file is damaged, cut short or of a rare kind; fetch it again or save it as PNG with another program");
}

}  // namespace

cv::Mat decode_with_imgcodecs(const Bytes& bytes, const ImageInfo& info) {
  cv::Mat pixels;
  try {
    pixels = cv::imdecode(bytes, cv::IMREAD_UNCHANGED | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& e) {
    if (e.code == cv::Error::StsNoMem) throw;
    throw not_decoded(info);
  }
  if (pixels.cols != info.width || pixels.rows != info.height) throw not_decoded(info);
  return pixels;
}

Bytes encode_with_imgcodecs(const cv::Mat& pixels, const char* extension, const std::vector<int>& flags) {
  Bytes bytes;
  std::string reason;
  try {
    if (cv::imencode(extension, pixels, bytes, flags)) return bytes;
  } catch (const cv::Exception& e) {
    if (e.code == cv::Error::StsNoMem) throw;
    reason = ": " + e.err;
  }
  throw Error(ErrorCode::unsupported, std::string("OpenCV cannot write this picture as ") + extension + reason,
              "write PNG instead");
}

void stretch(cv::Mat& pixels, double white) {
  const double full = full_scale(pixels.depth());
  if (white != full) pixels.convertTo(pixels, -1, full / white);
}

}  // namespace calotype
