// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// One option, declared once: parsed, shown by --help and offered by shell completion.
struct Option {
  std::string name;
  char letter = 0;
  std::string argument;  ///< placeholder; empty for a flag
  std::string doc;
  std::vector<std::string> choices = {};
};

/// A parsed command line.
class Arguments {
 public:
  /// Throws usage naming the nearest option.
  Arguments(const std::vector<Option>& options, const std::vector<std::string>& tokens);

  const std::vector<std::string>& operands() const { return operands_; }
  bool has(const std::string& name) const { return given_.count(name) != 0; }
  int count(const std::string& name) const;
  /// The last value given.
  std::string text(const std::string& name, const std::string& fallback = {}) const;
  std::vector<std::string> all(const std::string& name) const;
  /// Throws usage unless it is a whole number of at least `least`.
  std::int64_t integer(const std::string& name, std::int64_t fallback, std::int64_t least) const;

 private:
  std::vector<std::string> operands_;
  std::map<std::string, std::vector<std::string>> given_;
};

/// The options as --help shows them, one paragraph each.
std::string help_text(const std::vector<Option>& options);
