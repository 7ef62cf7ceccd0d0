// SPDX-License-Identifier: Apache-2.0
#include "sidecar.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "element_rules.hpp"
#include "text.hpp"

namespace calotype {
namespace {

constexpr const char* kFirstLine = "calotype-provides 1";
constexpr Kind kKinds[] = {Kind::decoder, Kind::encoder, Kind::backbone, Kind::engine};

/// Consumes `prefix` and reads the word after it, which may be empty.
bool read_field(std::istream& in, const std::string& prefix, std::string& value) {
  std::string word;
  if (!(in >> word) || word.compare(0, prefix.size(), prefix) != 0) return false;
  value = word.substr(prefix.size());
  return true;
}

std::string rest_of(std::istream& in) {
  std::string rest;
  std::getline(in >> std::ws, rest);
  return rest;
}

bool parse_plugin(const std::string& line, PluginInfo& plugin) {
  std::istringstream in(line);
  std::string keyword;
  if (!(in >> keyword >> plugin.name >> std::quoted(plugin.version) >> std::quoted(plugin.license))) return false;
  plugin.doc = rest_of(in);
  return keyword == "plugin";
}

bool parse_element(const std::string& line, ElementInfo& element) {
  std::istringstream in(line);
  std::string kind, priority, extensions, magics;
  if (!(in >> kind >> element.name) || !read_field(in, "priority=", priority) || !read_field(in, "ext=", extensions) ||
      !read_field(in, "magic=", magics))
    return false;
  std::istringstream number(priority);
  if (!(number >> element.priority) || !number.eof()) return false;
  element.extensions = split(extensions, ',');
  element.magics = split(magics, ',');
  const std::string doc = rest_of(in);
  if (doc.compare(0, 4, "doc=") != 0) return false;
  element.doc = doc.substr(4);
  for (const Kind known : kKinds)
    if (kind == to_string(known)) {
      element.kind = known;
      return true;
    }
  return false;
}

}  // namespace

std::filesystem::path sidecar_path(const std::filesystem::path& plugin_file) {
  return std::filesystem::path(plugin_file).replace_extension(".provides");
}

std::string format_sidecar(const Sidecar& sidecar) {
  std::ostringstream out;
  const PluginInfo& p = sidecar.plugin;
  out << kFirstLine << "\nplugin " << p.name << ' ' << std::quoted(p.version) << ' ' << std::quoted(p.license) << ' '
      << p.doc << '\n';
  for (const ElementInfo& e : sidecar.elements)
    out << to_string(e.kind) << ' ' << e.name << " priority=" << e.priority << " ext=" << join(e.extensions, ",")
        << " magic=" << join(e.magics, ",") << " doc=" << e.doc << '\n';
  return out.str();
}

std::optional<Sidecar> parse_sidecar(const std::string& text) {
  std::istringstream in(text);
  std::string line;
  Sidecar sidecar;
  if (!std::getline(in, line) || line != kFirstLine) return {};
  if (!std::getline(in, line) || !parse_plugin(line, sidecar.plugin)) return {};
  while (std::getline(in, line)) {
    ElementInfo element;
    if (!parse_element(line, element) || !complaint_about(element).empty()) return {};
    const auto is_same = [&](const ElementInfo& other) { return same_element(other, element); };
    if (std::any_of(sidecar.elements.begin(), sidecar.elements.end(), is_same)) return {};
    sidecar.elements.push_back(std::move(element));
  }
  return sidecar;
}

}  // namespace calotype
