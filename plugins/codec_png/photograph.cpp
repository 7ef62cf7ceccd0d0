// SPDX-License-Identifier: Apache-2.0
// Bands of rows are compressed for themselves and flushed to whole bytes, so that one can follow another in the stream.
#include "photograph.hpp"

#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <opencv2/core.hpp>

#include "calotype/error.hpp"
#include "calotype/parallel.hpp"

namespace calotype {
namespace {

constexpr int kBandBytes = 1 << 17;  // beside so many, a band's own code tables are few

/// Samples in the file's order: RGB, most significant byte first. `ordered` is used again: memory is shared by all
/// threads.
void put_in_file_order(const cv::Mat& row, cv::Mat& ordered) {
  row.copyTo(ordered);
  if (row.channels() > 2) {
    const int from_to[] = {0, 2, 2, 0};
    cv::mixChannels(&row, 1, &ordered, 1, from_to, 2);
  }
  if (row.elemSize1() == 2)
    for (std::uint8_t *at = ordered.ptr(), *end = at + ordered.total() * ordered.elemSize(); at != end; at += 2)
      std::swap(at[0], at[1]);
}

/// Rows as PNG's filter "average" leaves them, which is what a search for the best filter mostly ends with.
Bytes filtered(const cv::Mat& pixels, const cv::Range& rows) {
  constexpr std::uint8_t average = 3;
  const std::size_t pixel = pixels.elemSize(), length = pixel * static_cast<std::size_t>(pixels.cols);
  Bytes result;
  result.reserve((length + 1) * static_cast<std::size_t>(rows.size()));
  cv::Mat row, above = cv::Mat::zeros(1, pixels.cols, pixels.type());
  if (rows.start) put_in_file_order(pixels.row(rows.start - 1), above);
  for (int y = rows.start; y < rows.end; ++y) {
    put_in_file_order(pixels.row(y), row);
    result.push_back(average);
    result.resize(result.size() + length);
    std::uint8_t* const to = result.data() + result.size() - length;
    const std::uint8_t *const up = above.ptr(), *const raw = row.ptr();
    for (std::size_t i = 0; i < pixel; ++i) to[i] = static_cast<std::uint8_t>(raw[i] - up[i] / 2);
    for (std::size_t i = pixel; i < length; ++i)
      to[i] = static_cast<std::uint8_t>(raw[i] - (raw[i - pixel] + up[i]) / 2);
    std::swap(row, above);
  }
  return result;
}

/// Compresses one band after the other.
class Deflate {
 public:
  /// Raw deflate (RFC 1951). `last`: the stream ends here.
  Bytes operator()(Bytes& bytes, bool last) {
    constexpr std::size_t margin = 1024;
    space_.resize(std::max(space_.size(), bytes.size() + bytes.size() / 8 + margin));
    isal_zstream stream;
    isal_deflate_init(&stream);
    stream.level = kLevel;
    stream.level_buf = buffer_.data();
    stream.level_buf_size = static_cast<std::uint32_t>(buffer_.size());
    stream.flush = last ? NO_FLUSH : SYNC_FLUSH;
    stream.end_of_stream = last;
    stream.next_in = bytes.data();
    stream.avail_in = static_cast<std::uint32_t>(bytes.size());
    stream.next_out = space_.data();
    stream.avail_out = static_cast<std::uint32_t>(space_.size());
    if (isal_deflate(&stream) != COMP_OK || stream.avail_in || !stream.avail_out)
      throw Error(ErrorCode::internal, "PNG: a band was not compressed", "please report this picture");
    return Bytes(space_.begin(), space_.begin() + stream.total_out);
  }

 private:
  static constexpr int kLevel = 2;
  Bytes buffer_ = Bytes(ISAL_DEF_LVL2_DEFAULT), space_;
};

}  // namespace

std::vector<Bytes> compress_photograph(const cv::Mat& pixels) {
  const int length = static_cast<int>(pixels.elemSize()) * pixels.cols, height = std::max(1, kBandBytes / length);
  const int count = (pixels.rows + height - 1) / height;
  std::vector<Bytes> bands(static_cast<std::size_t>(count));
  std::vector<uLong> sums(bands.size()), sizes(bands.size());
  parallel_for(
      count,
      [&](int begin, int end) {
        Deflate deflate;
        for (int i = begin; i < end; ++i) {
          const auto band = static_cast<std::size_t>(i);
          Bytes rows = filtered(pixels, {i * height, std::min((i + 1) * height, pixels.rows)});
          sums[band] = adler32(1, rows.data(), static_cast<uInt>(rows.size()));
          sizes[band] = rows.size();
          bands[band] = deflate(rows, i + 1 == count);
        }
      },
      count);
  uLong sum = sums[0];
  for (std::size_t i = 1; i < bands.size(); ++i) sum = adler32_combine(sum, sums[i], static_cast<z_off_t>(sizes[i]));
  // What RFC 1950 puts around it: method and window, and the checksum.
  const std::uint8_t header[] = {0x78, 0x01};
  bands.front().insert(bands.front().begin(), std::begin(header), std::end(header));
  for (int shift = 24; shift >= 0; shift -= 8) bands.back().push_back(static_cast<std::uint8_t>(sum >> shift));
  return bands;
}

}  // namespace calotype
