// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/engine.hpp"

namespace calotype {

class OnednnEngine : public Engine {
 public:
  std::vector<Device> devices() const override;
  std::string version() const override;
  std::shared_ptr<Network> load(const std::filesystem::path& onnx, const EngineOptions& options) override;
};

}  // namespace calotype
