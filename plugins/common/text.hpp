// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

namespace calotype {

/// For losses: "a further page is left out".
inline std::string further_left_out(std::int64_t count, const std::string& noun) {
  return count == 1 ? "a further " + noun + " is left out"
                    : std::to_string(count) + " further " + noun + "s are left out";
}

inline bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The structure of UTF-8 alone: lead bytes followed by the right number of continuation bytes.
inline bool looks_like_utf8(const std::string& text) {
  int pending = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continuation = (byte & 0xC0) == 0x80;
    if (continuation != (pending > 0)) return false;
    if (continuation) {
      --pending;
    } else if (byte >= 0x80) {
      pending = (byte & 0xE0) == 0xC0 ? 1 : (byte & 0xF0) == 0xE0 ? 2 : (byte & 0xF8) == 0xF0 ? 3 : -1;
      if (pending < 0) return false;
    }
  }
  return pending == 0;
}

inline std::string utf8_from_latin1(const std::string& text) {
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | (byte >> 6));
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

}  // namespace calotype
