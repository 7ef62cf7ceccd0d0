// SPDX-License-Identifier: Apache-2.0
#include "calotype/registry.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "calotype/error.hpp"
#include "calotype/log.hpp"
#include "calotype/plugin.hpp"
#include "discovery.hpp"
#include "plugin_loader.hpp"
#include "text.hpp"

namespace calotype {

namespace fs = std::filesystem;

const char* to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::decoder:
      return "decoder";
    case Kind::encoder:
      return "encoder";
    case Kind::backbone:
      return "backbone";
    case Kind::engine:
      break;
  }
  return "engine";
}

namespace {

std::string label(const ElementInfo& info) { return std::string(to_string(info.kind)) + " " + info.name; }

/// Sorted, to compare what was promised with what was registered.
std::vector<std::string> labels(const std::vector<Registration>& elements) {
  std::vector<std::string> out;
  for (const Registration& element : elements) out.push_back(label(element.info));
  std::sort(out.begin(), out.end());
  return out;
}

struct Plugin {
  PluginInfo info;
  std::optional<std::vector<std::string>> promised;  ///< what its sidecar lists
  std::vector<Registration> elements;                ///< without factories until opened; empty once refused
  std::vector<std::string> shadowed;                 ///< labels that an earlier plugin supplies
  bool opened = false;

  const Registration* find(const std::string& element_label) const {
    for (const Registration& element : elements)
      if (label(element.info) == element_label) return &element;
    return nullptr;
  }

  void drop_shadowed() {
    const auto is_shadowed = [this](const Registration& element) {
      return std::find(shadowed.begin(), shadowed.end(), label(element.info)) != shadowed.end();
    };
    elements.erase(std::remove_if(elements.begin(), elements.end(), is_shadowed), elements.end());
  }
};

/// An element of an opened plugin. Neither moves or changes any more, so that both may be used without the lock.
struct Chosen {
  const Registration* element;
  const Plugin* plugin;

  template <class T>
  std::unique_ptr<T> make() const {
    const ElementInfo& info = element->info;
    return make_guarded(std::get<FactoryOf<T>>(element->make), {info.kind, info.name, plugin->info.file});
  }
  Item item() const { return {element->info, plugin->info}; }
};

std::string hex(std::uint8_t byte) {
  static constexpr char kDigits[] = "0123456789abcdef";
  return {kDigits[byte >> 4], kDigits[byte & 15]};
}

/// How many bytes of `magic` (hex, "??" for any) are fixed, where `bytes` begin with it; 0 where they do not.
int match_length(const std::string& magic, const Bytes& bytes) {
  if (magic.size() / 2 > bytes.size()) return 0;
  int fixed = 0;
  for (std::size_t i = 0; i + 1 < magic.size(); i += 2) {
    const std::string digits = magic.substr(i, 2);
    if (digits == "??") continue;
    if (digits != hex(bytes[i / 2])) return 0;
    ++fixed;
  }
  return fixed;
}

int match_length(const ElementInfo& info, const Bytes& bytes) {
  int longest = 0;
  for (const std::string& magic : info.magics) longest = std::max(longest, match_length(magic, bytes));
  return longest;
}

bool has_extension(const ElementInfo& info, const std::string& extension) {
  return std::find(info.extensions.begin(), info.extensions.end(), extension) != info.extensions.end();
}

std::string first_bytes(const Bytes& bytes) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 8); ++i) text += (i ? " " : "") + hex(bytes[i]);
  return text.empty() ? "nothing" : text;
}

}  // namespace

struct Registry::State {
  std::mutex mutex;
  std::vector<fs::path> added_paths;
  bool scanned = false;
  std::list<Plugin> plugins;  // a list, so that a Plugin never moves
  std::vector<LoadFailure> failures;
  std::map<std::string, std::shared_ptr<Engine>> engines;

  // Everything below, but get_locked(), is called with the mutex held.

  void scan() {
    if (std::exchange(scanned, true)) return;
    std::vector<fs::path> directories = added_paths;
    for (const fs::path& directory : environment_path("CALOTYPE_PLUGIN_PATH")) directories.push_back(directory);
    directories.push_back(library_directory() / "calotype" / ("plugins-" + std::to_string(CALOTYPE_PLUGIN_ABI)));
    for (Found& found : find_plugins(directories)) {
      plugins.emplace_back();
      Plugin& plugin = plugins.back();
      plugin.info.file = found.file;
      if (found.sidecar) {
        plugin.info = std::move(found.sidecar->plugin);
        for (ElementInfo& info : found.sidecar->elements) plugin.elements.push_back({std::move(info), {}});
        plugin.promised = labels(plugin.elements);
      } else {
        open(plugin);
      }
      shadow(plugin);
    }
  }

  /// The first of two equal names wins; what the newcomer loses is reported.
  void shadow(Plugin& newcomer) {
    fs::path winner;
    for (const std::string& name : labels(newcomer.elements))
      for (const Plugin& plugin : plugins)
        if (&plugin != &newcomer && plugin.find(name)) {
          newcomer.shadowed.push_back(name);
          winner = plugin.info.file;
        }
    if (newcomer.shadowed.empty()) return;
    newcomer.drop_shadowed();
    refuse(newcomer,
           "plugin " + newcomer.info.file.string() + ": " + join(newcomer.shadowed) + " already comes from " +
               winner.string() + "; remove one of them or give it another name",
           newcomer.shadowed);
  }

  void refuse(const Plugin& plugin, const std::string& reason, const std::vector<std::string>& provides) {
    log(LogLevel::info, reason);
    failures.push_back({plugin.info.file, reason, provides});
  }

  /// Loads the plugin unless that was done; one that is refused keeps no elements.
  void open(Plugin& plugin) {
    if (std::exchange(plugin.opened, true)) return;
    try {
      LoadedPlugin loaded = load_plugin(plugin.info.file);
      const std::vector<std::string> registered = labels(loaded.elements);
      if (plugin.promised && *plugin.promised != registered)
        throw Error(ErrorCode::plugin,
                    "plugin " + plugin.info.file.string() + ": expected " + join(*plugin.promised) + " as in " +
                        sidecar_path(plugin.info.file).filename().string() + ", got " + join(registered),
                    "build or install the plugin again, with its sidecar");
      plugin.info = std::move(loaded.info);
      plugin.elements = std::move(loaded.elements);
      plugin.drop_shadowed();
    } catch (const Error& e) {
      plugin.elements.clear();
      refuse(plugin, e.full_text(), plugin.promised.value_or(std::vector<std::string>()));
    }
  }

  std::optional<Chosen> find(Kind kind, const std::string& name) {
    const std::string wanted = std::string(to_string(kind)) + " " + name;
    for (Plugin& plugin : plugins) {
      if (!plugin.find(wanted)) continue;
      open(plugin);
      if (const Registration* element = plugin.find(wanted)) return Chosen{element, &plugin};
    }
    return {};
  }

  /// The element for which `score` is highest, then the one of highest priority; nothing where no score is positive.
  /// When the best one's plugin is refused, the next best.
  std::optional<Chosen> best(Kind kind, const std::function<int(const ElementInfo&)>& score) {
    for (;;) {
      std::pair<int, int> highest{0, 0};
      std::string name;
      for (const Plugin& plugin : plugins)
        for (const Registration& element : plugin.elements) {
          if (element.info.kind != kind) continue;
          const std::pair<int, int> mark{score(element.info), element.info.priority};
          if (mark.first <= 0 || (!name.empty() && mark <= highest)) continue;
          highest = mark;
          name = element.info.name;
        }
      if (name.empty()) return {};
      if (const auto chosen = find(kind, name)) return chosen;
    }
  }

  std::optional<Chosen> by_extension(Kind kind, const std::string& extension) {
    return best(kind, [&](const ElementInfo& info) { return has_extension(info, extension) ? 1 : 0; });
  }

  std::vector<std::string> names(Kind kind) const {
    std::vector<std::string> out;
    for (const Plugin& plugin : plugins)
      for (const Registration& element : plugin.elements)
        if (element.info.kind == kind) out.push_back(element.info.name);
    return out;
  }

  /// Refusals that may be why something is missing: of plugins that promised a label beginning with `prefix`, or that
  /// could not say what they supply.
  std::string culprits(const std::string& prefix) const {
    std::vector<std::string> reasons;
    for (const LoadFailure& failure : failures) {
      const bool promised = std::any_of(failure.provides.begin(), failure.provides.end(),
                                        [&](const std::string& l) { return l.compare(0, prefix.size(), prefix) == 0; });
      if (promised || failure.provides.empty()) reasons.push_back("refused: " + failure.reason);
    }
    return reasons.empty() ? "" : "; " + join(reasons, "; ");
  }

  Error not_found(Kind kind, const std::string& name) const {
    const std::vector<std::string> known = names(kind);
    const std::string near = nearest(name, known);
    const std::string kind_name = to_string(kind);
    return Error(
        ErrorCode::not_found, "no " + kind_name + " is called \"" + name + "\"",
        (!near.empty()   ? "did you mean \"" + near + "\"?"
         : known.empty() ? "no " + kind_name + "s were found; check the plugin path"
                         : "known " + kind_name + "s: " + join(known)) +
            culprits(kind == Kind::encoder ? "encoder " : kind_name + " " + name));  // an encoder's may be an extension
  }

  Chosen get(Kind kind, const std::string& name) {
    scan();
    if (const auto chosen = find(kind, name)) return *chosen;
    throw not_found(kind, name);
  }

  Chosen get_locked(Kind kind, const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex);
    return get(kind, name);
  }
};

Registry::Registry() : state_(std::make_unique<State>()) {}
Registry::~Registry() = default;

Registry& Registry::global() {
  // Never destroyed: engines and plugins live as long as the process.
  static Registry* const instance = new Registry;
  return *instance;
}

void Registry::add_path(const fs::path& directory) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  if (state_->scanned)
    throw Error(ErrorCode::usage, "the plugin path cannot change any more: plugins have been looked up already",
                "call Registry::add_path() first");
  state_->added_paths.push_back(directory);
}

std::unique_ptr<Decoder> Registry::decoder_for(const Bytes& bytes, const std::string& extension, std::string* name) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->scan();
  auto chosen = state_->best(Kind::decoder, [&](const ElementInfo& info) { return match_length(info, bytes); });
  if (!chosen) chosen = state_->by_extension(Kind::decoder, extension);
  if (!chosen && bytes.empty() && extension.empty())
    throw Error(ErrorCode::corrupt, "there is nothing to decode",
                "look why whatever should have written it has failed");
  if (!chosen)
    throw Error(ErrorCode::unsupported,
                "no decoder knows a file that begins with " + first_bytes(bytes) +
                    (extension.empty() ? "" : " or the extension \"" + extension + "\""),
                "known formats: " + join(state_->names(Kind::decoder)) + state_->culprits("decoder "));
  lock.unlock();
  if (name) *name = chosen->element->info.name;
  return chosen->make<Decoder>();
}

std::unique_ptr<Encoder> Registry::encoder(const std::string& name_or_extension, std::string* name) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->scan();
  auto chosen = state_->find(Kind::encoder, name_or_extension);
  if (!chosen) chosen = state_->by_extension(Kind::encoder, name_or_extension);
  if (!chosen) throw state_->not_found(Kind::encoder, name_or_extension);
  lock.unlock();
  if (name) *name = chosen->element->info.name;
  return chosen->make<Encoder>();
}

std::unique_ptr<Decoder> Registry::decoder(const std::string& name) {
  return state_->get_locked(Kind::decoder, name).make<Decoder>();
}

std::unique_ptr<Backbone> Registry::backbone(const std::string& name) {
  return state_->get_locked(Kind::backbone, name).make<Backbone>();
}

std::shared_ptr<Engine> Registry::engine(const std::string& name) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  const auto known = state_->engines.find(name);
  if (known != state_->engines.end()) return known->second;
  const Chosen chosen = state_->get(Kind::engine, name);
  lock.unlock();
  std::shared_ptr<Engine> engine = chosen.make<Engine>();
  lock.lock();
  return state_->engines.emplace(name, engine).first->second;  // another thread may have been faster
}

Item Registry::describe(Kind kind, const std::string& name) { return state_->get_locked(kind, name).item(); }

std::vector<Item> Registry::items() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->scan();
  std::vector<Item> out;
  for (const Plugin& plugin : state_->plugins)
    for (const Registration& element : plugin.elements) out.push_back({element.info, plugin.info});
  return out;
}

std::vector<LoadFailure> Registry::failures(bool all) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->scan();
  if (all)
    for (Plugin& plugin : state_->plugins) state_->open(plugin);
  return state_->failures;
}

}  // namespace calotype
