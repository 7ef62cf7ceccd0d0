// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "calotype/export.hpp"

namespace calotype {

/// What a network's file says of itself, without running it.
struct NetworkFile {
  struct Port {
    std::string name;
    std::vector<std::int64_t> shape;  ///< in the file's layout; -1: free; empty where the file does not say it
  };
  std::vector<Port> inputs, outputs;
  std::map<std::string, std::string> metadata;    ///< ONNX metadata_props
  std::vector<std::filesystem::path> companions;  ///< other files, beside this one, that hold its weights
};

/// Reads .onnx and .tflite (TensorFlow Lite). Files from strangers: throws corrupt, limit and not_found,
/// also where weights lie in a file that is not beside this one, is a link out of its folder, or is too short.
CALOTYPE_API NetworkFile read_network_file(const std::filesystem::path& file);

}  // namespace calotype
