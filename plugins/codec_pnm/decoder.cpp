// SPDX-License-Identifier: Apache-2.0
#include "decoder.hpp"

#include <algorithm>
#include <limits>
#include <opencv2/core.hpp>

#include "../common/samples.hpp"
#include "calotype/error.hpp"

namespace calotype {
namespace {

constexpr int kEnd = -1;  ///< instead of a character

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::corrupt, "PNM: " + what, "the file is damaged or cut short; fetch it again from its source");
}

bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(int c) { return c >= '0' && c <= '9'; }

/// Headers and ASCII samples. A comment is read as the end of its line.
class Text {
 public:
  Text(const Bytes& bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  std::size_t at() const { return at_; }

  int next() {
    int c = byte();
    if (c == '#')
      while (c != '\n' && c != '\r' && c != kEnd) c = byte();
    return c;
  }

  int next_after_space() {
    int c = next();
    while (is_space(c)) c = next();
    return c;
  }

  /// The next number with the one character after it.
  int number(int largest) {
    int c = next_after_space();
    if (!is_digit(c)) fail(c == kEnd ? "unexpected end of file" : "something that is no number");
    std::int64_t value = 0;
    for (; is_digit(c); c = next()) {
      value = value * 10 + (c - '0');
      if (value > largest) fail("a number over " + std::to_string(largest));
    }
    if (c != kEnd && !is_space(c)) fail("something that is no number");
    return static_cast<int>(value);
  }

 private:
  int byte() { return at_ == bytes_.size() ? kEnd : bytes_[at_++]; }

  const Bytes& bytes_;
  std::size_t at_;
};

struct Header {
  char kind;  ///< the digit after P
  int width, height, white = 1;
  std::size_t samples_at;

  bool bitmap() const { return kind == '1' || kind == '4'; }
  bool ascii() const { return kind <= '3'; }
  int channels() const { return kind == '3' || kind == '6' ? 3 : 1; }
  int depth() const { return white > 255 ? CV_16U : CV_8U; }
  std::uint64_t row_samples() const { return std::uint64_t(width) * static_cast<unsigned>(channels()); }
  /// Of a row, where every ASCII number has one digit and one space.
  std::uint64_t least_row_bytes() const {
    if (ascii()) return bitmap() ? row_samples() : 2 * row_samples();
    return bitmap() ? (row_samples() + 7) / 8 : row_samples() * (white > 255 ? 2 : 1);
  }
};

Header header_of(const Bytes& bytes) {
  constexpr int kLargest = std::numeric_limits<int>::max();
  if (bytes.size() < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '6' ||
      (!is_space(bytes[2]) && bytes[2] != '#'))
    fail("no PBM, PGM or PPM signature");
  Header header{};
  header.kind = static_cast<char>(bytes[1]);
  Text text(bytes, 2);
  header.width = text.number(kLargest);
  header.height = text.number(kLargest);
  header.white = header.bitmap() ? 1 : text.number(65535);
  if (header.width < 1 || header.height < 1) fail("impossible picture size");
  if (header.white < 1) fail("a white of 0");
  header.samples_at = text.at();
  return header;
}

/// `sample(row, index)` is called for all samples in the order of the file.
template <class T, class Sample>
void fill(cv::Mat& pixels, const Header& header, Sample sample) {
  const std::size_t channels = static_cast<std::size_t>(header.channels());
  for (int y = 0; y < pixels.rows; ++y) {
    T* const row = pixels.ptr<T>(y);
    int brightest = 0;
    for (std::size_t i = 0; i < header.row_samples(); i += channels)
      for (std::size_t c = 0; c < channels; ++c) {
        const int value = sample(static_cast<std::size_t>(y), i + c);
        brightest = std::max(brightest, value);
        row[i + channels - 1 - c] = static_cast<T>(value);  // from RGB to BGR
      }
    if (brightest > header.white) fail("a sample brighter than white");
  }
}

void fill_from_text(cv::Mat& pixels, const Header& header, Text& text) {
  const auto bit = [&](std::size_t, std::size_t) {
    const int c = text.next_after_space();
    if (c != '0' && c != '1') fail(c == kEnd ? "unexpected end of file" : "something that is no bit");
    return c == '0' ? 1 : 0;  // 1 is black
  };
  const auto number = [&](std::size_t, std::size_t) { return text.number(header.white); };
  if (header.bitmap())
    fill<uchar>(pixels, header, bit);
  else if (header.depth() == CV_8U)
    fill<uchar>(pixels, header, number);
  else
    fill<ushort>(pixels, header, number);
}

void fill_from_bytes(cv::Mat& pixels, const Header& header, const std::uint8_t* samples) {
  const std::size_t stride = header.least_row_bytes();
  if (header.bitmap())
    fill<uchar>(pixels, header, [&](std::size_t y, std::size_t x) {
      return ~samples[y * stride + x / 8] >> (7 - x % 8) & 1;  // 1 is black
    });
  else if (header.depth() == CV_8U)
    fill<uchar>(pixels, header, [&](std::size_t y, std::size_t i) { return samples[y * stride + i]; });
  else
    fill<ushort>(pixels, header, [&](std::size_t y, std::size_t i) {
      const std::uint8_t* const at = samples + y * stride + 2 * i;
      return at[0] << 8 | at[1];
    });
}

bool is_picture_at(const Bytes& bytes, std::size_t at) {
  while (at < bytes.size() && is_space(bytes[at])) ++at;
  return bytes.size() - at > 2 && bytes[at] == 'P' && bytes[at + 1] >= '1' && bytes[at + 1] <= '7';
}

}  // namespace

ImageInfo PnmDecoder::probe(const Bytes& bytes) const {
  const Header header = header_of(bytes);
  ImageInfo info;
  info.format = "pnm";
  info.width = header.width;
  info.height = header.height;
  info.channels = header.channels();
  info.bit_depth = header.depth() == CV_16U ? 16 : 8;
  info.details.emplace_back("kind", std::string("P") + header.kind);
  return info;
}

Image PnmDecoder::decode(const Bytes& bytes, const Params&) {
  const Header header = header_of(bytes);
  // The last number needs no space after it.
  const std::uint64_t there = bytes.size() - header.samples_at + (header.ascii() ? 1 : 0);
  if (there / header.least_row_bytes() < static_cast<std::uint64_t>(header.height)) fail("unexpected end of file");
  Image image;
  image.pixels.create(header.height, header.width, CV_MAKETYPE(header.depth(), header.channels()));
  std::size_t end;
  if (header.ascii()) {
    Text text(bytes, header.samples_at);
    fill_from_text(image.pixels, header, text);
    end = text.at();
  } else {
    fill_from_bytes(image.pixels, header, bytes.data() + header.samples_at);
    end = header.samples_at + header.least_row_bytes() * static_cast<std::size_t>(header.height);
  }
  const double full = full_scale(header.depth());
  if (header.white != full) image.pixels.convertTo(image.pixels, -1, full / header.white);
  if (is_picture_at(bytes, end)) image.lost.add(LossKind::frames, "further pictures in the file are left out");
  return image;
}

}  // namespace calotype
