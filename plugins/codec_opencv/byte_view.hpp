// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <cstring>

#include "calotype/error.hpp"
#include "calotype/image.hpp"

namespace calotype {

/// Reads numbers at byte offsets; throws corrupt past the end.
class ByteView {
 public:
  ByteView(const Bytes& bytes, const char* format) : bytes_(bytes), format_(format) {}

  std::uint64_t size() const { return bytes_.size(); }
  std::uint32_t u8(std::uint64_t at) const { return little(at, 1); }
  std::uint32_t le16(std::uint64_t at) const { return little(at, 2); }
  std::uint32_t le24(std::uint64_t at) const { return little(at, 3); }
  std::uint32_t le32(std::uint64_t at) const { return little(at, 4); }
  std::uint32_t be16(std::uint64_t at) const { return big(at, 2); }
  std::uint32_t be32(std::uint64_t at) const { return big(at, 4); }
  bool has(std::uint64_t at, std::uint64_t count) const { return at <= size() && count <= size() - at; }
  bool equal(std::uint64_t at, const std::string& text) const {
    return has(at, text.size()) && std::memcmp(bytes_.data() + at, text.data(), text.size()) == 0;
  }
  Bytes slice(std::uint64_t at, std::uint64_t count) const {
    require(at, count);
    const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(at);
    return Bytes(first, first + static_cast<std::ptrdiff_t>(count));
  }
  /// A width or height; zero and what an int cannot hold are corrupt.
  int side(std::uint64_t value) const {
    if (value == 0 || value > 0x7FFFFFFF) fail("impossible picture size");
    return static_cast<int>(value);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::corrupt, std::string(format_) + ": " + what,
                "the file is damaged or cut short; fetch it again from its source");
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(ErrorCode::unsupported, std::string(format_) + ": unsupported: " + what,
                "save it again as plain 8-bit or 16-bit RGB with the program that wrote it");
  }

 private:
  void require(std::uint64_t at, std::uint64_t count) const {
    if (!has(at, count)) fail("unexpected end of file");
  }
  std::uint32_t little(std::uint64_t at, unsigned count) const {
    require(at, count);
    std::uint32_t value = 0;
    for (unsigned i = count; i-- > 0;) value = value << 8 | bytes_[at + i];
    return value;
  }
  std::uint32_t big(std::uint64_t at, unsigned count) const {
    require(at, count);
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 8 | bytes_[at + i];
    return value;
  }

  const Bytes& bytes_;
  const char* format_;
};

}  // namespace calotype
