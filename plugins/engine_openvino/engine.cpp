// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "calotype/error.hpp"
#include "model_file.hpp"
#include "network.hpp"
#include "runtime.hpp"

namespace calotype {
namespace {

using namespace openvino;

struct Precision {
  const char *name, *capability;
  ov::element::Type_t type;
};
/// The fastest first.
constexpr Precision kPrecisions[] = {
    {"bf16", "BF16", ov::element::bf16},
    {"fp16", "FP16", ov::element::f16},
    {"fp32", "FP32", ov::element::f32},
};

/// "gpu:0" is OpenVINO's "GPU.0".
std::string device_of_openvino(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == ':' ? '.' : std::toupper(c); });
  return name;
}

/// OpenVINO asks the processor, but its kernels ask the environment too, and would fail when they run.
std::vector<std::string> capabilities_of(const std::string& device) {
  if (device == "CPU" && std::getenv("ONEDNN_MAX_CPU_ISA")) return {"FP32"};
  return runtime().core.get_property(device, ov::device::capabilities);
}

const Precision& choose_precision(const std::string& device, const EngineOptions& options) {
  const auto capabilities = capabilities_of(device);
  const auto holds = [](const std::vector<std::string>& list, const char* word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  for (const Precision& precision : kPrecisions)
    if (holds(options.precisions, precision.name) && holds(capabilities, precision.capability)) return precision;
  throw Error(ErrorCode::unsupported, "engine openvino does not run the precisions asked for on this device",
              "use precision=fp32");
}

ov::AnyMap settings(const std::string& device, const Precision& precision, int threads) {
  ov::AnyMap settings = {ov::hint::inference_precision(precision.type)};
  if (device != "CPU") return settings;
  settings.insert(ov::hint::enable_cpu_pinning(false));
  // A caller who gives one session a share of the cores has others running side by side.
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const int streams = threads ? std::max(1, cores / threads) : 1;
  settings.insert(ov::num_streams(streams));
  if (threads) settings.insert(ov::inference_num_threads(threads * streams));
  return settings;
}

Device device_named(const std::string& name) {
  return {name, runtime().core.get_property(device_of_openvino(name), ov::device::full_name)};
}

std::vector<Device> cpus() {
  try {
    return {device_named("cpu")};
  } catch (const ov::Exception&) {  // its library is not installed
    return {};
  }
}

std::vector<Device> gpus() {
  std::vector<Device> found;
  try {
    for (const std::string& id : runtime().core.get_property("GPU", ov::available_devices))
      found.push_back(device_named("gpu:" + id));
  } catch (const ov::Exception&) {  // there is no driver
  }
  return found;
}

}  // namespace

std::vector<Device> OpenvinoEngine::devices() const {
  std::vector<Device> found = cpus();
  for (Device& gpu : gpus()) found.push_back(std::move(gpu));
  return found;
}

std::string OpenvinoEngine::version() const {
  return std::string("OpenVINO ") + ov::get_openvino_version().buildNumber + ", compiled against " +
         std::to_string(OPENVINO_VERSION_MAJOR) + "." + std::to_string(OPENVINO_VERSION_MINOR) + "." +
         std::to_string(OPENVINO_VERSION_PATCH);
}

std::shared_ptr<Network> OpenvinoEngine::load(const std::filesystem::path& file, const EngineOptions& options) {
  const std::string name = options.device == "auto" ? "cpu" : options.device;
  const auto known = name == "cpu" ? cpus() : gpus();
  if (std::none_of(known.begin(), known.end(), [&](const Device& d) { return d.name == name; }))
    throw Error(ErrorCode::engine, "engine openvino has no device \"" + name + "\"", "use device=cpu");
  const std::string device = device_of_openvino(name);
  const Precision& precision = choose_precision(device, options);
  ModelFile read = read_model_file(file);
  const Compile compile = [=, settings = settings(device, precision, options.threads)](const auto& model) {
    return runtime().core.compile_model(model, device, settings);
  };
  try {
    ov::CompiledModel compiled = compile(read.model);
    const ov::element::Type_t runs = compiled.get_property(ov::hint::inference_precision);
    const auto real = std::find_if(std::begin(kPrecisions), std::end(kPrecisions) - 1,
                                   [&](const Precision& p) { return p.type == runs; });
    return make_network(std::move(compiled), std::move(read), compile, {"openvino", name, real->name});
  } catch (const ov::Exception& e) {
    throw Error(ErrorCode::unsupported, file.string() + ": OpenVINO cannot run this network: " + reason(e),
                "choose another engine");
  }
}

}  // namespace calotype
