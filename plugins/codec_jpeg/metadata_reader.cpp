// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "../common/big_endian.hpp"
#include "../common/photoshop.hpp"
#include "../common/text.hpp"
#include "extended_xmp.hpp"
#include "markers.hpp"
#include "metadata.hpp"
#include "segments.hpp"

namespace calotype {
namespace {

/// Well-known segments that hold something that a picture cannot carry on.
struct Extra {
  int marker;
  std::string_view prefix;
  const char* what;  ///< in the plural
};
constexpr Extra kExtras[] = {
    {marker::app(1), "FLIR\0"sv, "measurements of a thermal camera (FLIR)"},
    {marker::app(2), "MPF\0"sv, "references to further pictures (MPF)"},
    {marker::app(2), "FPXR\0"sv, "FlashPix data"},
    {marker::app(2), "urn:iso:std:iso:ts:21496:-1\0"sv, "parameters of a gain map"},
    {marker::app(3), "_JPSJPS_"sv, "parameters of a stereo pair"},
    {marker::app(11), "JP"sv, "JUMBF boxes, such as content credentials (C2PA)"},
    {marker::app(11), "HDR_RI"sv, "layers of high dynamic range"},
};

/// A profile in numbered pieces, of which all say how many there are.
class ProfilePieces {
 public:
  void add(std::string_view piece) {
    if (piece.size() < 2) return void(sound_ = false);
    const std::size_t number = std::uint8_t(piece[0]), count = std::uint8_t(piece[1]);
    if (pieces_.empty()) pieces_.resize(count);
    sound_ = sound_ && count == pieces_.size() && number > 0 && number <= count && !pieces_[number - 1].data();
    if (sound_) pieces_[number - 1] = piece.substr(2);
  }
  Bytes whole(Losses& lost) const {
    Bytes profile;
    bool complete = sound_;
    for (const std::string_view piece : pieces_) {
      complete = complete && piece.data();
      profile.insert(profile.end(), piece.begin(), piece.end());
    }
    if (complete) return profile;
    lost.add(LossKind::icc, "the colour profile lacks a piece and is left out");
    return {};
  }

 private:
  std::vector<std::string_view> pieces_;
  bool sound_ = true;
};

Density density_of_jfif(std::string_view data) {
  constexpr std::size_t kUnit = 7, kX = 8, kY = 10;
  if (data.size() < kY + 2) return {};
  const double scale = data[kUnit] == 1 ? 1 : data[kUnit] == 2 ? 2.54 : 0;  // other units say the shape of pixels alone
  return {scale * big_endian(data.substr(kX), 2), scale * big_endian(data.substr(kY), 2)};
}

bool jfif_has_thumbnail(std::string_view data) {
  constexpr std::size_t kWidth = 12, kHeight = 13;
  return data.size() > kHeight && data[kWidth] != 0 && data[kHeight] != 0;
}

class Reader {
 public:
  explicit Reader(Losses& lost) : lost_(lost) {}

  void read(int marker, std::string_view data) {
    // Whether the segment begins so, which is then taken off it.
    const auto take = [&](int of, std::string_view prefix) {
      if (marker != of || data.substr(0, prefix.size()) != prefix) return false;
      data.remove_prefix(prefix.size());
      return true;
    };
    if (marker == marker::com) return read_comment(data);
    if (marker == marker::app(0)) return read_jfif(data);
    if (take(marker::app(1), exif_prefix)) return read_exif(data);
    if (take(marker::app(1), xmp_prefix)) return read_xmp(data);
    if (take(marker::app(1), extended_xmp_prefix)) return extension_.push_back(data);
    if (take(marker::app(2), icc_prefix)) return profile_.add(data);
    if (take(marker::app(13), photoshop_prefix)) return void(resources_ += data);
    for (const Extra& extra : kExtras)
      if (take(extra.marker, extra.prefix)) return lose_extra(extra.what);
  }

  Metadata finish() {
    meta_.xmp = join_xmp(meta_.xmp, extension_, lost_);
    meta_.icc = profile_.whole(lost_);
    PhotoshopResources photoshop = read_photoshop_resources(resources_);
    meta_.iptc = std::move(photoshop.iptc);
    if (!meta_.density.known()) meta_.density = photoshop.density;
    if (photoshop.thumbnail) lose_thumbnail();
    if (photoshop.paths) lose_extra("clipping paths");
    if (photoshop.damaged) lose_extra("damaged resources of Photoshop");
    std::string names;
    for (const std::string& extra : extras_) names += (names.empty() ? "" : ", ") + extra;
    if (!names.empty()) lost_.add(LossKind::extra, names + " are left out");
    return std::move(meta_);
  }

 private:
  void read_comment(std::string_view data) {
    std::string text(data.substr(0, data.find('\0')));
    if (data.find_first_not_of('\0', text.size()) != std::string_view::npos)
      lost_.add(LossKind::text, "a comment goes on behind a zero, and is cut there");
    if (!text.empty()) meta_.text.emplace_back("Comment", looks_like_utf8(text) ? text : utf8_from_latin1(text));
  }
  void read_jfif(std::string_view data) {
    const bool jfif = data.substr(0, jfif_prefix.size()) == jfif_prefix;
    if (jfif && !meta_.density.known()) meta_.density = density_of_jfif(data);
    if (data.substr(0, jfxx_prefix.size()) == jfxx_prefix || (jfif && jfif_has_thumbnail(data))) lose_thumbnail();
  }
  void read_exif(std::string_view data) {
    const std::string_view order = data.substr(0, 2);
    if (!meta_.exif.empty() && (order == "II" || order == "MM"))
      return lost_.add(LossKind::exif, "a second EXIF block is left out");
    meta_.exif.insert(meta_.exif.end(), data.begin(), data.end());  // one of more than 64 KiB goes on in other segments
  }
  void read_xmp(std::string_view data) {
    if (!meta_.xmp.empty()) return lost_.add(LossKind::xmp, "a second XMP packet is left out");
    meta_.xmp.assign(data.begin(), data.end());
  }
  void lose_thumbnail() { lost_.add(LossKind::thumbnail, "the small copy in the metadata is left out"); }
  void lose_extra(const std::string& what) {
    if (std::find(extras_.begin(), extras_.end(), what) == extras_.end()) extras_.push_back(what);
  }

  Losses& lost_;
  Metadata meta_;
  std::vector<std::string_view> extension_;
  ProfilePieces profile_;
  std::string resources_;
  std::vector<std::string> extras_;
};

}  // namespace

Metadata read_metadata(const Bytes& file, Losses& lost) {
  Reader reader(lost);
  for (Segments segments(file); segments.next();) reader.read(segments.marker(), segments.data());
  return reader.finish();
}

int read_orientation(const Bytes& file) {
  for (Segments segments(file); segments.next();) {
    const std::string_view data = segments.data();
    if (segments.marker() == marker::app(1) && data.substr(0, exif_prefix.size()) == exif_prefix)
      return exif_orientation(Bytes(data.begin() + exif_prefix.size(), data.end()));
  }
  return 1;
}

}  // namespace calotype
