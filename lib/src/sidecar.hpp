// SPDX-License-Identifier: Apache-2.0
// calotype_<name>.provides, the list of what a plugin supplies, written when it is built:
//
//     calotype-provides 1
//     plugin <name> "<version>" "<license>" <doc>
//     <kind> <name> priority=<n> ext=<a,b> magic=<hex,hex> doc=<rest of the line>
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "calotype/registry.hpp"

namespace calotype {

struct Sidecar {
  PluginInfo plugin;
  std::vector<ElementInfo> elements;
};

std::filesystem::path sidecar_path(const std::filesystem::path& plugin_file);
std::string format_sidecar(const Sidecar& sidecar);
/// Nothing when the text is malformed in any way, or lists what a plugin could not register.
std::optional<Sidecar> parse_sidecar(const std::string& text);

}  // namespace calotype
