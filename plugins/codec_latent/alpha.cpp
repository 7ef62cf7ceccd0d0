// SPDX-License-Identifier: Apache-2.0
#include "alpha.hpp"

#include <zlib.h>

#include <cstdlib>

#include "calotype/error.hpp"

namespace calotype::latent {
namespace {

/// The neighbour nearest to left + above - corner.
int paeth(int left, int above, int corner) {
  const int estimate = left + above - corner;
  const int a = std::abs(estimate - left), b = std::abs(estimate - above), c = std::abs(estimate - corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

template <class T>
int predict(const cv::Mat& plane, int row, int column) {
  const int left = column ? plane.at<T>(row, column - 1) : 0, above = row ? plane.at<T>(row - 1, column) : 0;
  return paeth(left, above, row && column ? plane.at<T>(row - 1, column - 1) : 0);
}

/// Residuals, little-endian, row by row.
template <class T>
Bytes filter(const cv::Mat& plane) {
  Bytes out;
  out.reserve(plane.total() * sizeof(T));
  for (int row = 0; row < plane.rows; ++row)
    for (int column = 0; column < plane.cols; ++column) {
      const unsigned residual = unsigned(plane.at<T>(row, column)) - unsigned(predict<T>(plane, row, column));
      for (std::size_t byte = 0; byte < sizeof(T); ++byte) out.push_back(std::uint8_t(residual >> (8 * byte)));
    }
  return out;
}

template <class T>
void unfilter(const Bytes& residuals, cv::Mat& plane) {
  const std::uint8_t* from = residuals.data();
  for (int row = 0; row < plane.rows; ++row)
    for (int column = 0; column < plane.cols; ++column) {
      unsigned value = unsigned(predict<T>(plane, row, column));
      for (std::size_t byte = 0; byte < sizeof(T); ++byte) value += unsigned(*from++) << (8 * byte);
      plane.at<T>(row, column) = T(value);
    }
}

}  // namespace

Bytes encode_alpha(const cv::Mat& plane) {
  const Bytes residuals = plane.depth() == CV_8U ? filter<std::uint8_t>(plane) : filter<std::uint16_t>(plane);
  uLongf length = compressBound(uLong(residuals.size()));
  Bytes out(1 + length);
  out[0] = plane.depth() == CV_8U ? 8 : 16;
  if (compress2(out.data() + 1, &length, residuals.data(), uLong(residuals.size()), 9) != Z_OK)
    throw Error(ErrorCode::internal, "zlib could not compress the alpha plane");
  out.resize(1 + length);
  return out;
}

cv::Mat decode_alpha(const std::uint8_t* data, std::size_t size, const cv::Size& expected) {
  if (size < 2 || (data[0] != 8 && data[0] != 16))
    throw Error(ErrorCode::corrupt, "the alpha plane is of no known depth");
  cv::Mat plane(expected, data[0] == 8 ? CV_8U : CV_16U);
  Bytes residuals(plane.total() * plane.elemSize());
  uLongf length = uLongf(residuals.size());
  if (uncompress(residuals.data(), &length, data + 1, uLong(size - 1)) != Z_OK || length != residuals.size())
    throw Error(ErrorCode::corrupt, "the alpha plane does not decompress to the picture's size");
  plane.depth() == CV_8U ? unfilter<std::uint8_t>(residuals, plane) : unfilter<std::uint16_t>(residuals, plane);
  return plane;
}

}  // namespace calotype::latent
