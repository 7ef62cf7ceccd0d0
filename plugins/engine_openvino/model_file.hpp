// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <memory>
#include <openvino/core/model.hpp>
#include <string>
#include <vector>

namespace calotype::openvino {

/// What a file says of its inputs and outputs, in its order.
struct Ports {
  std::vector<std::string> inputs, outputs;  ///< names
  bool channels_last = false;                ///< pictures are N,H,W,C in this format
};

struct ModelFile {
  std::shared_ptr<ov::Model>
      model;  ///< inputs and outputs are floats; names are not as in the file once it is compiled
  Ports ports;
};

/// The shape of an input with its batch free, and of four dimensions rows and columns too.
ov::PartialShape with_free_sizes(ov::PartialShape shape, bool channels_last);

/// Throws not_found, corrupt, and unsupported naming operator and node.
ModelFile read_model_file(const std::filesystem::path& file);

}  // namespace calotype::openvino
