// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// A JSON value as its text. Infinity and NaN become null; bytes that are not UTF-8 become U+FFFD.
class Json {
 public:
  Json(bool value) : text_(value ? "true" : "false") {}
  Json(double value);
  Json(const std::string& value);
  Json(const char* value) : Json(std::string(value)) {}
  Json(const std::vector<std::string>& words) : Json(array({words.begin(), words.end()})) {}
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  Json(T value) : text_(std::to_string(value)) {}

  using Members = std::vector<std::pair<std::string, Json>>;
  static Json object(const Members& members);
  static Json array(const std::vector<Json>& values);

  const std::string& text() const { return text_; }

 private:
  Json() = default;
  std::string text_;
};
