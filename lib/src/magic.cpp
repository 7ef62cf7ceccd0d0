// SPDX-License-Identifier: Apache-2.0
#include "magic.hpp"

namespace calotype {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_any(const std::string& magic, std::size_t at) { return magic.compare(at, 2, "??") == 0; }

}  // namespace

bool is_magic(const std::string& text) {
  if (text.empty() || text.size() % 2) return false;
  for (std::size_t i = 0; i < text.size(); i += 2)
    if (!is_any(text, i) && text.substr(i, 2).find_first_not_of(kHex) != std::string::npos) return false;
  return true;
}

int match_length(const std::string& magic, const Bytes& bytes) {
  if (magic.size() / 2 > bytes.size()) return 0;
  int fixed = 0;
  for (std::size_t i = 0; i + 1 < magic.size(); i += 2) {
    if (is_any(magic, i)) continue;
    const unsigned byte = bytes[i / 2];
    if (magic[i] != kHex[byte >> 4] || magic[i + 1] != kHex[byte & 15]) return 0;
    ++fixed;
  }
  return fixed;
}

}  // namespace calotype
