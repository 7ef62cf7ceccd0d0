// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/engine.hpp"

namespace calotype {

/// NVIDIA's GPUs through cuDNN. Devices are called as CUDA numbers them: cuda:0 and so on.
class CudnnEngine : public Engine {
 public:
  std::vector<Device> devices() const override;
  std::string version() const override;
  std::shared_ptr<Network> load(const std::filesystem::path& onnx, const EngineOptions& options) override;
};

}  // namespace calotype
