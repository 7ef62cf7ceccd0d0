// SPDX-License-Identifier: Apache-2.0
#include "encoder.hpp"

#include <opencv2/core.hpp>
#include <vector>

#include "../common/lost_metadata.hpp"
#include "../common/samples.hpp"

namespace calotype {
namespace {

/// RGB from grey or BGR.
cv::Mat colour_of(const cv::Mat& pixels) {
  cv::Mat colour(pixels.size(), CV_MAKETYPE(pixels.depth(), 3));
  const std::vector<int> from_bgr = {0, 2, 1, 1, 2, 0}, from_grey = {0, 0, 0, 1, 0, 2};
  cv::mixChannels(std::vector<cv::Mat>{pixels}, std::vector<cv::Mat>{colour},
                  pixels.channels() == 1 ? from_grey : from_bgr);
  return colour;
}

/// The luma of grey or BGR, as BT.601 has it.
cv::Mat grey_of(const cv::Mat& pixels, Losses& lost) {
  if (pixels.channels() == 1) return pixels;
  lost.add(LossKind::colour, "colour is converted to grey, which is all that this kind of file holds");
  cv::Mat grey;
  cv::transform(colour_of(pixels), grey, cv::Matx13f(0.299f, 0.587f, 0.114f));
  return grey;
}

/// 255 and 0, of grey samples.
cv::Mat bitmap_of(const cv::Mat& grey, Losses& lost) {
  const double white = full_scale(grey.depth());
  if (cv::countNonZero(grey) != cv::countNonZero(grey == white))
    lost.add(LossKind::depth, "grey is made black or white, which is all that this kind of file holds");
  return grey > white / 2;
}

void put_bits(Bytes& file, const cv::Mat& bitmap) {
  for (int y = 0; y < bitmap.rows; ++y)
    for (int x = 0; x < bitmap.cols; ++x) {
      if (x % 8 == 0) file.push_back(0);
      if (!bitmap.at<uchar>(y, x)) file.back() |= static_cast<std::uint8_t>(0x80 >> x % 8);  // 1 is black
    }
}

void put_samples(Bytes& file, const cv::Mat& samples) {
  for (int y = 0; y < samples.rows; ++y) {
    const std::uint8_t* const row = samples.ptr(y);
    const std::size_t at = file.size(), size = static_cast<std::size_t>(samples.cols) * samples.elemSize();
    file.insert(file.end(), row, row + size);
    if (samples.depth() == CV_16U)
      for (std::size_t i = 0; i < size; i += 2) {
        const ushort value = reinterpret_cast<const ushort*>(row)[i / 2];
        file[at + i] = static_cast<std::uint8_t>(value >> 8);
        file[at + i + 1] = static_cast<std::uint8_t>(value & 255);
      }
  }
}

}  // namespace

Bytes pnm_file(const Image& image, PnmKind kind, Losses& lost) {
  lose_metadata(image.meta, lost);
  cv::Mat pixels = without_alpha(image.pixels, lost);
  if (kind == PnmKind::any) kind = pixels.channels() == 1 ? PnmKind::grey : PnmKind::colour;
  if (pixels.depth() == CV_32F) pixels = with_depth(pixels, CV_16U, lost);
  const cv::Mat samples = kind == PnmKind::colour ? colour_of(pixels) : grey_of(pixels, lost);
  const char* const magic = kind == PnmKind::bitmap ? "P4" : kind == PnmKind::grey ? "P5" : "P6";
  const std::string header = magic + ("\n" + std::to_string(samples.cols) + " " + std::to_string(samples.rows) + "\n") +
                             (kind == PnmKind::bitmap     ? ""
                              : samples.depth() == CV_16U ? "65535\n"
                                                          : "255\n");
  Bytes file(header.begin(), header.end());
  if (kind == PnmKind::bitmap) {
    put_bits(file, bitmap_of(samples, lost));
  } else {
    file.reserve(file.size() + samples.total() * samples.elemSize());
    put_samples(file, samples);
  }
  return file;
}

}  // namespace calotype
