// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "calotype/export.hpp"

namespace calotype {

/// bool, integer, real or text; the alternative that a ParamSpec's fallback holds is the parameter's type.
using Value = std::variant<bool, std::int64_t, double, std::string>;

/// One parameter, declared once: validates, documents, feeds `--help` and `inspect`.
struct ParamSpec {
  std::string name;
  Value fallback;
  std::string doc;                           ///< one sentence, with the unit
  std::optional<double> min = {}, max = {};  ///< inclusive, numbers only
  /// Text: all that is allowed; empty: anything. Numbers: words for "not given", such as "auto".
  std::vector<std::string> choices = {};
};

/// Text as typed by a person, before validation.
using RawParams = std::map<std::string, std::string>;

/// Validated values, complete: every declared parameter has one. Plugins only ever see these.
class CALOTYPE_API Params {
 public:
  Params() = default;
  /// Checks `raw` against `specs` and fills in fallbacks. Throws usage, naming `element` (unless empty), the parameter,
  /// its range and the nearest known name.
  static Params validated(const std::vector<ParamSpec>& specs, const RawParams& raw, const std::string& element);

  /// T is bool, std::int64_t, int, double or std::string and must be the declared type. Throws internal if undeclared.
  template <class T>
  T get(const std::string& name) const;
  /// True when the caller gave this one (it is not the fallback).
  bool given(const std::string& name) const;

 private:
  struct Entry {
    Value value;
    bool given;
  };
  const Value& at(const std::string& name) const;
  std::map<std::string, Entry> entries_;
};

template <>
CALOTYPE_API bool Params::get<bool>(const std::string&) const;
template <>
CALOTYPE_API std::int64_t Params::get<std::int64_t>(const std::string&) const;
template <>
CALOTYPE_API int Params::get<int>(const std::string&) const;
template <>
CALOTYPE_API double Params::get<double>(const std::string&) const;
template <>
CALOTYPE_API std::string Params::get<std::string>(const std::string&) const;

/// "int 1..100, default 60" and the like, for help and error texts.
CALOTYPE_API std::string describe(const ParamSpec& spec);
/// The value as a person would type it.
CALOTYPE_API std::string to_string(const Value& value);
/// The candidate nearest to `word` by edit distance, or "" when none is near. For "did you mean".
CALOTYPE_API std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace calotype
