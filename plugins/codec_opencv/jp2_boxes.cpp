// SPDX-License-Identifier: Apache-2.0
#include "jp2_boxes.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "../common/density.hpp"
#include "../common/exif.hpp"
#include "../common/photoshop.hpp"
#include "../common/text.hpp"

namespace calotype {
namespace {

constexpr int kMostBoxes = 1000;

struct Box {
  std::string type;
  std::uint64_t at, size;  ///< of the contents, as far as they are there
  bool whole;
};

/// Calls `take` for the boxes between two places.
template <class Take>
void for_each_box(const ByteView& view, std::uint64_t at, std::uint64_t end, Take take) {
  for (int i = 0; i < kMostBoxes && at + 8 <= end; ++i) {
    const Bytes type = view.slice(at + 4, 4);
    std::uint64_t length = view.be32(at), header = 8;
    if (length == 0) {
      length = end - at;
    } else if (length == 1) {
      length = std::uint64_t(view.be32(at + 8)) << 32 | view.be32(at + 12);
      header = 16;
    }
    if (length < header || end - at < header) view.fail("a box without a length");
    const bool whole = length <= end - at;
    take(Box{std::string(type.begin(), type.end()), at + header, std::min(length, end - at) - header, whole});
    if (!whole) return;
    at += length;
  }
}

class Reader {
 public:
  explicit Reader(const ByteView& view) : view_(view) {}

  Jp2File read() {
    for_each_box(view_, 0, view_.size(), [&](const Box& box) { take(box); });
    if (file_.codestreams == 0) view_.fail("no codestream");
    if (!file_.colours && file_.meta.icc.empty() && unknown_colours_)
      file_.lost.add(LossKind::colour, "its colours are named in a way that is not known here, and may be shown wrong");
    return std::move(file_);
  }

 private:
  void take(const Box& box) {
    static constexpr std::string_view harmless[] = {"jP  ", "ftyp", "rreq", "free"};
    if (box.type == "jp2c") {
      if (file_.codestreams++ == 0) {
        file_.codestream = box.at;
        file_.codestream_size = box.size;
      }
    } else if (!box.whole) {
      if (file_.codestreams == 0) view_.fail("unexpected end of file");
      file_.lost.add(LossKind::extra, "the file is cut short, and with it what follows the picture");
    } else if (box.type == "jp2h") {
      for_each_box(view_, box.at, box.at + box.size, [&](const Box& inner) { take_header(inner); });
    } else if (box.type == "uuid") {
      take_uuid(box);
    } else if (box.type == "xml ") {
      take_xml(box);
    } else if (std::find(std::begin(harmless), std::end(harmless), box.type) == std::end(harmless)) {
      file_.lost.add(LossKind::extra, "data of a kind that is not known here is left out");
    }
  }

  void take_xml(const Box& box) {
    const Bytes bytes = view_.slice(box.at, box.size);
    const std::string xml(bytes.begin(), bytes.end());
    if (looks_like_utf8(xml))
      file_.meta.text.emplace_back("XML", xml);
    else
      file_.lost.add(LossKind::text, "XML that is not in UTF-8 is left out");
  }

  void take_header(const Box& box) {
    if (!box.whole) view_.fail("unexpected end of a box");
    if (box.type == "colr")
      take_colours(box);
    else if (box.type == "cdef")
      take_channels(box);
    else if (box.type == "pclr")
      file_.palette = true;
    else if (box.type == "res ")
      for_each_box(view_, box.at, box.at + box.size, [&](const Box& inner) { take_density(inner); });
  }

  /// The first that is understood.
  void take_colours(const Box& box) {
    constexpr std::uint32_t kNumber = 1, kRestrictedProfile = 2, kAnyProfile = 3;
    if (file_.colours || !file_.meta.icc.empty()) return;
    const std::uint32_t method = view_.u8(box.at);
    if (method == kNumber)
      file_.colours = view_.be32(box.at + 3);
    else if ((method == kRestrictedProfile || method == kAnyProfile) && box.size > 3)
      file_.meta.icc = view_.slice(box.at + 3, box.size - 3);
    else
      unknown_colours_ = true;
  }

  void take_channels(const Box& box) {
    constexpr std::uint64_t kEntry = 6;
    const std::uint64_t count = view_.be16(box.at);
    if (box.size < 2 + count * kEntry) view_.fail("channels without a definition");
    for (std::uint64_t at = box.at + 2; file_.channels.size() < count; at += kEntry)
      file_.channels.push_back({view_.be16(at), view_.be16(at + 2), view_.be16(at + 4)});
  }

  /// For display, or else as it was when the picture was taken.
  void take_density(const Box& box) {
    constexpr double kMost = 1e6;
    if ((box.type != "resd" && (box.type != "resc" || file_.meta.density.known())) || box.size < 10) return;
    const auto in_inch = [&](std::uint64_t numerator, std::uint64_t exponent) {
      const double divisor = view_.be16(box.at + numerator + 2);
      const auto power = static_cast<std::int8_t>(view_.u8(box.at + exponent));
      return divisor > 0 ? per_inch(view_.be16(box.at + numerator) / divisor * std::pow(10, power)) : 0;
    };
    const Density density{in_inch(4, 9), in_inch(0, 8)};  // vertical first
    if (density.known() && density.x < kMost && density.y < kMost) file_.meta.density = density;
  }

  void take_uuid(const Box& box) {
    using namespace std::string_view_literals;
    constexpr std::uint64_t kId = 16;
    constexpr std::string_view kExif = "JpgTiffExif->JP2",
                               kXmp = "\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC",
                               kIptc = "\x33\xC7\xA4\xD2\xB8\x1D\x47\x23\xA0\xBA\xF1\xA3\xE0\x97\xAD\x38",
                               kPhotoshop = "\x2C\x4C\x01\x00\x85\x04\x40\xB9\xA0\x3E\x56\x21\x48\xD6\xDF\xEB"sv;
    const Bytes bytes = view_.slice(box.at, box.size);
    const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::string_view id = all.substr(0, kId), payload = all.substr(std::min<std::size_t>(kId, all.size()));
    Metadata& meta = file_.meta;
    if (id == kExif) {
      meta.exif = exif_block(payload);
      if (meta.exif.empty()) file_.lost.add(LossKind::exif, "EXIF that is none is left out");
    } else if (id == kXmp) {
      meta.xmp.assign(payload.begin(), payload.end());
    } else if (id == kIptc) {
      meta.iptc.assign(payload.begin(), payload.end());
    } else if (id == kPhotoshop) {
      PhotoshopResources found = read_photoshop_resources(payload);
      if (meta.iptc.empty()) meta.iptc = std::move(found.iptc);
      if (found.paths) file_.lost.add(LossKind::extra, "clipping paths are left out");
    } else {
      file_.lost.add(LossKind::extra, "data of a kind that is not known here is left out");
    }
  }

  const ByteView& view_;
  Jp2File file_;
  bool unknown_colours_ = false;
};

}  // namespace

Jp2File read_jp2_boxes(const ByteView& view) {
  if (!view.equal(0, "\xFF\x4F\xFF\x51")) return Reader(view).read();
  Jp2File bare;
  bare.codestream_size = view.size();
  bare.codestreams = 1;
  return bare;
}

}  // namespace calotype
