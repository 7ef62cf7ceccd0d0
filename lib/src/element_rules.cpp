// SPDX-License-Identifier: Apache-2.0
#include "element_rules.hpp"

#include <set>

#include "calotype/error.hpp"
#include "magic.hpp"

namespace calotype {
namespace {

bool is_name(const std::string& text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
}

bool is_valid(const ParamSpec& spec) {
  if (!is_name(spec.name)) return false;
  // The fallback has to be a value that a person could have given.
  try {
    Params::validated({spec}, {{spec.name, to_string(spec.fallback)}}, "");
    return true;
  } catch (const Error&) {
    return std::holds_alternative<std::string>(spec.fallback) && to_string(spec.fallback).empty();
  }
}

}  // namespace

std::string complaint_about(const ElementInfo& info) {
  if (!is_name(info.name)) return "its name has characters other than a-z, 0-9, _ and -";
  if (info.doc.find('\n') != std::string::npos) return "its description has more than one line";
  for (const std::string& extension : info.extensions)
    if (!is_name(extension)) return "\"" + extension + "\" is no extension in lower case without the dot";
  for (const std::string& magic : info.magics)
    if (!is_magic(magic)) return "\"" + magic + "\" is no magic in lower-case hex";
  std::set<std::string> names;
  for (const ParamSpec& spec : info.params)
    if (!is_valid(spec) || !names.insert(spec.name).second)
      return "its parameter \"" + spec.name + "\" is declared twice, badly named or has a fallback out of its range";
  return {};
}

}  // namespace calotype
