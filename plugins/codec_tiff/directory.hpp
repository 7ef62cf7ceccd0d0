// SPDX-License-Identifier: Apache-2.0
// Directories of tags, as TIFF files and EXIF blocks have them: reading within bounds, and writing with every offset
// new.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "calotype/image.hpp"

namespace calotype {

/// Types of values that this program writes, or reads as numbers.
enum TagType : std::uint16_t {
  tag_byte = 1,
  tag_ascii = 2,
  tag_short = 3,
  tag_long = 4,
  tag_rational = 5,
  tag_undefined = 7,
  tag_ifd = 13,
  tag_long8 = 16,
  tag_ifd8 = 18
};

/// Bytes of one value; 0 for types that nobody knows.
std::size_t size_of_type(std::uint16_t type);

/// Where a tag's values lie in a file.
struct Field {
  std::uint16_t tag = 0, type = 0;
  std::uint64_t count = 0, at = 0;

  std::uint64_t size() const { return count * size_of_type(type); }
};

/// Fields in the file's order. Those that reach beyond its end, or that have no known type, are left out.
struct Directory {
  std::vector<Field> fields;
  std::uint64_t length = 0;  ///< in bytes, without the values that lie elsewhere
  std::uint64_t next = 0;    ///< where the next one lies, 0: none

  /// The first one with this tag, or null.
  const Field* find(std::uint16_t tag) const;
};

/// A TIFF file or an EXIF block, of either byte order, classic or BigTIFF. Never throws on bad bytes.
class DirectoryReader {
 public:
  /// `bytes` is to outlive this.
  explicit DirectoryReader(const Bytes& bytes);

  /// False where the header is none of TIFF.
  bool sound() const { return word_ != 0; }
  bool big() const { return word_ == 8; }
  std::uint64_t size() const { return bytes_.size(); }
  /// Where the first directory lies.
  std::uint64_t first() const { return first_; }
  /// Nothing where there is none, where it has more fields than the 4096 that libtiff takes, or where values overlap so
  /// that together they are far larger than the file.
  std::optional<Directory> read(std::uint64_t at) const;

  /// The value of whole, unsigned numbers and of offsets; nothing for other types.
  std::optional<std::uint64_t> number(const Field& field, std::uint64_t index = 0) const;
  /// Nothing where the denominator is 0.
  std::optional<double> rational(const Field& field) const;
  /// The bytes as they lie in the file.
  Bytes raw(const Field& field) const;
  /// The values as files in little-endian order have them.
  Bytes little_endian(const Field& field) const;

 private:
  bool has(std::uint64_t at, std::uint64_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  /// Of 1 to 8 bytes that has() knows.
  std::uint64_t get(std::uint64_t at, std::size_t width) const;

  const Bytes& bytes_;
  bool big_endian_ = false;
  std::size_t word_ = 0;  ///< of an offset: 4, or 8 in BigTIFF; 0: no TIFF
  std::uint64_t first_ = 0;
};

/// One tag with its values in little-endian order.
struct TagValue {
  std::uint16_t type = 0;
  Bytes data;
  /// Where the values should lie, if there is room; 0: anywhere. Makers' notes hold offsets that count from the
  /// beginning of the file, and are worthless elsewhere.
  std::uint64_t home = 0;
};

/// A directory to be written; the tags of `children` are those that point to them.
struct TagTree {
  std::map<std::uint16_t, TagValue> tags;
  std::map<std::uint16_t, TagTree> children;

  void set_short(std::uint16_t tag, std::uint16_t value);
  void set_text(std::uint16_t tag, const std::string& text);
  /// As a fraction, exact for values of up to four decimals.
  void set_rational(std::uint16_t tag, double value);
  /// Of a directory that is there already.
  void set_offset(std::uint16_t tag, std::uint64_t at, bool big);
};

/// Appends the directory and its children to a little-endian file, BigTIFF or not. Returns where it lies.
std::uint64_t append_directory(Bytes& file, const TagTree& tree, bool big);

/// Gives the only directory of a little-endian file, behind which there is nothing but its values, more tags. Those
/// that it has stay as they are.
void add_to_only_directory(Bytes& file, TagTree more);

/// "II*\0" and such a directory.
Bytes exif_block(const TagTree& tree);

}  // namespace calotype
