// SPDX-License-Identifier: Apache-2.0
#include "calotype/registry.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "calotype/error.hpp"
#include "calotype/plugin.hpp"
#include "discovery.hpp"
#include "fork.hpp"
#include "log_internal.hpp"
#include "magic.hpp"
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
  bool opened = false;

  const Registration* find(const std::string& element_label) const {
    for (const Registration& element : elements)
      if (label(element.info) == element_label) return &element;
    return nullptr;
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

int longest_match(const ElementInfo& info, const Bytes& bytes) {
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
  std::vector<LoadFailure> refusals;
  std::map<std::string, std::shared_ptr<Engine>> engines;

  State() { at_fork(mutex); }

  /// Holds the mutex. What is logged meanwhile, by a plugin's code too, is said when it is free again.
  struct Lock {
    explicit Lock(State& state) : lock(state.mutex) {}
    LogLater later;
    std::lock_guard<std::mutex> lock;
  };

  // Everything below is called with the mutex held.

  void scan() {
    if (scanned) return;
    std::vector<fs::path> directories = added_paths;
    for (const fs::path& directory : environment_path("CALOTYPE_PLUGIN_PATH")) directories.push_back(directory);
    if (!library_directory().empty())
      directories.push_back(library_directory() / "calotype" / ("plugins-" + std::to_string(CALOTYPE_PLUGIN_ABI)));
    refusals.clear();  // of a scan that ran out of memory
    std::list<Plugin> found_plugins;
    for (Found& found : find_plugins(directories)) {
      found_plugins.emplace_back();
      Plugin& plugin = found_plugins.back();
      plugin.info.file = found.file;
      if (found.sidecar) {
        plugin.info = std::move(found.sidecar->plugin);
        for (ElementInfo& info : found.sidecar->elements) plugin.elements.push_back({std::move(info), {}});
        plugin.promised = labels(plugin.elements);
      } else {
        open(plugin);
      }
    }
    plugins = std::move(found_plugins);
    scanned = true;
    for (const LoadFailure& failure : shadowed()) log(LogLevel::info, failure.reason);
  }

  /// Calls use(plugin, element, winner) for all elements. The first of two equal names wins, as long as its plugin is
  /// not refused: `winner` is the plugin that has the name, the element's own where it is its.
  template <class Use>
  void for_all(Use use) const {
    std::map<std::string, const Plugin*> winners;
    for (const Plugin& plugin : plugins)
      for (const Registration& element : plugin.elements)
        use(plugin, element, *winners.emplace(label(element.info), &plugin).first->second);
  }

  /// Those that their names lead to.
  template <class Use>
  void for_offered(Use use) const {
    for_all([&](const Plugin& plugin, const Registration& element, const Plugin& winner) {
      if (&plugin == &winner) use(plugin, element);
    });
  }

  /// A report of each plugin that lost names to others.
  std::vector<LoadFailure> shadowed() const {
    std::vector<LoadFailure> reports;
    std::map<const Plugin*, std::pair<std::vector<std::string>, const Plugin*>> lost;
    for_all([&](const Plugin& plugin, const Registration& element, const Plugin& winner) {
      if (&plugin == &winner) return;
      lost[&plugin].first.push_back(label(element.info));
      lost[&plugin].second = &winner;
    });
    for (const Plugin& plugin : plugins) {
      const auto found = lost.find(&plugin);
      if (found == lost.end()) continue;
      const auto& [names, winner] = found->second;
      reports.push_back({plugin.info.file,
                         "plugin " + plugin.info.file.string() + ": " + join(names) + " already comes from " +
                             winner->info.file.string() + "; remove one of them or give it another name",
                         names});
    }
    return reports;
  }

  /// Loads the plugin unless that was done; one that is refused keeps no elements.
  void open(Plugin& plugin) {
    if (plugin.opened) return;
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
    } catch (const Error& e) {
      if (e.code() == ErrorCode::limit) throw;  // there may be memory enough another time
      log(LogLevel::info, e.full_text());
      refusals.push_back({plugin.info.file, e.full_text(), plugin.promised.value_or(std::vector<std::string>())});
      plugin.elements.clear();
    }
    plugin.opened = true;
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
      for_offered([&](const Plugin&, const Registration& element) {
        if (element.info.kind != kind) return;
        const std::pair<int, int> mark{score(element.info), element.info.priority};
        if (mark.first <= 0 || (!name.empty() && mark <= highest)) return;
        highest = mark;
        name = element.info.name;
      });
      if (name.empty()) return {};
      if (const auto chosen = find(kind, name)) return chosen;
    }
  }

  std::optional<Chosen> by_extension(Kind kind, const std::string& extension) {
    return best(kind, [&](const ElementInfo& info) { return has_extension(info, extension) ? 1 : 0; });
  }

  std::vector<std::string> names(Kind kind) const {
    std::vector<std::string> out;
    for_offered([&](const Plugin&, const Registration& element) {
      if (element.info.kind == kind) out.push_back(element.info.name);
    });
    return out;
  }

  /// Refusals that may be why something is missing: of plugins that promised a label beginning with `prefix`, or that
  /// could not say what they supply.
  std::string culprits(const std::string& prefix) const {
    std::vector<std::string> reasons;
    for (const LoadFailure& failure : refusals) {
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

  /// Takes the mutex by itself.
  Chosen get_locking(Kind kind, const std::string& name) {
    const Lock lock(*this);
    scan();
    if (const auto chosen = find(kind, name)) return *chosen;
    throw not_found(kind, name);
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
  const State::Lock lock(*state_);
  if (state_->scanned)
    throw Error(ErrorCode::usage, "the plugin path cannot change any more: plugins have been looked up already",
                "call Registry::add_path() first");
  add_directory(state_->added_paths, directory);
}

std::unique_ptr<Decoder> Registry::decoder_for(const Bytes& bytes, const std::string& extension, std::string* name) {
  const Chosen chosen = [&] {
    const State::Lock lock(*state_);
    state_->scan();
    auto best = state_->best(Kind::decoder, [&](const ElementInfo& info) { return longest_match(info, bytes); });
    if (!best) best = state_->by_extension(Kind::decoder, extension);
    if (best) return *best;
    if (bytes.empty() && extension.empty())
      throw Error(ErrorCode::corrupt, "there is nothing to decode",
                  "look why whatever should have written it has failed");
    throw Error(ErrorCode::unsupported,
                "no decoder knows a file that begins with " + first_bytes(bytes) +
                    (extension.empty() ? "" : " or the extension \"" + extension + "\""),
                "known formats: " + join(state_->names(Kind::decoder)) + state_->culprits("decoder "));
  }();
  if (name) *name = chosen.element->info.name;
  return chosen.make<Decoder>();
}

std::unique_ptr<Encoder> Registry::encoder(const std::string& name_or_extension, std::string* name) {
  const Chosen chosen = [&] {
    const State::Lock lock(*state_);
    state_->scan();
    auto found = state_->find(Kind::encoder, name_or_extension);
    if (!found) found = state_->by_extension(Kind::encoder, name_or_extension);
    if (found) return *found;
    throw state_->not_found(Kind::encoder, name_or_extension);
  }();
  if (name) *name = chosen.element->info.name;
  return chosen.make<Encoder>();
}

std::unique_ptr<Decoder> Registry::decoder(const std::string& name) {
  return state_->get_locking(Kind::decoder, name).make<Decoder>();
}

std::unique_ptr<Backbone> Registry::backbone(const std::string& name) {
  return state_->get_locking(Kind::backbone, name).make<Backbone>();
}

std::shared_ptr<Engine> Registry::engine(const std::string& name) {
  {
    const State::Lock lock(*state_);
    const auto known = state_->engines.find(name);
    if (known != state_->engines.end()) return known->second;
  }
  std::shared_ptr<Engine> engine = state_->get_locking(Kind::engine, name).make<Engine>();
  const State::Lock lock(*state_);
  return state_->engines.emplace(name, engine).first->second;  // another thread may have been faster
}

Item Registry::describe(Kind kind, const std::string& name) { return state_->get_locking(kind, name).item(); }

std::vector<Item> Registry::items() {
  const State::Lock lock(*state_);
  state_->scan();
  std::vector<Item> out;
  state_->for_offered([&](const Plugin& plugin, const Registration& element) {
    out.push_back({element.info, plugin.info});
  });
  return out;
}

std::vector<LoadFailure> Registry::failures(bool all) {
  const State::Lock lock(*state_);
  state_->scan();
  if (all)
    for (Plugin& plugin : state_->plugins) state_->open(plugin);
  std::vector<LoadFailure> out = state_->refusals;
  for (LoadFailure& failure : state_->shadowed()) out.push_back(std::move(failure));
  return out;
}

}  // namespace calotype
