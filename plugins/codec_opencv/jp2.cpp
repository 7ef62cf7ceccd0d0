// SPDX-License-Identifier: Apache-2.0
// JPEG 2000. imgcodecs is given the codestream alone: it would take a palette for grey, and sYCC for analogue YUV.
#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "../common/text.hpp"
#include "calotype/colour.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"
#include "jp2_boxes.hpp"

namespace calotype {
namespace {

/// Numbers of colour spaces: ISO/IEC 15444-1, I.5.3.3, and 15444-2, M.11.7.3.1.
enum Colours : std::uint32_t { cmyk = 12, srgb = 16, grey = 17, sycc = 18 };
constexpr std::uint32_t kColour = 0, kOpacity = 1, kMultiplied = 2;

struct Header {
  int width, height, components, bits;
};

/// From the SIZ segment, which is what OpenJPEG allocates by.
Header header_of(const ByteView& view, std::uint64_t siz) {
  if (!view.equal(siz, "\xFF\x4F\xFF\x51")) view.fail("no codestream");  // SOC and SIZ markers
  const auto extent = [&](std::uint64_t end, std::uint64_t begin) {
    if (view.be32(siz + begin) >= view.be32(siz + end)) view.fail("impossible picture size");
    return view.side(view.be32(siz + end) - view.be32(siz + begin));
  };
  Header header{extent(8, 16), extent(12, 20), static_cast<int>(view.be16(siz + 40)), 0};
  if (view.be32(siz + 16) != 0 || view.be32(siz + 20) != 0) view.unsupported("a picture with an offset");
  if (header.components == 2) view.unsupported("grey with transparency");
  if (header.components != 1 && header.components != 3 && header.components != 4)
    view.unsupported(std::to_string(header.components) + " components");
  for (int i = 0; i < header.components; ++i) {
    const std::uint64_t component = siz + 42 + 3 * static_cast<std::uint64_t>(i);
    const int bits = static_cast<int>(view.u8(component)) + 1;
    if (bits > 16) view.unsupported("more than 16 bits or signed samples");
    if (bits < 8) view.unsupported("fewer than 8 bits");
    if (i > 0 && bits != header.bits) view.unsupported("components of different depth");
    if (view.be16(component + 1) != 0x0101) view.unsupported("subsampled components");
    header.bits = bits;
  }
  return header;
}

struct Picture {
  Jp2File file;
  Header header;
  std::uint32_t colours = srgb;
  /// The component of each channel: of B, G, R and alpha; of grey; of Y, Cr and Cb; or of the four inks.
  std::vector<int> components;

  int channels() const { return colours == cmyk ? 3 : static_cast<int>(components.size()); }
};

/// The components of the first, second and third colour, and of alpha, which may be -1: by the cdef box, if there is
/// one.
std::array<int, 4> assigned(const ByteView& view, const std::vector<Jp2Channel>& channels, int components) {
  std::array<int, 4> result = {0, 1, 2, components == 4 ? 3 : -1};
  if (!channels.empty()) result[3] = -1;
  for (const Jp2Channel& channel : channels) {
    const int number = static_cast<int>(channel.number);
    if (number >= components) view.fail("a channel without a component");
    if (channel.type == kMultiplied) view.unsupported("colours that are multiplied with opacity");
    if (channel.type == kOpacity) result[3] = number;
    if (channel.type == kColour && channel.association >= 1 && channel.association <= 3)
      result[channel.association - 1] = number;
  }
  return result;
}

/// Refuses colours that are not known here, or do not go with the number of components.
std::uint32_t colours_of(const ByteView& view, const Jp2File& file, int components) {
  const auto by_profile = [&] {
    return colour_space(file.meta.icc) == ColourSpace::cmyk ? cmyk : components == 1 ? grey : srgb;
  };
  const std::uint32_t colours = file.colours.value_or(by_profile());
  const std::vector<int> fit = colours == cmyk   ? std::vector<int>{4}
                               : colours == grey ? std::vector<int>{1}
                               : colours == srgb ? std::vector<int>{1, 3, 4}
                               : colours == sycc ? std::vector<int>{1, 3}
                                                 : std::vector<int>{};
  if (std::find(fit.begin(), fit.end(), components) == fit.end())
    view.unsupported("the colour space with number " + std::to_string(colours) + " in " + std::to_string(components) +
                     " components");
  return components == 1 ? grey : colours;
}

Picture picture_of(const ByteView& view) {
  Picture picture;
  picture.file = read_jp2_boxes(view);
  picture.header = header_of(view, picture.file.codestream);
  if (picture.file.palette) view.unsupported("a palette");
  const int count = picture.header.components;
  picture.colours = colours_of(view, picture.file, count);
  const auto [first, second, third, alpha] = assigned(view, picture.file.channels, count);
  if (picture.colours == cmyk)
    picture.components = {0, 1, 2, 3};
  else if (picture.colours == grey)
    picture.components = {0};
  else if (picture.colours == sycc)
    picture.components = {first, third, second};
  else
    picture.components = {third, second, first};
  if (picture.colours == srgb && alpha >= 0)
    picture.components.push_back(alpha);
  else if (picture.colours == srgb && count == 4)
    picture.file.lost.add(LossKind::extra, "a channel that is no colour is left out");
  return picture;
}

/// imgcodecs gives three components or more in reverse, but for the fourth.
cv::Mat arranged(const cv::Mat& pixels, const Picture& picture) {
  const int count = static_cast<int>(picture.components.size());
  std::vector<int> from_to;
  bool same = count == pixels.channels();
  for (int i = 0; i < count; ++i) {
    const int component = picture.components[std::size_t(i)];
    const int from = pixels.channels() >= 3 && component < 3 ? 2 - component : component;
    from_to.insert(from_to.end(), {from, i});
    same &= from == i;
  }
  if (same) return pixels;
  cv::Mat result(pixels.size(), CV_MAKETYPE(pixels.depth(), count));
  cv::mixChannels(std::vector<cv::Mat>{pixels}, std::vector<cv::Mat>{result}, from_to);
  return result;
}

}  // namespace

ImageInfo jp2_info(const Bytes& bytes) {
  const Picture picture = picture_of(ByteView(bytes, "JPEG 2000"));
  ImageInfo info;
  info.format = "jp2";
  info.width = picture.header.width;
  info.height = picture.header.height;
  info.channels = picture.channels();
  info.bit_depth = picture.header.bits > 8 ? 16 : 8;
  info.orientation = exif_orientation(picture.file.meta.exif);
  info.details.emplace_back("stored bits", std::to_string(picture.header.bits));
  return info;
}

cv::Mat jp2_pixels(const Bytes& bytes, const ImageInfo& info) {
  const ByteView view(bytes, "JPEG 2000");
  const Jp2File file = read_jp2_boxes(view);
  return decode_with_imgcodecs(view.slice(file.codestream, file.codestream_size), info);
}

void jp2_finish(const Bytes& bytes, Image& image) {
  const ByteView view(bytes, "JPEG 2000");
  Picture picture = picture_of(view);
  if (image.pixels.channels() != picture.header.components) view.fail("other components than the header's");
  image.meta = std::move(picture.file.meta);
  image.lost = std::move(picture.file.lost);
  cv::Mat& pixels = image.pixels;
  stretch(pixels, (1 << picture.header.bits) - 1);
  pixels = arranged(pixels, picture);
  if (picture.colours == sycc) cv::cvtColor(pixels, pixels, cv::COLOR_YCrCb2BGR);
  if (picture.colours == cmyk) {
    pixels = bgr_from_cmyk(pixels, image.meta.icc, image.lost);
    image.meta.icc.clear();
  }
  if (picture.file.codestreams > 1)
    image.lost.add(LossKind::frames, further_left_out(picture.file.codestreams - 1, "picture"));
}

}  // namespace calotype
