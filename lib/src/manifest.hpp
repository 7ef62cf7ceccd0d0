// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/model.hpp"

namespace calotype {

/// Reads directory/model.ini. Throws not_found or, naming the file and the line's key, corrupt.
Manifest read_manifest(const std::filesystem::path& directory);

}  // namespace calotype
