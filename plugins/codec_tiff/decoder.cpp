// SPDX-License-Identifier: Apache-2.0
#include "decoder.hpp"

#include <opencv2/core.hpp>

#include "colours.hpp"
#include "metadata.hpp"
#include "pages.hpp"
#include "pixels.hpp"
#include "tags.hpp"

namespace calotype {
namespace {

ImageInfo info_of(const Bytes& bytes, std::int64_t page) {
  const DirectoryReader reader(bytes);
  const Pages pages = find_pages(reader);
  TiffSource source(bytes, page_offset(pages, page), false);
  const Layout layout = layout_of(source);
  ImageInfo info;
  info.format = "tiff";
  info.width = layout.width;
  info.height = layout.height;
  info.channels = layout.channels();
  info.bit_depth = 8 * int(CV_ELEM_SIZE1(layout.depth));
  info.orientation = source.value<std::uint16_t>(TIFFTAG_ORIENTATION);
  info.details.emplace_back("colour", to_string(layout.colour));
  info.details.emplace_back("stored bits", std::to_string(layout.bits));
  info.details.emplace_back("compression", layout.compression);
  info.details.emplace_back("tiles", layout.tiled ? "yes" : "no");
  if (pages.offsets.size() > 1) info.details.emplace_back("pages", std::to_string(pages.offsets.size()));
  return info;
}

void report_pages(const Pages& pages, bool chosen, Losses& lost) {
  const std::size_t more = pages.offsets.size() - 1;
  if (more > 0 && !chosen)
    lost.add(LossKind::frames, std::to_string(more) + (more == 1 ? " more page is" : " more pages are") +
                                   " left out; -p page=2 takes another");
  if (pages.smaller_copies) lost.add(LossKind::thumbnail, "smaller copies of the picture are left out");
  if (pages.masks) lost.add(LossKind::alpha, "a mask that is stored as a picture of its own is left out");
}

/// Samples that are neither colours nor alpha.
void report_samples(const Layout& layout, Losses& lost) {
  const int more = layout.samples - int(layout.kept.size());
  if (layout.colour != Layout::Colour::rendered && more > 0)
    lost.add(LossKind::extra,
             std::to_string(more) + (more == 1 ? " more channel is" : " more channels are") + " left out");
}

}  // namespace

std::vector<ParamSpec> TiffDecoder::params() {
  return {{"page", std::int64_t(1), "Which picture of several; 1 is the first.", 1, {}, {}},
          {"white", 1.0, "Of pictures whose samples are floats: the value of white.", 1e-30, 1e30, {}},
          {"lenient", false, "Of damaged files, what can be read; the rest stays empty.", {}, {}, {}}};
}

ImageInfo TiffDecoder::probe(const Bytes& bytes) const { return info_of(bytes, 1); }

ImageInfo TiffDecoder::probe_page(const Bytes& bytes, const Params& params) const {
  return info_of(bytes, params.get<std::int64_t>("page"));
}

Image TiffDecoder::decode(const Bytes& bytes, const Params& params) {
  const bool lenient = params.get<bool>("lenient");
  const DirectoryReader reader(bytes);
  const Pages pages = find_pages(reader);
  const std::uint64_t page = page_offset(pages, params.get<std::int64_t>("page"));
  TiffSource source(bytes, page, lenient);
  const Layout layout = layout_of(source);
  Image image;
  image.meta = read_metadata(reader, *reader.read(page), source.value<std::uint16_t>(TIFFTAG_ORIENTATION), image.lost);
  report_pages(pages, params.given("page"), image.lost);
  report_samples(layout, image.lost);
  image.pixels = read_samples(source, layout, lenient, image.lost);
  finish_colours(image, source, layout, params.get<double>("white"));
  return image;
}

}  // namespace calotype
