// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <variant>
#include <vector>

#include "calotype/registry.hpp"
#include "guard.hpp"

namespace calotype {

/// One element as its plugin registered it. The factory's alternative is that of info.kind.
struct Registration {
  ElementInfo info;
  std::variant<FactoryOf<Decoder>, FactoryOf<Encoder>, FactoryOf<Backbone>, FactoryOf<Engine>> make;
};

struct LoadedPlugin {
  PluginInfo info;
  std::vector<Registration> elements;
};

/// Opens a plugin, for good. Throws ErrorCode::plugin saying who, where, expected, got and the way out; limit where
/// there is no memory for it now.
LoadedPlugin load_plugin(const std::filesystem::path& file);

}  // namespace calotype
