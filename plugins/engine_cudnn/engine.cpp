// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <dlfcn.h>

#include <algorithm>

#include "calotype/error.hpp"
#include "network.hpp"
#include "network/sized.hpp"

namespace calotype {
namespace {

struct Gpu {
  int number;
  cudaDeviceProp properties;

  std::string name() const { return "cuda:" + std::to_string(number); }
  int capability() const { return 10 * properties.major + properties.minor; }
};

struct Survey {
  std::vector<Gpu> usable;
  std::string complaint;  ///< why there are not more of them
};

std::string dotted(int capability) { return std::to_string(capability / 10) + "." + std::to_string(capability % 10); }

/// Without it CUDA would take its time to find that out.
bool has_driver() {
  static const bool found = dlopen("libcuda.so.1", RTLD_LAZY) != nullptr;
  return found;
}

/// The newest CUDA that the driver knows, 0 without a driver.
int driver_version() {
  int number = 0;
  return has_driver() && cudaDriverGetVersion(&number) == cudaSuccess ? number : 0;
}

Survey survey() {
  Survey result;
  if (!has_driver()) {
    result.complaint = "NVIDIA's driver is not installed";
    return result;
  }
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    cudaGetLastError();  // the program that we are part of would take it for one of its own
    result.complaint = cudaGetErrorString(status);
    return result;
  }
  for (int i = 0; i < count; ++i) {
    Gpu gpu{i, {}};
    if (const cudaError_t failure = cudaGetDeviceProperties(&gpu.properties, i); failure != cudaSuccess) {
      cudaGetLastError();  // as above
      result.complaint = gpu.name() + " cannot be queried: " + cudaGetErrorString(failure);
    } else if (gpu.capability() < CALOTYPE_OLDEST_CUDA_ARCHITECTURE) {
      result.complaint = gpu.name() + " has compute capability " + dotted(gpu.capability()) + ", but " +
                         dotted(CALOTYPE_OLDEST_CUDA_ARCHITECTURE) + " is needed";
    } else {
      result.usable.push_back(gpu);
    }
  }
  if (count == 0) result.complaint = "no NVIDIA GPU";
  return result;
}

std::string cuda_version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

std::string cudnn_version(std::size_t number) {
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." + std::to_string(number % 100);
}

Gpu find_device(const std::string& wanted) {
  const Survey found = survey();
  for (const Gpu& gpu : found.usable)
    if (wanted == "auto" || wanted == gpu.name()) return gpu;
  std::string known;
  for (const Gpu& gpu : found.usable) known += (known.empty() ? "" : " or ") + ("device=" + gpu.name());
  throw Error(ErrorCode::engine,
              "engine cudnn has no device" + (wanted == "auto" ? "" : " \"" + wanted + "\"") +
                  (found.complaint.empty() ? "" : ": " + found.complaint),
              known.empty() ? "install NVIDIA's driver, or use another engine (engine=)" : "use " + known);
}

/// The fastest that the caller accepts and the device has; fp16 before bf16, which is as fast and less exact.
std::string choose_precision(const std::vector<std::string>& accepted, const Gpu& gpu) {
  for (const std::string precision : {"fp16", "bf16", "fp32"}) {
    if (precision == "bf16" && gpu.capability() < 80) continue;
    if (std::find(accepted.begin(), accepted.end(), precision) != accepted.end()) return precision;
  }
  throw Error(ErrorCode::unsupported, "engine cudnn has none of the precisions asked for on " + gpu.name(),
              "use precision=fp32, or fp16 where the model allows it");
}

/// cuDNN loads the most of itself when first used: what is missing must be missed now, not in the first session.
void check_library(int device) {
  const cudnn::CurrentDevice current(device);
  current.check();
  const std::lock_guard<std::mutex> lock(cudnn::capture_mutex());
  cudnn::make<cudnn::Handle>(cudnnCreate, "cudnnCreate");
}

}  // namespace

std::vector<Device> CudnnEngine::devices() const {
  std::vector<Device> result;
  for (const Gpu& gpu : survey().usable)
    result.push_back({gpu.name(), std::string(gpu.properties.name) + ", " +
                                      std::to_string(gpu.properties.totalGlobalMem >> 30) +
                                      " GiB, compute capability " + dotted(gpu.capability())});
  return result;
}

std::string CudnnEngine::version() const {
  std::string text = "cuDNN " + cudnn_version(cudnnGetVersion()) + ", compiled against " +
                     cudnn_version(CUDNN_VERSION) + "; CUDA " + cuda_version(CUDART_VERSION);
  if (const int driver = driver_version()) text += ", driver for CUDA " + cuda_version(driver);
  const std::string complaint = survey().complaint;
  return complaint.empty() ? text : text + "; " + complaint;
}

std::shared_ptr<Network> CudnnEngine::load(const std::filesystem::path& onnx, const EngineOptions& options) {
  const Gpu gpu = find_device(options.device);
  const std::string precision = choose_precision(options.precisions, gpu);
  check_library(gpu.number);
  return network::load_folded(
      onnx, {"cudnn", gpu.name(), precision}, [=](network::Graph graph) -> std::shared_ptr<Network> {
        network::Program program = network::fuse(std::move(graph));
        if (precision == "fp16") return std::make_shared<cudnn::CudnnNetwork<__half>>(std::move(program), gpu.number);
        if (precision == "bf16")
          return std::make_shared<cudnn::CudnnNetwork<__nv_bfloat16>>(std::move(program), gpu.number);
        return std::make_shared<cudnn::CudnnNetwork<float>>(std::move(program), gpu.number);
      });
}

}  // namespace calotype
