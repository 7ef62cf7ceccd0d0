// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>

#include "calotype/image.hpp"
#include "exif_block.hpp"
#include "xmp.hpp"

namespace calotype {
namespace {

void turn(cv::Mat& pixels, int orientation) {
  if (pixels.empty()) return;
  cv::Mat turned;
  switch (orientation) {
    case 2:
      cv::flip(pixels, turned, 1);
      break;
    case 3:
      cv::rotate(pixels, turned, cv::ROTATE_180);
      break;
    case 4:
      cv::flip(pixels, turned, 0);
      break;
    case 5:
      cv::transpose(pixels, turned);
      break;
    case 6:
      cv::rotate(pixels, turned, cv::ROTATE_90_CLOCKWISE);
      break;
    case 7:
      cv::transpose(pixels, turned);
      cv::rotate(turned, turned, cv::ROTATE_180);
      break;
    case 8:
      cv::rotate(pixels, turned, cv::ROTATE_90_COUNTERCLOCKWISE);
      break;
    default:
      return;
  }
  pixels = turned;
}

}  // namespace

int exif_orientation(const Bytes& exif) {
  Bytes& unchanged = const_cast<Bytes&>(exif);  // it is only read
  const auto value = ExifBlock(unchanged).number(ExifBlock::Directory::image, ExifBlock::orientation).value_or(1);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

void apply_orientation(Image& image) {
  const int orientation = exif_orientation(image.meta.exif);
  if (orientation == 1) return;
  turn(image.pixels, orientation);
  turn(image.mask, orientation);
  ExifBlock(image.meta.exif).replace(ExifBlock::Directory::image, ExifBlock::orientation, 1);
  update_xmp(image.meta.xmp, {true, {}});
}

}  // namespace calotype
