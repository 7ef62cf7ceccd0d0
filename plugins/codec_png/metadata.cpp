// SPDX-License-Identifier: Apache-2.0
// Chunks: PNG (third edition), 11.3.
#include "metadata.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "../common/behind.hpp"
#include "../common/density.hpp"
#include "../common/exif.hpp"
#include "../common/photoshop.hpp"
#include "../common/text.hpp"
#include "calotype/error.hpp"
#include "chunks.hpp"
#include "colour_chunks.hpp"
#include "keywords.hpp"
#include "raw_profile.hpp"

namespace calotype {
namespace {

/// Bounds what the compressed profiles and texts of a file may grow to, together.
constexpr std::size_t kMostInflated = 64 << 20;
constexpr std::size_t kMostTexts = 1000;

/// What nobody misses in a picture without them.
constexpr std::string_view kHarmless[] = {"tRNS", "tIME", "sBIT", "bKGD", "hIST", "sPLT", "oFFs",
                                          "vpAg", "caNv", "orNT", "iDOT", "fcTL", "fdAT"};

LossKind kind_of(std::string_view chunk) {
  static constexpr std::pair<std::string_view, LossKind> kKinds[] = {
      {"iCCP", LossKind::icc},    {"cICP", LossKind::colour}, {"sRGB", LossKind::colour}, {"gAMA", LossKind::colour},
      {"cHRM", LossKind::colour}, {"tRNS", LossKind::alpha},  {"eXIf", LossKind::exif},   {"pHYs", LossKind::density},
      {"tEXt", LossKind::text},   {"zTXt", LossKind::text},   {"iTXt", LossKind::text},   {"acTL", LossKind::frames},
      {"fcTL", LossKind::frames}, {"fdAT", LossKind::frames}};
  for (const auto& [name, kind] : kKinds)
    if (name == chunk) return kind;
  return LossKind::extra;
}

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

std::string_view view(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

/// Takes what stands before the next NUL out of `rest`; nothing where there is none.
std::optional<std::string_view> take_string(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  if (end == rest.npos) return {};
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return taken;
}

/// A zlib stream of at most `most` bytes; nothing where it is broken or longer.
std::optional<std::string> inflated(std::string_view stream, std::size_t most) {
  z_stream state{};
  if (inflateInit(&state) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> owner(&state, inflateEnd);
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stream.data()));  // zlib reads only
  state.avail_in = static_cast<uInt>(stream.size());
  std::string result;
  int status = Z_OK;
  while (status == Z_OK && state.avail_out == 0 && result.size() < most) {
    result.resize(std::min(most, std::max<std::size_t>(4096, 2 * result.size())));
    state.next_out = reinterpret_cast<Bytef*>(result.data() + state.total_out);
    state.avail_out = static_cast<uInt>(result.size() - state.total_out);
    status = inflate(&state, Z_NO_FLUSH);
  }
  if (status != Z_STREAM_END) return {};
  result.resize(state.total_out);
  return result;
}

bool is_text(const PngChunk& chunk) { return chunk.name == "tEXt" || chunk.name == "zTXt" || chunk.name == "iTXt"; }

struct TextChunk {
  std::string_view keyword, value;
  bool compressed, utf8;
};

/// Nothing where it is malformed.
std::optional<TextChunk> text_of(const PngChunk& chunk) {
  std::string_view rest(reinterpret_cast<const char*>(chunk.data), chunk.size);
  const auto keyword = take_string(rest);
  if (!keyword) return {};
  const bool utf8 = chunk.name == "iTXt";
  bool compressed = chunk.name == "zTXt";
  if (compressed || utf8) {  // flag and method, or the method alone
    const std::size_t count = utf8 ? 2 : 1;
    if (rest.size() < count || rest[count - 1] != 0) return {};
    compressed |= rest[0] == 1;
    rest.remove_prefix(count);
  }
  if (utf8 && !(take_string(rest) && take_string(rest))) return {};  // language and translated keyword
  return TextChunk{*keyword, rest, compressed, utf8};
}

/// Reads all chunks of a file in their order.
class MetadataReader {
 public:
  MetadataReader(bool lenient, Losses& lost) : lenient_(lenient), lost_(lost) {}

  void take(const PngChunk& chunk) {
    const std::string_view name = chunk.name;
    if (name == "IHDR" && chunk.size >= 13) grey_ = !(chunk.data[9] & 2);  // the bit that stands for colour
    if (name == "IDAT") behind_pixels_ = true;
    if (!chunk.ancillary()) return;
    if (!chunk.intact()) return lose_damaged(name);
    if (is_text(chunk))
      take_text(chunk);
    else if (name == "eXIf")
      take_exif(chunk);
    else if (name == "pHYs")
      take_density(chunk);
    else if (name == "acTL")
      animated_ = true;
    else if (kind_of(name) == LossKind::colour || name == "iCCP")
      take_colour(chunk);
    else if (std::find(std::begin(kHarmless), std::end(kHarmless), name) == std::end(kHarmless))
      unknown_.emplace(name);
    further_frames_ += name == "fcTL" && behind_pixels_;
  }

  Metadata finish() {
    if (meta_.exif.empty()) meta_.exif = std::move(raw_.exif);
    if (meta_.xmp.empty()) meta_.xmp = std::move(raw_.xmp);
    meta_.iptc = std::move(raw_.iptc);
    if (colours_.icc.empty() && !colours_.srgb) colours_.icc = std::move(raw_.icc);
    meta_.icc = profile_of(colours_, grey_, lost_);
    if (animated_ && further_frames_ > 0) lost_.add(LossKind::frames, further_left_out(further_frames_, "frame"));
    lose_unknown();
    return std::move(meta_);
  }

 private:
  void lose_damaged(std::string_view name) {
    const LossKind kind = kind_of(name);
    const std::string what = kind == LossKind::extra ? "a chunk" : "its chunk " + std::string(name);
    if (!lenient_)
      throw Error(ErrorCode::corrupt, "PNG: " + what + " is damaged",
                  "fetch the file again from its source, or add --lenient to go on without");
    lost_.add(kind, what + " is damaged and left out");
  }

  void lose_unknown() {
    constexpr std::size_t kNamed = 8;
    std::string names;
    for (auto name = unknown_.begin(); name != unknown_.end() && names.size() < 6 * kNamed; ++name)
      names += (names.empty() ? "" : ", ") + *name;
    if (!names.empty())
      lost_.add(LossKind::extra, "what is in its chunks " + names + (unknown_.size() > kNamed ? " and others" : "") +
                                     " is not known here and left out");
  }

  /// Within what is left of the bound.
  std::optional<std::string> inflate_within(std::string_view stream) {
    auto data = inflated(stream, may_inflate_);
    if (data) may_inflate_ -= data->size();
    return data;
  }

  void take_text(const PngChunk& chunk) {
    const auto text = text_of(chunk);
    const auto value = !text              ? std::nullopt
                       : text->compressed ? inflate_within(text->value)
                                          : std::optional<std::string>(text->value);
    const bool xmp = text && text->keyword == xmp_keyword;
    if (!value)
      return lost_.add(xmp ? LossKind::xmp : LossKind::text, "a text in it is damaged or too large, and left out");
    if (xmp) {
      if (meta_.xmp.empty()) meta_.xmp = bytes_of(*value);
      return;
    }
    if (begins(text->keyword, raw_profile_keyword))
      if (const auto block = from_raw_profile(*value))
        if (take_raw(text->keyword.substr(std::string_view(raw_profile_keyword).size()), view(*block))) return;
    if (meta_.text.size() == kMostTexts)
      return lost_.add(LossKind::text, "of its texts, " + std::to_string(kMostTexts) + " are kept");
    meta_.text.emplace_back(utf8_from_latin1(std::string(text->keyword)),
                            text->utf8 ? *value : utf8_from_latin1(*value));
  }

  /// False where it is of no kind that is known here.
  bool take_raw(std::string_view kind, std::string_view block) {
    constexpr std::string_view kXmpPrefix("http://ns.adobe.com/xap/1.0/\0", 29), kPhotoshop("Photoshop 3.0\0", 14);
    constexpr char kDataSet = 0x1C;
    if (kind == "icc" || kind == "icm") {
      raw_.icc = bytes_of(block);
    } else if (kind == "xmp" || begins(block, kXmpPrefix)) {
      raw_.xmp = bytes_of(begins(block, kXmpPrefix) ? block.substr(kXmpPrefix.size()) : block);
    } else if (kind == "exif" || kind == "APP1") {
      raw_.exif = exif_block(block);
    } else if (kind == "iptc" || kind == "8bim" || kind == "APP13") {
      if (begins(block, kPhotoshop)) block.remove_prefix(kPhotoshop.size());
      PhotoshopResources found = read_photoshop_resources(block);
      if (!block.empty() && block[0] == kDataSet) found.iptc = bytes_of(block);
      if (found.paths) lost_.add(LossKind::extra, "clipping paths are left out");
      if (!found.iptc.empty()) raw_.iptc = std::move(found.iptc);
    } else {
      return false;
    }
    return true;
  }

  void take_exif(const PngChunk& chunk) {
    if (!meta_.exif.empty()) return;
    meta_.exif = exif_block({reinterpret_cast<const char*>(chunk.data), chunk.size});
    if (meta_.exif.empty()) lost_.add(LossKind::exif, "EXIF that is none is left out");
  }

  void take_density(const PngChunk& chunk) {
    if (chunk.size < 9 || meta_.density.known()) return;
    const std::uint32_t x = big_endian_32(chunk.data), y = big_endian_32(chunk.data + 4);
    const bool metres = chunk.data[8] == 1;
    if (metres)
      meta_.density = {per_inch(x), per_inch(y)};
    else if (x != y)
      lost_.add(LossKind::density, "its pixels are not square, and are taken as if they were");
  }

  void take_colour(const PngChunk& chunk) {
    if (behind_pixels_) return;  // where it is void
    const auto fraction = [&](std::size_t i) { return big_endian_32(chunk.data + 4 * i) / 100000.0; };
    if (chunk.name == "iCCP")
      take_profile({reinterpret_cast<const char*>(chunk.data), chunk.size});
    else if (chunk.name == "sRGB")
      colours_.srgb = true;
    else if (chunk.name == "gAMA" && chunk.size == 4)
      colours_.gamma = fraction(0);
    else if (chunk.name == "cHRM" && chunk.size == 32)
      colours_.primaries = Primaries{{fraction(2), fraction(3)},
                                     {fraction(4), fraction(5)},
                                     {fraction(6), fraction(7)},
                                     {fraction(0), fraction(1)}};
    else if (chunk.name == "cICP" && chunk.size == 4)
      std::copy_n(chunk.data, 4, colours_.cicp.emplace().begin());
    else
      lost_.add(LossKind::colour, "its chunk " + std::string(chunk.name) + " is malformed and left out");
  }

  void take_profile(std::string_view rest) {
    if (!colours_.icc.empty()) return;
    const bool named = take_string(rest) && !rest.empty() && rest[0] == 0;  // the method
    const auto profile = named ? inflate_within(rest.substr(1)) : std::nullopt;
    if (profile)
      colours_.icc = bytes_of(*profile);
    else
      lost_.add(LossKind::icc, "the colour profile is damaged and left out");
  }

  const bool lenient_;
  Losses& lost_;
  Metadata meta_, raw_;  // raw_: of texts that stand for chunks
  ColourChunks colours_;
  std::size_t may_inflate_ = kMostInflated;
  std::set<std::string> unknown_;  // names of chunks
  bool grey_ = false, behind_pixels_ = false, animated_ = false;
  int further_frames_ = 0;
};

}  // namespace

Metadata read_png_metadata(const Bytes& file, bool lenient, Losses& lost) {
  MetadataReader reader(lenient, lost);
  PngChunks chunks(file);
  bool ended = false;
  for (PngChunk chunk; chunks.next(chunk); ended = chunk.name == "IEND") reader.take(chunk);
  if (ended) lose_bytes_behind(file, chunks.position(), lost);
  return reader.finish();
}

Bytes read_png_exif(const Bytes& file) {
  const auto may_hold_exif = [](const PngChunk& chunk) {
    if (chunk.name == "eXIf") return true;
    const auto text = is_text(chunk) ? text_of(chunk) : std::nullopt;
    return text && begins(text->keyword, raw_profile_keyword);
  };
  Losses ignored;
  MetadataReader reader(true, ignored);
  PngChunks chunks(file);
  for (PngChunk chunk; chunks.next(chunk);)
    if (may_hold_exif(chunk)) reader.take(chunk);
  return reader.finish().exif;
}

}  // namespace calotype
