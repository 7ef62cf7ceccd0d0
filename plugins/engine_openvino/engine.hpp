// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/engine.hpp"

namespace calotype {

/// OpenVINO on CPUs, and on Intel GPUs where asked for (docs/openvino.md). Its thread pools are those of the process,
/// and no thread is bound to a core.
class OpenvinoEngine : public Engine {
 public:
  std::vector<Device> devices() const override;
  std::string version() const override;
  /// Reads ONNX, or by its extension TensorFlow Lite (.tflite), Paddle (.pdmodel) or OpenVINO's own format (.xml).
  std::shared_ptr<Network> load(const std::filesystem::path& file, const EngineOptions& options) override;
};

}  // namespace calotype
