// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>
#include <optional>

#include "calotype/image.hpp"

namespace calotype {
namespace {

/// The TIFF structure inside an EXIF block; reads beyond the end give nothing.
class Tiff {
 public:
  explicit Tiff(const Bytes& bytes) : bytes_(bytes) {}

  /// Where the orientation's value lies.
  std::optional<std::size_t> orientation_offset() {
    constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;
    if (bytes_.size() < 8 || (bytes_[0] != 'I' && bytes_[0] != 'M') || bytes_[1] != bytes_[0]) return {};
    big_endian_ = bytes_[0] == 'M';
    const auto directory = number(4, 4);
    if (number(2, 2) != 42u || !directory) return {};
    const auto entries = number(*directory, 2);
    for (std::uint32_t i = 0; entries && i < *entries; ++i) {
      const std::size_t entry = std::size_t(*directory) + 2 + std::size_t(i) * 12;
      const auto tag = number(entry, 2);
      if (!tag) return {};
      if (*tag == kOrientation && number(entry + 2, 2) == kShort && number(entry + 8, 2)) return entry + 8;
    }
    return {};
  }

  std::optional<std::uint32_t> number(std::size_t offset, std::size_t width) const {
    if (offset > bytes_.size() || bytes_.size() - offset < width) return {};
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8 | bytes_[offset + (big_endian_ ? i : width - 1 - i)];
    return value;
  }

  bool big_endian() const { return big_endian_; }

 private:
  const Bytes& bytes_;
  bool big_endian_ = false;
};

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
  Tiff tiff(exif);
  const auto offset = tiff.orientation_offset();
  const std::uint32_t value = offset ? *tiff.number(*offset, 2) : 1;
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

void apply_orientation(Image& image) {
  const int orientation = exif_orientation(image.meta.exif);
  if (orientation == 1) return;
  turn(image.pixels, orientation);
  turn(image.mask, orientation);
  Tiff tiff(image.meta.exif);
  const std::size_t offset = *tiff.orientation_offset();
  image.meta.exif[offset] = tiff.big_endian() ? 0 : 1;
  image.meta.exif[offset + 1] = tiff.big_endian() ? 1 : 0;
}

}  // namespace calotype
