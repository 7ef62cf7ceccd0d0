// SPDX-License-Identifier: Apache-2.0
#include "pixels.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "unpack.hpp"

namespace calotype {
namespace {

template <class T>
void scatter(const std::uint8_t* from, int from_step, std::uint8_t* to, int to_step, int count) {
  const T* source = reinterpret_cast<const T*>(from);
  T* target = reinterpret_cast<T*>(to);
  for (int i = 0; i < count; ++i, source += from_step, target += to_step) *target = *source;
}

/// Takes the samples out of strips and tiles.
class Reading {
 public:
  Reading(TiffSource& source, const Layout& layout, bool lenient)
      : source_(source),
        layout_(layout),
        lenient_(lenient),
        packing_{layout.bits, layout.real, layout.colour != Layout::Colour::palette},
        samples_(layout.height, layout.width, CV_MAKETYPE(layout.stored_depth, int(layout.kept.size()))) {
    if (lenient_) samples_ = 0;
    const bool as_stored = !layout.planar && int(layout.kept.size()) == layout.samples;
    unpacked_in_place_ = as_stored || (layout.planar && layout.kept.size() == 1);
    read_in_place_ = unpacked_in_place_ && layout.bits == int(8 * samples_.elemSize1()) && !layout.tiled && !lenient;
  }

  cv::Mat run(Losses& lost) {
    const std::size_t planes = layout_.planar ? layout_.kept.size() : 1;
    for (std::size_t channel = 0; channel < planes; ++channel) {
      const int plane = layout_.planar ? layout_.kept[channel] : 0;
      taken_.clear();
      if (layout_.planar)
        taken_.emplace_back(0, int(channel));
      else
        for (std::size_t i = 0; i < layout_.kept.size(); ++i) taken_.emplace_back(layout_.kept[i], int(i));
      layout_.tiled ? read_tiles(plane) : lenient_ ? read_rows(plane) : read_strips(plane);
    }
    if (inexact_)
      lost.add(LossKind::depth, "samples of " + std::to_string(layout_.bits) + " bits are reduced to " +
                                    std::to_string(layout_.real ? 32 : 16));
    const double share = missing_ / (double(planes) * layout_.width * layout_.height);
    if (share > 0)
      lost.add(LossKind::pixels, std::to_string(std::lround(std::max(1.0, 100 * share))) +
                                     " % of the picture cannot be read and is left empty");
    return samples_;
  }

 private:
  /// Of a piece, to `width` pixels of the picture from (x, y) on.
  void unpack_row(const std::uint8_t* packed, int x, int y, int width) {
    const int interleaved = layout_.planar ? 1 : layout_.samples;
    const std::size_t count = std::size_t(width) * std::size_t(interleaved);
    if (unpacked_in_place_) {
      inexact_ |= unpack(packed, packing_, count, layout_.stored_depth, samples_.ptr(y, x));
      return;
    }
    const std::size_t size = samples_.elemSize1();
    row_.resize(count * size);
    inexact_ |= unpack(packed, packing_, count, layout_.stored_depth, row_.data());
    for (const auto& [sample, channel] : taken_) {
      const std::uint8_t* from = row_.data() + size * std::size_t(sample);
      std::uint8_t* to = samples_.ptr(y, x) + size * std::size_t(channel);
      const int channels = samples_.channels();
      if (size == 1) scatter<std::uint8_t>(from, interleaved, to, channels, width);
      if (size == 2) scatter<std::uint16_t>(from, interleaved, to, channels, width);
      if (size == 4) scatter<std::uint32_t>(from, interleaved, to, channels, width);
    }
  }

  /// True where the piece is whole; throws otherwise unless lenient.
  bool is_whole(bool good) {
    good = good && !source_.messages().any();
    if (!good && !lenient_) throw source_.messages().error(ErrorCode::corrupt);
    source_.messages().clear();
    return good;
  }

  void read_strips(int plane) {
    TIFF* tiff = source_.get();
    const auto rows_per_strip = std::int64_t(source_.value<std::uint32_t>(TIFFTAG_ROWSPERSTRIP));
    const auto row_size = std::size_t(TIFFScanlineSize(tiff));
    if (!read_in_place_) buffer_.resize(std::size_t(TIFFStripSize(tiff)));
    for (std::int64_t y = 0; y < layout_.height; y += rows_per_strip) {
      const int first = int(y), rows = int(std::min<std::int64_t>(rows_per_strip, layout_.height - y));
      const std::uint32_t strip = TIFFComputeStrip(tiff, std::uint32_t(first), std::uint16_t(plane));
      const tmsize_t size = tmsize_t(row_size) * rows;
      std::uint8_t* to = read_in_place_ ? samples_.ptr(first) : buffer_.data();
      std::fill(buffer_.begin(), buffer_.end(), std::uint8_t(0));  // fax data may end early
      is_whole(TIFFReadEncodedStrip(tiff, strip, to, size) == size);
      for (int row = 0; row < rows && !read_in_place_; ++row)
        unpack_row(to + row_size * std::size_t(row), 0, first + row, layout_.width);
    }
  }

  /// Row by row: slower, but of a strip that is damaged the rows before the damage are had.
  void read_rows(int plane) {
    TIFF* tiff = source_.get();
    const auto rows_per_strip = std::int64_t(source_.value<std::uint32_t>(TIFFTAG_ROWSPERSTRIP));
    buffer_.resize(std::size_t(TIFFScanlineSize(tiff)));
    for (std::int64_t y = 0; y < layout_.height; y += rows_per_strip) {
      const int first = int(y), rows = int(std::min<std::int64_t>(rows_per_strip, layout_.height - y));
      const double present = source_.present(TIFFComputeStrip(tiff, std::uint32_t(first), std::uint16_t(plane)));
      const auto read = [&](int y_read) {
        return is_whole(TIFFReadScanline(tiff, buffer_.data(), std::uint32_t(y_read), std::uint16_t(plane)) == 1);
      };
      int row = 0;
      for (; row < rows && read(first + row); ++row) unpack_row(buffer_.data(), 0, first + row, layout_.width);
      missing_ += (rows - std::min(double(row), std::floor(rows * present))) * layout_.width;
    }
  }

  void read_tiles(int plane) {
    TIFF* tiff = source_.get();
    const auto width = std::int64_t(source_.value<std::uint32_t>(TIFFTAG_TILEWIDTH));
    const auto height = std::int64_t(source_.value<std::uint32_t>(TIFFTAG_TILELENGTH));
    const auto row_size = std::size_t(TIFFTileRowSize(tiff));
    buffer_.resize(std::size_t(TIFFTileSize(tiff)));
    for (std::int64_t y = 0; y < layout_.height; y += height)
      for (std::int64_t x = 0; x < layout_.width; x += width) {
        const int columns = int(std::min(width, layout_.width - x)), rows = int(std::min(height, layout_.height - y));
        const std::uint32_t tile = TIFFComputeTile(tiff, std::uint32_t(x), std::uint32_t(y), 0, std::uint16_t(plane));
        const auto size = tmsize_t(buffer_.size());
        std::fill(buffer_.begin(), buffer_.end(), std::uint8_t(0));
        if (is_whole(TIFFReadEncodedTile(tiff, tile, buffer_.data(), size) == size && source_.present(tile) == 1))
          for (int row = 0; row < rows; ++row)
            unpack_row(buffer_.data() + row_size * std::size_t(row), int(x), int(y) + row, columns);
        else
          missing_ += double(columns) * rows;
      }
  }

  TiffSource& source_;
  const Layout& layout_;
  const bool lenient_;
  const Packing packing_;
  cv::Mat samples_;
  bool unpacked_in_place_, read_in_place_;
  std::vector<std::pair<int, int>> taken_;  ///< which sample of a pixel, as a row has them, goes to which channel
  Bytes buffer_, row_;
  bool inexact_ = false;
  double missing_ = 0;  ///< samples, of one plane each
};

/// YCbCr that libjpeg does not convert.
cv::Mat render(TiffSource& source, const Layout& layout, bool lenient, Losses& lost) {
  TIFFRGBAImage image;
  char reason[1024] = "";
  if (!TIFFRGBAImageBegin(&image, source.get(), lenient ? 0 : 1, reason))
    throw Error(ErrorCode::unsupported, std::string("TIFF: unsupported: ") + reason,
                "save it as plain RGB with the program that wrote it");
  const std::unique_ptr<TIFFRGBAImage, decltype(&TIFFRGBAImageEnd)> owner(&image, TIFFRGBAImageEnd);
  image.req_orientation = image.orientation;  // pixels as stored
  cv::Mat rgba(layout.height, layout.width, CV_8UC4, cv::Scalar()), rgb(rgba.size(), CV_8UC3);
  const bool good = TIFFRGBAImageGet(&image, reinterpret_cast<std::uint32_t*>(rgba.data), std::uint32_t(rgba.cols),
                                     std::uint32_t(rgba.rows));
  if (!good || source.messages().any()) {
    if (!lenient) throw source.messages().error(ErrorCode::corrupt);
    lost.add(LossKind::pixels, "parts of the picture cannot be read");
  }
  cv::mixChannels(std::vector<cv::Mat>{rgba}, std::vector<cv::Mat>{rgb}, std::vector<int>{0, 0, 1, 1, 2, 2});
  return rgb;
}

}  // namespace

cv::Mat read_samples(TiffSource& source, const Layout& layout, bool lenient, Losses& lost) {
  if (layout.colour == Layout::Colour::rendered) return render(source, layout, lenient, lost);
  return Reading(source, layout, lenient).run(lost);
}

}  // namespace calotype
