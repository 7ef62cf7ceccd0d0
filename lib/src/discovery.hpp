// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <vector>

#include "sidecar.hpp"

namespace calotype {

struct Found {
  std::filesystem::path file;
  std::optional<Sidecar> sidecar;
};

/// Where libcalotype itself lies; plugins and models are found relative to it. Empty where that is not known.
const std::filesystem::path& library_directory();
/// The absolute directories in a colon-separated environment variable; none in programs with more rights than whoever
/// set it (see secure_getenv(3)).
std::vector<std::filesystem::path> environment_path(const char* variable);
/// By its absolute name, whatever the current folder is later; not one without a name.
void add_directory(std::vector<std::filesystem::path>& directories, const std::filesystem::path& directory);
/// What lies in a directory, in no order; nothing if there is no such directory. Throws std::bad_alloc.
std::vector<std::filesystem::path> entries(const std::filesystem::path& directory);
/// Every calotype_<name>.so in these directories, in order and sorted by name within each. Directories that do not
/// exist are skipped, and so are sidecars that cannot be understood.
std::vector<Found> find_plugins(const std::vector<std::filesystem::path>& directories);

}  // namespace calotype
