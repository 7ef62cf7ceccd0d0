// SPDX-License-Identifier: Apache-2.0
#include "exif_block.hpp"

#include <algorithm>
#include <utility>

namespace calotype {
namespace {

constexpr std::uint32_t kShort = 3, kLong = 4, kRational = 5;
constexpr std::size_t kEntry = 12;
constexpr std::uint32_t kPhotoDirectory = 0x8769, kPositionDirectory = 0x8825, kInteroperabilityDirectory = 0xA005;
/// Of a thumbnail: a JPEG, or strips of samples.
constexpr std::uint32_t kMostStrips = 256;
constexpr std::uint32_t kJpegOffset = 0x0201, kJpegLength = 0x0202, kStripOffsets = 0x0111, kStripLengths = 0x0117;

}  // namespace

ExifBlock::ExifBlock(Bytes& bytes) : bytes_(bytes) {
  if (bytes_.size() < 8 || (bytes_[0] != 'I' && bytes_[0] != 'M') || bytes_[1] != bytes_[0]) return;
  big_endian_ = bytes_[0] == 'M';
  sound_ = read(2, 2) == 42u;
}

std::optional<std::uint32_t> ExifBlock::read(std::size_t at, std::size_t width) const {
  if (at > bytes_.size() || bytes_.size() - at < width) return {};
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | bytes_[at + (big_endian_ ? i : width - 1 - i)];
  return value;
}

void ExifBlock::write(std::size_t at, std::size_t width, std::uint32_t value) {
  for (std::size_t i = 0; i < width; ++i, value >>= 8)
    bytes_[at + (big_endian_ ? width - 1 - i : i)] = static_cast<std::uint8_t>(value);
}

std::optional<ExifBlock::Entry> ExifBlock::find(std::size_t directory, std::uint32_t tag) const {
  const auto count = read(directory, 2);
  for (std::uint32_t i = 0; count && i < *count; ++i) {
    const std::size_t at = directory + 2 + i * kEntry;
    const auto found = read(at, 2), type = read(at + 2, 2), values = read(at + 4, 4);
    if (!found || !type || !values) return {};
    if (*found == tag) return Entry{at + 8, *type, *values};
  }
  return {};
}

std::optional<std::size_t> ExifBlock::start(Directory directory) const {
  if (!sound_) return {};
  const auto image = read(4, 4);
  if (!image || directory == Directory::image) return image;
  const auto pointer = find(*image, kPhotoDirectory);
  return pointer ? read(pointer->at, 4) : std::nullopt;
}

std::optional<std::pair<std::size_t, std::size_t>> ExifBlock::place(Directory directory, Tag tag) const {
  const auto begin = start(directory);
  const auto entry = begin ? find(*begin, tag) : std::nullopt;
  if (!entry || entry->count != 1 || (entry->type != kShort && entry->type != kLong)) return {};
  const std::size_t width = entry->type == kShort ? 2 : 4;
  if (!read(entry->at, width)) return {};
  return std::pair{entry->at, width};
}

std::optional<std::uint32_t> ExifBlock::number(Directory directory, Tag tag) const {
  const auto where = place(directory, tag);
  return where ? read(where->first, where->second) : std::nullopt;
}

bool ExifBlock::replace(Directory directory, Tag tag, std::uint32_t value) {
  const auto where = place(directory, tag);
  if (!where || read(where->first, where->second) == value || (where->second == 2 && value > 0xFFFF)) return false;
  write(where->first, where->second, value);
  return true;
}

std::optional<double> ExifBlock::rational(Directory directory, Tag tag) const {
  const auto begin = start(directory);
  const auto entry = begin ? find(*begin, tag) : std::nullopt;
  const auto at = entry && entry->type == kRational && entry->count == 1 ? read(entry->at, 4) : std::nullopt;
  if (!at) return {};
  const auto numerator = read(*at, 4), denominator = read(std::size_t(*at) + 4, 4);
  if (!numerator || !denominator || *denominator == 0) return {};
  return double(*numerator) / *denominator;
}

std::vector<std::uint32_t> ExifBlock::numbers(std::size_t directory, std::uint32_t tag) const {
  const auto entry = find(directory, tag);
  if (!entry || (entry->type != kShort && entry->type != kLong)) return {};
  const std::size_t width = entry->type == kShort ? 2 : 4;
  const bool inside = entry->count <= 4 / width;
  const std::size_t from = inside ? entry->at : read(entry->at, 4).value_or(0);
  std::vector<std::uint32_t> values;
  for (std::uint32_t i = 0; i < std::min(entry->count, kMostStrips); ++i) {
    const auto value = read(from + i * width, width);
    if (!value) break;
    values.push_back(*value);
  }
  return values;
}

std::vector<ExifBlock::Span> ExifBlock::directories() const {
  const auto image = start(Directory::image), photo = start(Directory::photo);
  std::vector<Span> all;
  const auto add = [&](std::optional<std::size_t> at) {
    const auto entries = at ? read(*at, 2) : std::nullopt;
    if (entries) all.push_back({*at, *at + 2 + *entries * kEntry + 4});
  };
  const auto child = [&](std::optional<std::size_t> directory, std::uint32_t tag) -> std::optional<std::size_t> {
    const auto pointer = directory ? find(*directory, tag) : std::nullopt;
    return pointer ? read(pointer->at, 4) : std::nullopt;
  };
  add(image);
  add(photo);
  add(child(image, kPositionDirectory));
  add(child(photo, kInteroperabilityDirectory));
  if (!all.empty()) add(read(all.front().end - 4, 4));  // the second one
  return all;
}

bool ExifBlock::drop_thumbnail() {
  constexpr std::size_t kHeader = 8;
  const std::vector<Span> kept = directories();
  if (kept.empty()) return false;
  const std::size_t link = kept.front().end - 4;
  const auto second = read(link, 4);
  if (!second || *second == 0) return false;
  for (const auto& [offsets, lengths] :
       {std::pair{kJpegOffset, kJpegLength}, std::pair{kStripOffsets, kStripLengths}}) {
    const auto from = numbers(*second, offsets), length = numbers(*second, lengths);
    for (std::size_t i = 0; i < std::min(from.size(), length.size()); ++i) {
      if (from[i] < kHeader || from[i] >= bytes_.size()) continue;
      const std::size_t end = std::min(bytes_.size(), std::size_t(from[i]) + length[i]);
      // Not where a broken block would have us overwrite what is no picture.
      const auto overlaps = [&](const Span& span) { return from[i] < span.end && span.begin < end; };
      if (std::any_of(kept.begin(), kept.end(), overlaps)) continue;
      std::fill(bytes_.begin() + from[i], bytes_.begin() + std::ptrdiff_t(end), std::uint8_t(0));
      if (end == bytes_.size()) bytes_.resize(from[i]);
    }
  }
  write(link, 4, 0);
  return true;
}

}  // namespace calotype
