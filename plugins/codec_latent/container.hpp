// SPDX-License-Identifier: Apache-2.0
// The .calo file: header, groups of entropy-coded latents, boxes. docs/bitstream.md is its specification.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "calotype/image.hpp"

namespace calotype::latent {

constexpr int kHeaderBytes = 24;
constexpr int kGroupLatents = 64;  ///< side of a group in latents
constexpr int kLatentPixels = 16;  ///< side of a latent in pixels
constexpr int kGroupPixels = kGroupLatents * kLatentPixels;
constexpr int kLargestSide = 65535;

struct Header {
  int width = 0, height = 0;
  bool grey = false;         ///< one channel
  bool sixteen_bit = false;  ///< decodes to 16 bits a channel
  bool fp32_means = false;   ///< the encoder computed means in fp32, and so should the decoder
  int rate = 0;              ///< position between the model's rate anchors
  std::uint32_t model = 0;   ///< LatentModel::hash()

  int latent_rows() const { return (height + kLatentPixels - 1) / kLatentPixels; }
  int latent_columns() const { return (width + kLatentPixels - 1) / kLatentPixels; }
  int group_rows() const { return (latent_rows() + kGroupLatents - 1) / kGroupLatents; }
  int group_columns() const { return (latent_columns() + kGroupLatents - 1) / kGroupLatents; }
};

struct Group {
  std::uint32_t checksum = 0;  ///< CRC-32 of the group's symbols
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

/// Four characters and a payload: "icc ", "exif", "xmp ", "iptc", "dens", "text", "alph"; readers skip what they do not
/// know.
struct Box {
  std::string type;
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

/// Points into the bytes it was parsed from.
struct Container {
  Header header;
  std::vector<Group> groups;  ///< raster order
  std::vector<Box> boxes;
  const Box* box(const std::string& type) const;
};

/// The header alone; checks magic, version, checksum and that the length is the one announced.
Header parse_header(const Bytes& file);
/// Everything, with every length and the boxes' checksums checked. Throws corrupt or unsupported.
Container parse_container(const Bytes& file);

/// Writes the groups' data and the boxes behind a header.
Bytes write_container(const Header& header, const std::vector<std::pair<std::uint32_t, Bytes>>& checksums_and_groups,
                      const std::vector<std::pair<std::string, Bytes>>& boxes);

/// Metadata to boxes and back.
std::vector<std::pair<std::string, Bytes>> metadata_boxes(const Metadata& meta, Losses& lost);
Metadata read_metadata(const Container& container);

std::uint32_t crc32(std::uint32_t crc, const void* data, std::size_t size);

}  // namespace calotype::latent
