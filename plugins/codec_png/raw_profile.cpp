// SPDX-License-Identifier: Apache-2.0
#include "raw_profile.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace calotype {
namespace {

constexpr std::size_t kBytesInLine = 36;

int digit_of(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

}  // namespace

/// "\n", the kind, "\n", the number of bytes, and the digits in lines.
std::optional<Bytes> from_raw_profile(const std::string& text) {
  std::istringstream from(text);
  std::string kind;
  std::size_t size = 0;
  if (from.get() != '\n' || !std::getline(from, kind) || !(from >> size) || size > text.size() / 2) return {};
  Bytes bytes;
  bytes.reserve(size);
  int high = -1;
  for (auto at = std::size_t(from.tellg()); at < text.size() && bytes.size() < size; ++at) {
    const int digit = digit_of(text[at]);
    if (digit < 0 && text[at] != '\n') return {};
    if (digit < 0) continue;
    if (high >= 0) bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = high < 0 ? digit : -1;
  }
  if (bytes.size() < size) return {};
  return bytes;
}

std::string to_raw_profile(const std::string& kind, const std::string& bytes) {
  std::ostringstream to;
  to << '\n' << kind << '\n' << std::setw(8) << bytes.size() << std::hex << std::setfill('0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % kBytesInLine == 0) to << '\n';
    to << std::setw(2) << int(static_cast<std::uint8_t>(bytes[i]));
  }
  to << '\n';
  return to.str();
}

}  // namespace calotype
