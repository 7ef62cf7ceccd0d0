// SPDX-License-Identifier: Apache-2.0
// What ONNX files say of themselves in metadata_props.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace calotype {

using MetadataProps = std::map<std::string, std::string>;

/// As keys of model.ini: those under their own names ("input.mean"), those of ONNX
/// (https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md), and those that Ultralytics writes. Values are not
/// checked.
std::map<std::string, std::string> manifest_keys(const MetadataProps& metadata);

/// Names of classes, in order: "labels" with one per line, or Ultralytics' "names", {0: 'cat', 1: 'dog'}.
std::vector<std::string> labels_in(const MetadataProps& metadata);

}  // namespace calotype
