// SPDX-License-Identifier: Apache-2.0
#include "calotype/params.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "calotype/error.hpp"
#include "text.hpp"

namespace calotype {
namespace {

template <class T>
std::optional<T> parse_number(const std::string& text) {
  T number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return {};
  return number;
}

std::optional<Value> parse_bool(const std::string& text) {
  for (const char* word : {"true", "on", "yes", "1"})
    if (text == word) return true;
  for (const char* word : {"false", "off", "no", "0"})
    if (text == word) return false;
  return {};
}

bool in_range(const ParamSpec& spec, double number) {
  return std::isfinite(number) && (!spec.min || number >= *spec.min) && (!spec.max || number <= *spec.max);
}

bool is_number(const ParamSpec& spec) {
  return std::holds_alternative<std::int64_t>(spec.fallback) || std::holds_alternative<double>(spec.fallback);
}

bool is_choice(const ParamSpec& spec, const std::string& text) {
  return std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end();
}

bool is_word_for_fallback(const ParamSpec& spec, const std::string& text) {
  return is_number(spec) && is_choice(spec, text);
}

/// Nothing when `text` is not a value that `spec` allows.
std::optional<Value> parse_value(const ParamSpec& spec, const std::string& text) {
  if (std::holds_alternative<bool>(spec.fallback)) return parse_bool(text);
  if (std::holds_alternative<std::int64_t>(spec.fallback)) {
    const auto number = parse_number<std::int64_t>(text);
    return number && in_range(spec, static_cast<double>(*number)) ? std::optional<Value>(*number) : std::nullopt;
  }
  if (std::holds_alternative<double>(spec.fallback)) {
    const auto number = parse_number<double>(text);
    return number && in_range(spec, *number) ? std::optional<Value>(*number) : std::nullopt;
  }
  return spec.choices.empty() || is_choice(spec, text) ? std::optional<Value>(text) : std::nullopt;
}

std::string number_text(double number) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

std::string range_text(const ParamSpec& spec) {
  if (spec.min && spec.max) return " " + number_text(*spec.min) + ".." + number_text(*spec.max);
  if (spec.min) return " >= " + number_text(*spec.min);
  if (spec.max) return " <= " + number_text(*spec.max);
  return {};
}

std::string unknown_parameter_hint(const std::vector<ParamSpec>& specs, const std::string& name) {
  std::vector<std::string> names;
  for (const ParamSpec& spec : specs) names.push_back(spec.name);
  if (names.empty()) return "it takes no parameters";
  const std::string near = nearest(name, names);
  for (const ParamSpec& spec : specs)
    if (spec.name == near) return "did you mean \"" + near + "\" (" + describe(spec) + ")?";
  return "known parameters: " + join(names);
}

}  // namespace

Params Params::validated(const std::vector<ParamSpec>& specs, const RawParams& raw, const std::string& element) {
  const std::string prefix = element.empty() ? "" : element + ": ";
  Params params;
  for (const ParamSpec& spec : specs) params.entries_[spec.name] = {spec.fallback, false};
  for (const auto& [name, text] : raw) {
    const auto spec = std::find_if(specs.begin(), specs.end(), [&n = name](const ParamSpec& s) { return s.name == n; });
    if (spec == specs.end())
      throw Error(ErrorCode::usage, prefix + "unknown parameter \"" + name + "\"", unknown_parameter_hint(specs, name));
    if (is_word_for_fallback(*spec, text)) continue;
    const std::optional<Value> value = parse_value(*spec, text);
    if (!value)
      throw Error(ErrorCode::usage, prefix + "parameter \"" + name + "\" cannot be \"" + text + "\"",
                  "expected " + describe(*spec));
    params.entries_[name] = {*value, true};
  }
  return params;
}

const Value& Params::at(const std::string& name) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) throw Error(ErrorCode::internal, "parameter \"" + name + "\" was never declared");
  return entry->second.value;
}

bool Params::given(const std::string& name) const {
  at(name);
  return entries_.at(name).given;
}

namespace {

template <class T>
T typed(const Value& value, const std::string& name) {
  if (const T* held = std::get_if<T>(&value)) return *held;
  throw Error(ErrorCode::internal, "parameter \"" + name + "\" was declared with another type");
}

}  // namespace

template <>
bool Params::get<bool>(const std::string& name) const {
  return typed<bool>(at(name), name);
}

template <>
std::int64_t Params::get<std::int64_t>(const std::string& name) const {
  return typed<std::int64_t>(at(name), name);
}

template <>
int Params::get<int>(const std::string& name) const {
  const std::int64_t value = get<std::int64_t>(name);
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
    throw Error(ErrorCode::usage, "parameter \"" + name + "\" cannot be " + std::to_string(value),
                "give a smaller number");
  return static_cast<int>(value);
}

template <>
double Params::get<double>(const std::string& name) const {
  return typed<double>(at(name), name);
}

template <>
std::string Params::get<std::string>(const std::string& name) const {
  return typed<std::string>(at(name), name);
}

std::string to_string(const Value& value) {
  if (const bool* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  if (const std::int64_t* i = std::get_if<std::int64_t>(&value)) return std::to_string(*i);
  if (const double* d = std::get_if<double>(&value)) return number_text(*d);
  return std::get<std::string>(value);
}

std::string describe(const ParamSpec& spec) {
  static constexpr const char* kTypes[] = {"bool", "int", "real", "text"};  // in the order of Value's alternatives
  std::string text = kTypes[spec.fallback.index()] + range_text(spec);
  const bool word = is_number(spec) && !spec.choices.empty();
  if (!spec.choices.empty()) text += (word ? " or " : " ") + join(spec.choices, "|");
  const std::string fallback = word ? spec.choices.front() : to_string(spec.fallback);
  return fallback.empty() ? text : text + ", default " + fallback;
}

namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongest = 64;  // nobody mistypes a longer name, and the distance costs the product of lengths
  if (word.size() > kLongest) return {};
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string near;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      near = candidate;
    }
  }
  return near;
}

}  // namespace calotype
