// SPDX-License-Identifier: Apache-2.0
#include "late_engine.hpp"

#include <dlfcn.h>

#include "calotype/error.hpp"
#include "library.hpp"

namespace calotype {
namespace {

struct Loaded {
  Engine* engine = nullptr;  ///< as long as the process lives
  std::string complaint;     ///< why there is none
};

Loaded load_library() {
  if (!dlopen("libcuda.so.1", RTLD_LAZY)) return {nullptr, "NVIDIA's driver is not installed"};
  Dl_info here{};
  if (!dladdr(reinterpret_cast<const void*>(&load_library), &here)) return {nullptr, "its own folder is not known"};
  const auto file = std::filesystem::path(here.dli_fname).parent_path() / kCudnnLibrary;
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const make = library ? dlsym(library, kMakeCudnnEngine) : nullptr;
  if (!make) return {nullptr, dlerror()};
  return {reinterpret_cast<Engine* (*)()>(make)(), {}};
}

const Loaded& loaded() {
  static const Loaded* const once = new Loaded(load_library());
  return *once;
}

}  // namespace

std::vector<Device> LateCudnnEngine::devices() const {
  return loaded().engine ? loaded().engine->devices() : std::vector<Device>();
}

std::string LateCudnnEngine::version() const {
  return loaded().engine ? loaded().engine->version() : "not loaded: " + loaded().complaint;
}

std::shared_ptr<Network> LateCudnnEngine::load(const std::filesystem::path& onnx, const EngineOptions& options) {
  if (loaded().engine) return loaded().engine->load(onnx, options);
  throw Error(ErrorCode::engine,
              "engine cudnn has no device" + (options.device == "auto" ? "" : " \"" + options.device + "\"") + ": " +
                  loaded().complaint,
              "install NVIDIA's driver, or use another engine (engine=)");
}

}  // namespace calotype
