// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/engine.hpp"

namespace calotype {

/// CudnnEngine, from a library beside the plugin that is loaded where there is a driver. CUDA's runtime and cuDNN are
/// of no use to other machines; and since the runtime registers, while it is loaded, what it does when the process
/// ends, a process that ended at that moment would not survive it.
class LateCudnnEngine : public Engine {
 public:
  std::vector<Device> devices() const override;
  std::string version() const override;
  std::shared_ptr<Network> load(const std::filesystem::path& onnx, const EngineOptions& options) override;
};

}  // namespace calotype
