// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "calotype/model.hpp"

namespace calotype {

/// Reads directory/model.ini. Throws not_found or, naming the file and the line's key, corrupt.
Manifest read_manifest(const std::filesystem::path& directory);
/// The keys and values of directory/model.ini, unchecked. Throws as read_manifest() does.
std::vector<std::pair<std::string, std::string>> read_manifest_lines(const std::filesystem::path& directory);

}  // namespace calotype
