// SPDX-License-Identifier: Apache-2.0
#include "container.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "calotype/error.hpp"

namespace calotype::latent {
namespace {

constexpr char kMagic[] = "CALO";
constexpr int kVersion = 1;
/// A density counts in this part of a pixel per inch.
constexpr double kDensityUnit = 1000;
/// No picture needs more; small boxes take far more room in memory than in the file.
constexpr std::size_t kMostBoxes = 1024, kMostMetadata = std::size_t(64) << 20;
enum Flag { kGrey = 1, kSixteenBit = 2, kFp32Means = 4 };

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::corrupt, "not a valid .calo file: " + what,
              "fetch the file again or restore it from a backup");
}

void put(Bytes& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(std::uint8_t(value >> (8 * i)));
}

std::uint32_t get(const std::uint8_t* from, int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= std::uint32_t(from[i]) << (8 * i);
  return value;
}

Bytes payload(const Box& box) { return Bytes(box.data, box.data + box.size); }

}  // namespace

std::uint32_t crc32(std::uint32_t crc, const void* data, std::size_t size) {
  return std::uint32_t(::crc32_z(crc, static_cast<const Bytef*>(data), size));
}

const Box* Container::box(const std::string& type) const {
  for (const Box& b : boxes)
    if (b.type == type) return &b;
  return nullptr;
}

Header parse_header(const Bytes& file) {
  if (file.size() < kHeaderBytes || std::memcmp(file.data(), kMagic, 4) != 0) fail("no header");
  const std::uint8_t* at = file.data();
  if (crc32(0, at, kHeaderBytes - 4) != get(at + 20, 4)) fail("the header's checksum does not match");
  if (at[4] != kVersion)
    throw Error(ErrorCode::unsupported, ".calo version " + std::to_string(at[4]) + ", this reader knows version 1",
                "update Calotype");
  if (at[5] & ~(kGrey | kSixteenBit | kFp32Means))
    throw Error(ErrorCode::unsupported, "unknown .calo flags", "update Calotype");
  Header header;
  header.grey = at[5] & kGrey;
  header.sixteen_bit = at[5] & kSixteenBit;
  header.fp32_means = at[5] & kFp32Means;
  header.rate = int(get(at + 6, 2));
  header.width = int(get(at + 8, 2));
  header.height = int(get(at + 10, 2));
  header.model = get(at + 12, 4);
  if (!header.width || !header.height) fail("an empty picture");
  const std::uint32_t length = get(at + 16, 4);
  if (length != file.size())
    fail((length > file.size() ? "cut short, " : "followed by other data, ") + std::to_string(file.size()) +
         " bytes instead of " + std::to_string(length));
  return header;
}

Container parse_container(const Bytes& file) {
  Container container;
  container.header = parse_header(file);
  const std::uint8_t *at = file.data() + kHeaderBytes, *const end = file.data() + file.size();
  const auto take = [&](std::size_t size) {
    if (size > std::size_t(end - at)) fail("a length points past the end");
    at += size;
    return at - size;
  };
  const int groups = container.header.group_rows() * container.header.group_columns();
  for (int i = 0; i < groups; ++i) {
    Group group;
    group.size = get(take(4), 4);
    group.checksum = get(take(4), 4);
    group.data = take(group.size);
    container.groups.push_back(group);
  }
  std::size_t metadata = 0;
  while (at != end) {
    Box box;
    box.size = get(take(4), 4);
    box.type.assign(reinterpret_cast<const char*>(take(4)), 4);
    const std::uint32_t checksum = get(take(4), 4);
    box.data = take(box.size);
    if (crc32(crc32(0, box.type.data(), 4), box.data, box.size) != checksum)
      fail("the checksum of box \"" + box.type + "\" does not match");
    container.boxes.push_back(box);
    metadata += box.type == "alph" ? 0 : box.size;
    if (container.boxes.size() > kMostBoxes || metadata > kMostMetadata)
      throw Error(ErrorCode::limit, "more metadata than a .calo file may have",
                  "write the picture again with strip=text, from the original");
  }
  return container;
}

Bytes write_container(const Header& header, const std::vector<std::pair<std::uint32_t, Bytes>>& checksums_and_groups,
                      const std::vector<std::pair<std::string, Bytes>>& boxes) {
  std::uint64_t length = kHeaderBytes;
  for (const auto& group : checksums_and_groups) length += 8 + group.second.size();
  for (const auto& box : boxes) length += 12 + box.second.size();
  if (length > UINT32_MAX)
    throw Error(ErrorCode::limit, "the .calo file would exceed 4 GiB", "lower the quality or strip metadata");

  Bytes out(kMagic, kMagic + 4);
  out.reserve(length);
  put(out, kVersion, 1);
  put(out, (header.grey ? kGrey : 0) | (header.sixteen_bit ? kSixteenBit : 0) | (header.fp32_means ? kFp32Means : 0),
      1);
  put(out, std::uint32_t(header.rate), 2);
  put(out, std::uint32_t(header.width), 2);
  put(out, std::uint32_t(header.height), 2);
  put(out, header.model, 4);
  put(out, std::uint32_t(length), 4);
  put(out, crc32(0, out.data(), out.size()), 4);
  for (const auto& [checksum, data] : checksums_and_groups) {
    put(out, std::uint32_t(data.size()), 4);
    put(out, checksum, 4);
    out.insert(out.end(), data.begin(), data.end());
  }
  for (const auto& [type, data] : boxes) {
    put(out, std::uint32_t(data.size()), 4);
    out.insert(out.end(), type.begin(), type.end());
    put(out, crc32(crc32(0, type.data(), 4), data.data(), data.size()), 4);
    out.insert(out.end(), data.begin(), data.end());
  }
  return out;
}

std::vector<std::pair<std::string, Bytes>> metadata_boxes(const Metadata& meta, Losses& lost) {
  std::vector<std::pair<std::string, Bytes>> boxes;
  std::size_t total = 0;
  const auto add = [&](const char* type, Bytes payload, LossKind kind) {
    if (payload.empty()) return;
    if (boxes.size() + 1 < kMostBoxes && total + payload.size() <= kMostMetadata) {  // one may be of alpha
      total += payload.size();
      boxes.emplace_back(type, std::move(payload));
    } else {
      lost.add(kind, "there is more metadata than a .calo file may have, and some is left out");
    }
  };
  add("icc ", meta.icc, LossKind::icc);
  add("exif", meta.exif, LossKind::exif);
  add("xmp ", meta.xmp, LossKind::xmp);
  add("iptc", meta.iptc, LossKind::iptc);
  if (meta.density.known()) {
    Bytes density;
    for (const double inch : {meta.density.x, meta.density.y})
      put(density, std::uint32_t(std::lround(std::min(inch, 1e6) * kDensityUnit)), 4);
    add("dens", std::move(density), LossKind::density);
  }
  for (const auto& [key, value] : meta.text) {
    Bytes entry(key.begin(), key.end());
    entry.push_back(0);
    entry.insert(entry.end(), value.begin(), value.end());
    add("text", std::move(entry), LossKind::text);
  }
  return boxes;
}

Metadata read_metadata(const Container& container) {
  Metadata meta;
  for (const Box& box : container.boxes) {
    if (box.type == "icc ") meta.icc = payload(box);
    if (box.type == "exif") meta.exif = payload(box);
    if (box.type == "xmp ") meta.xmp = payload(box);
    if (box.type == "iptc") meta.iptc = payload(box);
    if (box.type == "dens") {
      if (box.size != 8) fail("a density of another length");
      meta.density = {get(box.data, 4) / kDensityUnit, get(box.data + 4, 4) / kDensityUnit};
    }
    if (box.type == "text") {
      const std::string entry(reinterpret_cast<const char*>(box.data), box.size);
      const std::size_t zero = entry.find('\0');
      if (zero == std::string::npos) fail("a text box without a keyword");
      meta.text.emplace_back(entry.substr(0, zero), entry.substr(zero + 1));
    }
  }
  return meta;
}

}  // namespace calotype::latent
