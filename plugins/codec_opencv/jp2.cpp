// SPDX-License-Identifier: Apache-2.0
#include "byte_view.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"

namespace calotype {
namespace {

constexpr char codestream_start[] = "\xFF\x4F\xFF\x51";  // SOC and SIZ markers
constexpr int max_boxes = 1000;

/// Where the codestream starts: at once, or inside the first "jp2c" box.
std::uint64_t codestream(const ByteView& view) {
  if (view.equal(0, codestream_start)) return 0;
  std::uint64_t at = 0;
  for (int i = 0; i < max_boxes; ++i) {
    const std::uint64_t length = view.be32(at);
    const std::uint64_t header = length == 1 ? 16 : 8;
    if (view.equal(at + 4, "jp2c")) return at + header;
    if (length == 1) view.unsupported("a box of more than 4 GiB");
    if (length < header) view.fail("a box without a length");
    at += length;
  }
  view.fail("no codestream");
}

struct Header {
  int width, height, components, bits;
};

/// From the SIZ segment, which is what OpenJPEG allocates by.
Header header_of(const ByteView& view) {
  const std::uint64_t siz = codestream(view);
  if (!view.equal(siz, codestream_start)) view.fail("no codestream");
  const auto extent = [&](std::uint64_t end, std::uint64_t begin) {
    if (view.be32(siz + begin) >= view.be32(siz + end)) view.fail("impossible picture size");
    return view.side(view.be32(siz + end) - view.be32(siz + begin));
  };
  Header header{extent(8, 16), extent(12, 20), static_cast<int>(view.be16(siz + 40)), 0};
  if (header.components != 1 && header.components != 3 && header.components != 4)
    view.unsupported(std::to_string(header.components) + " components");
  for (int i = 0; i < header.components; ++i) {
    const std::uint64_t component = siz + 42 + 3 * static_cast<std::uint64_t>(i);
    const int bits = static_cast<int>(view.u8(component)) + 1;
    if (bits > 16) view.unsupported("more than 16 bits or signed samples");
    if (i > 0 && bits != header.bits) view.unsupported("components of different depth");
    if (view.be16(component + 1) != 0x0101) view.unsupported("subsampled components");
    header.bits = bits;
  }
  return header;
}

}  // namespace

ImageInfo jp2_info(const Bytes& bytes) {
  const Header header = header_of(ByteView(bytes, "JPEG 2000"));
  ImageInfo info;
  info.format = "jp2";
  info.width = header.width;
  info.height = header.height;
  info.channels = header.components;
  info.bit_depth = header.bits > 8 ? 16 : 8;
  info.details.emplace_back("stored bits", std::to_string(header.bits));
  return info;
}

void jp2_finish(const Bytes& bytes, Image& image) {
  stretch(image.pixels, (1 << header_of(ByteView(bytes, "JPEG 2000")).bits) - 1);
}

}  // namespace calotype
