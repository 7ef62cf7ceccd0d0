// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "calotype/backbone.hpp"
#include "calotype/codec.hpp"
#include "calotype/engine.hpp"

namespace calotype {

enum class Kind { decoder, encoder, backbone, engine };
CALOTYPE_API const char* to_string(Kind kind) noexcept;

/// What a plugin declares of one thing that it supplies.
struct ElementInfo {
  Kind kind = Kind::backbone;
  std::string name;                          ///< unique per kind, [a-z0-9_-]+
  std::string doc;                           ///< one sentence
  std::vector<std::string> extensions = {};  ///< codecs: lower case, without the dot; the first is the usual one
  std::vector<std::string> magics = {};      ///< decoders: hex of the first bytes, "??" for any byte ("ffd8ff")
  int priority = 0;  ///< engines: auto tries the highest first; codecs: the highest wins an extension or magic
  std::vector<ParamSpec> params = {};  ///< empty in lists made from sidecars alone; see Registry::describe
};

/// Where it came from.
struct PluginInfo {
  std::string name, version, license, doc;
  std::filesystem::path file;
};

struct Item {
  ElementInfo element;
  PluginInfo plugin;
};

/// A plugin that was refused, or one of its elements.
struct LoadFailure {
  std::filesystem::path file;
  std::string reason;                 ///< who, where, expected, got, way out
  std::vector<std::string> provides;  ///< "kind name" as its sidecar said, so that "not found" can name the culprit
};

/// Finds plugins and makes what they supply. Safe to use from many threads.
///
/// Looks in add_path() directories, then $CALOTYPE_PLUGIN_PATH (absolute ones, colon-separated), then
/// <directory of libcalotype>/calotype/plugins-<ABI>. No recursion. Files are named calotype_<name>.so; beside each may
/// lie a sidecar calotype_<name>.provides that lists its elements, so that the library itself is opened only when one
/// is used. The first of two equal names wins, unless its plugin is refused, and the loser is a failure. Nothing is
/// ever unloaded.
class CALOTYPE_API Registry {
 public:
  static Registry& global();

  /// Searched first. Call before the first look-up; throws usage afterwards.
  void add_path(const std::filesystem::path& directory);

  /// By content first, then by extension. Throws unsupported naming what was seen and what is known.
  /// `name` receives the decoder's name where it is not null.
  std::unique_ptr<Decoder> decoder_for(const Bytes& bytes, const std::string& extension, std::string* name = nullptr);
  /// By format name or extension (without the dot).
  std::unique_ptr<Encoder> encoder(const std::string& name_or_extension, std::string* name = nullptr);
  std::unique_ptr<Decoder> decoder(const std::string& name);
  std::unique_ptr<Backbone> backbone(const std::string& name);
  /// Engines are made once and shared: they own devices.
  std::shared_ptr<Engine> engine(const std::string& name);

  /// One element with its parameters; loads its plugin. Throws not_found with the nearest name and the refusal behind
  /// it.
  Item describe(Kind kind, const std::string& name);
  /// All elements, without loading what a sidecar describes.
  std::vector<Item> items();
  /// Everything refused so far; `all` opens every plugin first.
  std::vector<LoadFailure> failures(bool all = false);

  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

 private:
  Registry();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace calotype
