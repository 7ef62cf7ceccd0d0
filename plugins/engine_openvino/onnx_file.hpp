// SPDX-License-Identifier: Apache-2.0
// What must be known of an ONNX file before and after OpenVINO reads it.
#pragma once
#include <filesystem>
#include <string>

namespace calotype::openvino {

/// A model from a stranger must not read what its reader never gave it: throws corrupt where any tensor of the file, in
/// whatever part of it, lies in a file that is not beside it, or not in the place that it says; not_found where that
/// file is missing; corrupt where this one is no message at all.
void check_external_data(const std::filesystem::path& onnx);

/// The name of the node that makes this value, or its own where the node has none.
std::string node_that_makes(const std::filesystem::path& onnx, const std::string& value);

}  // namespace calotype::openvino
