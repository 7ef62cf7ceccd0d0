// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "../common/photoshop.hpp"
#include "extended_xmp.hpp"
#include "markers.hpp"
#include "metadata.hpp"
#include "segments.hpp"

namespace calotype {
namespace {

std::string_view view(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

class Writer {
 public:
  explicit Writer(Losses& lost) : lost_(lost) {}

  void add_exif(const Bytes& exif) { add_if_short(marker::app(1), exif_prefix, view(exif), LossKind::exif, "EXIF"); }
  void add_xmp(const Bytes& packet) {
    if (xmp_prefix.size() + packet.size() <= max_segment) return add(marker::app(1), xmp_prefix, view(packet));
    const auto split = split_xmp(packet);
    if (!split)
      return lost_.add(LossKind::xmp, "XMP larger than 64 KiB that cannot be divided has no place in this format");
    add(marker::app(1), xmp_prefix, split->packet);
    for (const std::string& piece : split->extension) add(marker::app(1), extended_xmp_prefix, piece);
  }
  void add_resources(std::string_view resources) {
    constexpr std::size_t kPiece = max_segment - photoshop_prefix.size();
    for (std::size_t at = 0; at < resources.size(); at += kPiece)
      add(marker::app(13), photoshop_prefix, resources.substr(at, kPiece));
  }
  void add_profile(std::string_view profile) {
    constexpr std::size_t kPiece = max_segment - icc_prefix.size() - 2, kMostPieces = 255;
    const std::size_t count = (profile.size() + kPiece - 1) / kPiece;
    if (count > kMostPieces)
      return lost_.add(LossKind::icc, "a colour profile larger than 16 MiB has no place in this format");
    for (std::size_t i = 0; i < count; ++i) {
      const char number[] = {char(i + 1), char(count)};
      add(marker::app(2), std::string(icc_prefix).append(number, 2), profile.substr(i * kPiece, kPiece));
    }
  }
  void add_text(const std::string& keyword, const std::string& value) {  // a comment has no keyword of its own
    add_if_short(marker::com, keyword == "Comment" ? "" : keyword + ": ", value, LossKind::text, "text");
  }
  std::vector<MarkerSegment> finish() { return std::move(segments_); }

 private:
  void add(int marker, std::string_view prefix, std::string_view data) {
    segments_.push_back({marker, std::string(prefix).append(data)});
  }
  void add_if_short(int marker, std::string_view prefix, std::string_view data, LossKind kind,
                    const std::string& what) {
    if (prefix.size() + data.size() <= max_segment)
      add(marker, prefix, data);
    else
      lost_.add(kind, what + " larger than 64 KiB has no place in this format");
  }

  Losses& lost_;
  std::vector<MarkerSegment> segments_;
};

}  // namespace

std::vector<MarkerSegment> metadata_segments(const Metadata& meta, Losses& lost) {
  Writer writer(lost);
  if (!meta.exif.empty()) writer.add_exif(meta.exif);
  if (!meta.xmp.empty()) writer.add_xmp(meta.xmp);
  if (!meta.iptc.empty()) writer.add_resources(iptc_resource(meta.iptc));
  writer.add_profile(view(meta.icc));
  for (const auto& [keyword, value] : meta.text) writer.add_text(keyword, value);
  return writer.finish();
}

JfifDensity jfif_density(const Density& density, Losses& lost) {
  constexpr double kMost = 65535, kNoticed = 0.005;
  JfifDensity best;
  if (!density.known()) return best;
  double least = 1;
  for (const int unit : {1, 2}) {
    const double scale = unit == 1 ? 1 : 2.54;
    const double x = std::round(density.x / scale), y = std::round(density.y / scale);
    if (x < 1 || y < 1 || x > kMost || y > kMost) continue;
    const double error = std::max(std::abs(x * scale / density.x - 1), std::abs(y * scale / density.y - 1));
    if (error >= least) continue;
    least = error;
    best = {unit, int(x), int(y)};
  }
  if (best.unit == 0)
    lost.add(LossKind::density, "the density is beyond what JPEG has numbers for, and is left out");
  else if (least > kNoticed)
    lost.add(LossKind::density, "the density is rounded to a whole number");
  return best;
}

}  // namespace calotype
