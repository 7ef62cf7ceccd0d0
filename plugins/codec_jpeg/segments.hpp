// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "calotype/image.hpp"

namespace calotype {

/// The second bytes of markers.
namespace marker {
constexpr int tem = 0x01, rst0 = 0xD0, rst7 = 0xD7, soi = 0xD8, eoi = 0xD9, sos = 0xDA, app0 = 0xE0, com = 0xFE;
constexpr int app(int number) { return app0 + number; }
}  // namespace marker

/// Walks through the marker segments of a file, without the data between them, as libjpeg does: bytes that are no
/// marker are passed over.
class Segments {
 public:
  /// From `at` on, which is just behind the picture's SOI unless something else is asked for. `file` outlives this.
  explicit Segments(const Bytes& file, std::size_t at = 2) : file_(file), at_(at) {}

  /// Goes to the next segment that has a length of its own. False at SOS, EOI and SOI, which marker() then is, and
  /// where the file ends or is damaged, marker() then being 0.
  bool next();
  int marker() const { return marker_; }
  std::string_view data() const { return data_; }
  /// How many bytes were passed over to find the marker, beside fill bytes.
  std::size_t gap() const { return gap_; }
  /// Behind the marker, and its segment where it has one.
  std::size_t position() const { return at_; }

 private:
  const Bytes& file_;
  std::size_t at_, gap_ = 0;
  int marker_ = 0;
  std::string_view data_;
};

}  // namespace calotype
