// SPDX-License-Identifier: Apache-2.0
#include "common/json.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace {

/// Length of the UTF-8 sequence that starts at `at`, 0 when it is not one.
std::size_t sequence_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  const unsigned second = byte(at + 1);  // overlong forms, surrogates and what lies beyond U+10FFFF
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
  if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  return length;
}

}  // namespace

Json::Json(double value) {
  if (!std::isfinite(value)) {
    text_ = "null";
    return;
  }
  char digits[32];
  text_.assign(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

Json::Json(const std::string& value) : text_("\"") {
  for (std::size_t at = 0; at < value.size();) {
    const unsigned char c = static_cast<unsigned char>(value[at]);
    const std::size_t length = sequence_length(value, at);
    if (length == 0) {
      text_ += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      text_ += {'\\', value[at]};
    } else if (c < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      text_ += escaped;
    } else {
      text_.append(value, at, length);
    }
    at += length == 0 ? 1 : length;
  }
  text_ += '"';
}

Json Json::object(const Members& members) {
  Json json;
  for (const auto& [key, value] : members)
    json.text_ += (json.text_.empty() ? "" : ",") + Json(key).text_ + ":" + value.text_;
  json.text_ = "{" + json.text_ + "}";
  return json;
}

Json Json::array(const std::vector<Json>& values) {
  Json json;
  for (const Json& value : values) json.text_ += (json.text_.empty() ? "" : ",") + value.text_;
  json.text_ = "[" + json.text_ + "]";
  return json;
}
