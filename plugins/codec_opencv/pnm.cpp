// SPDX-License-Identifier: Apache-2.0
#include <cctype>

#include "../common/samples.hpp"
#include "byte_view.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"

namespace calotype {
namespace {

struct Header {
  char kind = '0';  ///< the digit after P
  int width = 0, height = 0, white = 1;

  bool bitmap() const { return kind == '1' || kind == '4'; }
  bool colour() const { return kind == '3' || kind == '6'; }
  bool ascii() const { return kind <= '3'; }
};

/// The next decimal number, past white space and comments.
int number(const ByteView& view, std::uint64_t& at) {
  while (std::isspace(static_cast<int>(view.u8(at))) || view.u8(at) == '#') {
    if (view.u8(at) == '#')
      while (view.u8(at) != '\n') ++at;
    ++at;
  }
  if (!std::isdigit(static_cast<int>(view.u8(at)))) view.fail("a number is missing from the header");
  std::uint64_t value = 0;
  for (; std::isdigit(static_cast<int>(view.u8(at))); ++at) {
    value = value * 10 + (view.u8(at) - '0');
    view.side(value + 1);  // stops before it overflows
  }
  return static_cast<int>(value);
}

Header header_of(const ByteView& view) {
  Header header;
  header.kind = static_cast<char>(view.u8(1));
  if (view.u8(0) != 'P' || header.kind < '1' || header.kind > '6' || !std::isspace(static_cast<int>(view.u8(2))))
    view.fail("no PBM, PGM or PPM signature");
  std::uint64_t at = 2;
  header.width = view.side(static_cast<std::uint64_t>(number(view, at)));
  header.height = view.side(static_cast<std::uint64_t>(number(view, at)));
  if (!header.bitmap()) header.white = number(view, at);
  if (header.white < 1 || header.white > 65535) view.fail("the value of white is not 1..65535");
  return header;
}

}  // namespace

ImageInfo pnm_info(const Bytes& bytes) {
  const Header header = header_of(ByteView(bytes, "PNM"));
  ImageInfo info;
  info.format = "pnm";
  info.width = header.width;
  info.height = header.height;
  info.channels = header.colour() ? 3 : 1;
  info.bit_depth = header.white > 255 ? 16 : 8;
  info.details.emplace_back("kind", std::string("P") + header.kind);
  return info;
}

void pnm_finish(const Bytes& bytes, Image& image) {
  const Header header = header_of(ByteView(bytes, "PNM"));
  const bool stretched = header.bitmap() || (header.ascii() && header.white <= 255);  // by imgcodecs
  if (!stretched) stretch(image.pixels, header.white);
}

Bytes pnm_write(const Image& image, const Params&, Losses& lost) {
  lose_metadata(image.meta, lost);
  cv::Mat pixels = without_alpha(image.pixels, lost);
  if (pixels.depth() == CV_32F) pixels = with_depth(pixels, CV_16U, lost);
  return encode_with_imgcodecs(pixels, pixels.channels() == 1 ? ".pgm" : ".ppm");
}

}  // namespace calotype
