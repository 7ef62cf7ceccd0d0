// SPDX-License-Identifier: Apache-2.0
// An EXIF block, changed in place: offsets inside of makers' notes stay valid.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "calotype/image.hpp"

namespace calotype {

/// Reads and changes single values; what is missing, odd or beyond the end is left alone. Never throws.
class ExifBlock {
 public:
  enum class Directory { image, photo };
  enum Tag : std::uint32_t {
    image_width = 0x0100,
    image_length = 0x0101,
    orientation = 0x0112,
    x_resolution = 0x011A,
    y_resolution = 0x011B,
    resolution_unit = 0x0128,
    pixel_x_dimension = 0xA002,
    pixel_y_dimension = 0xA003,
  };

  /// `bytes` is to outlive this.
  explicit ExifBlock(Bytes& bytes);

  /// Of one whole number (SHORT or LONG).
  std::optional<std::uint32_t> number(Directory directory, Tag tag) const;
  /// Replaces such a number where there is one that differs and that the type can hold. True when it did.
  bool replace(Directory directory, Tag tag, std::uint32_t value);
  std::optional<double> rational(Directory directory, Tag tag) const;
  /// Removes the second directory and the picture it points to, which is overwritten. True when there was one.
  bool drop_thumbnail();

 private:
  struct Entry {
    std::size_t at;
    std::uint32_t type, count;
  };
  struct Span {
    std::size_t begin, end;
  };
  std::optional<std::uint32_t> read(std::size_t at, std::size_t width) const;
  void write(std::size_t at, std::size_t width, std::uint32_t value);
  std::optional<Entry> find(std::size_t directory, std::uint32_t tag) const;
  std::optional<std::size_t> start(Directory directory) const;
  /// Whole numbers (SHORT or LONG), as many as a thumbnail may have, and as far as they lie inside of the block.
  std::vector<std::uint32_t> numbers(std::size_t directory, std::uint32_t tag) const;
  /// The first one, and all others that are known of, with the links behind them.
  std::vector<Span> directories() const;
  /// Where a value of 16 or 32 bits lies, and how wide it is.
  std::optional<std::pair<std::size_t, std::size_t>> place(Directory directory, Tag tag) const;

  Bytes& bytes_;
  bool big_endian_ = false, sound_ = false;
};

}  // namespace calotype
