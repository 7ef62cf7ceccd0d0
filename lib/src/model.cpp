// SPDX-License-Identifier: Apache-2.0
#include "calotype/model.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <set>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "calotype/registry.hpp"
#include "checksum.hpp"
#include "discovery.hpp"
#include "fork.hpp"
#include "log_internal.hpp"
#include "manifest.hpp"
#include "network_cache.hpp"
#include "text.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNetworks = 64;  // that stay loaded though nobody uses them

/// What this process knows about models. Never destroyed: networks live as long as the plugins that made them.
struct Shared {
  std::mutex mutex;
  std::vector<fs::path> added_paths;
  std::vector<NetworkInfo> in_use;
  NetworkCache networks{kNetworks};

  Shared() { at_fork(mutex); }
};

Shared& shared() {
  static Shared* const instance = new Shared;
  return *instance;
}

std::vector<fs::path> model_path() {
  std::vector<fs::path> path;
  {
    const std::lock_guard<std::mutex> lock(shared().mutex);
    path = shared().added_paths;
  }
  for (const fs::path& directory : environment_path("CALOTYPE_MODEL_PATH")) path.push_back(directory);
  if (const fs::path own = user_models(); !own.empty()) path.push_back(own);
  if (!library_directory().empty()) path.push_back(library_directory() / CALOTYPE_MODELS_FROM_LIBRARY);
  return path;
}

/// Hidden names are those of folders that are being written.
bool is_hidden(const fs::path& directory) { return directory.filename().string().rfind('.', 0) == 0; }

bool holds_model(const fs::path& directory) {
  std::error_code error;
  return fs::is_regular_file(directory / "model.ini", error);
}

FileView read_verified(const Manifest::Part& part) {
  FileView bytes(part.file.string());
  if (part.xxh128.empty()) return bytes;
  if (const std::string got = xxh128_hex(bytes); got != part.xxh128)
    throw Error(ErrorCode::corrupt,
                part.file.string() + ": expected checksum " + part.xxh128 + " as in model.ini, got " + got,
                "install the model again");
  return bytes;
}

const Manifest::Part& part_of(const Manifest& manifest, const std::string& name) {
  const auto part = manifest.parts.find(name);
  if (part != manifest.parts.end()) return part->second;
  std::vector<std::string> known;
  for (const auto& entry : manifest.parts) known.push_back(entry.first);
  throw Error(ErrorCode::not_found, "model \"" + manifest.id + "\" has no part \"" + name + "\"",
              "it has: " + join(known));
}

std::vector<std::string> agreed_precisions(const Manifest& manifest, const std::string& asked) {
  const auto& allowed = manifest.precisions;
  if (asked == "auto") return allowed;
  if (std::find(allowed.begin(), allowed.end(), asked) != allowed.end()) return {asked};
  throw Error(ErrorCode::unsupported, "model \"" + manifest.id + "\" does not run in " + asked,
              "it allows: " + join(allowed));
}

std::vector<std::string> engines_by_priority() {
  std::vector<Item> engines;
  for (Item& item : Registry::global().items())
    if (item.element.kind == Kind::engine) engines.push_back(std::move(item));
  std::stable_sort(engines.begin(), engines.end(),
                   [](const Item& a, const Item& b) { return a.element.priority > b.element.priority; });
  std::vector<std::string> names;
  for (const Item& item : engines) names.push_back(item.element.name);
  return names;
}

/// Nobody misses hardware that was not asked for.
bool is_missed(const std::string& engine, const Error& e, const EngineOptions& options) {
  return e.code() != ErrorCode::engine || options.device != "auto" ||
         !Registry::global().engine(engine)->devices().empty();
}

/// Whether another engine may do what this one cannot.
bool is_passed_over(ErrorCode code) {
  // not_found: the engine's plugin was refused, say because its library is not installed.
  return code == ErrorCode::unsupported || code == ErrorCode::engine || code == ErrorCode::not_found;
}

std::shared_ptr<Network> load_with_any_engine(const fs::path& file, const EngineOptions& options) {
  std::vector<std::pair<LogLevel, std::string>> passed_over;
  bool no_memory = false;
  for (const std::string& name : engines_by_priority()) {
    bool opened = false;
    try {
      const auto engine = Registry::global().engine(name);
      opened = true;
      auto network = engine->load(file, options);
      // A model has many networks, for which the same is true.
      for (const auto& [level, reason] : passed_over) log_once(level, reason + "; using " + name);
      return network;
    } catch (const Error& e) {
      const bool too_large = !opened && e.code() == ErrorCode::limit;  // others need less
      if (!too_large && !is_passed_over(e.code())) throw;
      no_memory = no_memory || too_large;
      passed_over.emplace_back(too_large || is_missed(name, e, options) ? LogLevel::info : LogLevel::debug,
                               "engine " + name + ": " + e.full_text());
    }
  }
  std::vector<std::string> reasons;
  for (const auto& engine : passed_over) reasons.push_back(engine.second);
  throw Error(no_memory ? ErrorCode::limit : ErrorCode::engine, "no engine can run " + file.string(),
              reasons.empty() ? "no engines were found; check the plugin path" : join(reasons, "; "));
}

void remember_use(const NetworkInfo& info) {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  auto& in_use = shared().in_use;
  const bool known = std::any_of(in_use.begin(), in_use.end(), [&](const NetworkInfo& other) {
    return other.engine == info.engine && other.device == info.device && other.precision == info.precision;
  });
  if (!known) in_use.push_back(info);
}

}  // namespace

std::vector<ParamSpec> engine_params() {
  return {
      {"engine", "auto", "Engine that runs the networks; auto takes the fastest that can.", {}, {}, {}},
      {"device", "auto", "Device of that engine, such as cpu or cuda:0.", {}, {}, {}},
      {"precision", "auto", "Arithmetic of the networks.", {}, {}, {"auto", "fp32", "bf16", "fp16"}},
      {"threads", std::int64_t{0}, "Threads that an engine may use; 0 for all cores.", 0, 1024, {}},
  };
}

EngineChoice engine_choice(const Params& params) {
  return {params.get<std::string>("engine"), params.get<std::string>("device"), params.get<std::string>("precision"),
          params.get<int>("threads")};
}

Model Model::open(const std::string& name) {
  const bool is_path = name.find('/') != std::string::npos || name == "." || name == "..";
  Model model;
  for (const fs::path& directory : is_path ? std::vector<fs::path>() : model_path())
    if (!name.empty() && holds_model(directory / name)) {
      model.manifest_ = std::make_shared<Manifest>(read_manifest(directory / name));
      return model;
    }
  if (!name.empty() && holds_model(name)) {
    model.manifest_ = std::make_shared<Manifest>(read_manifest(fs::absolute(name)));
    return model;
  }
  const std::vector<std::string> known = list();
  const std::string near = nearest(name, known);
  throw Error(ErrorCode::not_found, "no model is called \"" + name + "\", and no such directory holds a model.ini",
              known.empty()  ? "no models were found; set CALOTYPE_MODEL_PATH"
              : near.empty() ? "known models: " + join(known)
                             : "did you mean \"" + near + "\"?");
}

Model Model::of(Manifest manifest) {
  Model model;
  model.manifest_ = std::make_shared<Manifest>(std::move(manifest));
  return model;
}

std::vector<std::string> Model::list() {
  std::set<std::string> ids;
  for (const fs::path& directory : model_path())
    for (const fs::path& entry : entries(directory))
      if (!is_hidden(entry) && holds_model(entry)) ids.insert(entry.filename().string());
  return {ids.begin(), ids.end()};
}

void Model::add_path(const fs::path& directory) {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  add_directory(shared().added_paths, directory);
}

FileView Model::read(const std::string& part) const { return read_verified(part_of(*manifest_, part)); }

std::shared_ptr<Network> Model::network(const std::string& part_name, const EngineChoice& choice) const {
  const Manifest::Part& part = part_of(*manifest_, part_name);
  const EngineOptions options{choice.device, agreed_precisions(*manifest_, choice.precision), choice.threads};

  const Manifest::Part* const used = part.uses.empty() ? nullptr : &part_of(*manifest_, part.uses);
  return shared().networks.get({part, used, choice}, [&] {
    read_verified(part);
    if (used) read_verified(*used);
    auto network = choice.engine == "auto" ? load_with_any_engine(part.file, options)
                                           : Registry::global().engine(choice.engine)->load(part.file, options);
    remember_use(network->info());
    return network;
  });
}

std::unique_ptr<Session> Model::session(const std::string& part, const EngineChoice& choice,
                                        const Signature& signature) const {
  return held_to(signature, network(part, choice)->session(), manifest_->id + "/" + part);
}

fs::path user_models() {
  for (const auto& [variable, below] : {std::pair("XDG_DATA_HOME", ""), std::pair("HOME", ".local/share")}) {
    const char* const value = secure_getenv(variable);
    if (value && fs::path(value).is_absolute()) return fs::path(value) / below / "calotype" / "models";
  }
  return {};
}

std::vector<NetworkInfo> networks_in_use() {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  return shared().in_use;
}

}  // namespace calotype
