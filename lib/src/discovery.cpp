// SPDX-License-Identifier: Apache-2.0
#include "discovery.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <set>
#include <system_error>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "log_internal.hpp"
#include "text.hpp"

namespace calotype {
namespace {

namespace fs = std::filesystem;

bool is_plugin_name(const std::string& name) {
  return name.size() > 12 && name.compare(0, 9, "calotype_") == 0 && name.compare(name.size() - 3, 3, ".so") == 0;
}

std::optional<Sidecar> read_sidecar(const fs::path& plugin_file) {
  Limits limits;
  limits.max_file_bytes = 1 << 20;
  try {
    const Bytes bytes = read_file(sidecar_path(plugin_file).string(), limits);
    auto sidecar = parse_sidecar({bytes.begin(), bytes.end()});
    if (sidecar) sidecar->plugin.file = plugin_file;
    return sidecar;
  } catch (const Error&) {
    return {};  // the plugin itself says everything that its sidecar would have
  }
}

/// The library makes an error of this, but what is not seen for want of memory is not missing.
void check_memory(const std::error_code& error) {
  if (error == std::errc::not_enough_memory) throw std::bad_alloc();
}

std::vector<fs::path> plugin_files(const fs::path& directory) {
  std::vector<fs::path> files;
  for (fs::path& file : entries(directory))
    if (is_plugin_name(file.filename().string())) files.push_back(std::move(file));
  std::sort(files.begin(), files.end());
  return files;
}

fs::path locate_library() {
  static const int anchor = 0;
  Dl_info info{};
  if (!dladdr(&anchor, &info) || !info.dli_fname) return {};
  std::error_code error;
  const fs::path file = fs::canonical(info.dli_fname, error);
  return error ? fs::path() : file.parent_path();
}

/// When the library is loaded: its name may be relative to the folder that is the current one then. Never destroyed.
const fs::path& found_at_load = *new fs::path(locate_library());

}  // namespace

const fs::path& library_directory() { return found_at_load; }

std::vector<fs::path> environment_path(const char* variable) {
  const char* value = secure_getenv(variable);
  if (!value) return {};
  std::vector<fs::path> directories;
  for (const std::string& directory : split(value, ':'))
    if (fs::path(directory).is_absolute())
      directories.emplace_back(directory);
    else
      log_once(LogLevel::warning, "\"" + directory + "\" in $" + variable +
                                      " is left out: it depends on the current folder; write an absolute path");
  return directories;
}

void add_directory(std::vector<fs::path>& directories, const fs::path& directory) {
  std::error_code nowhere;
  fs::path absolute = directory.empty() ? directory : fs::absolute(directory, nowhere);
  if (!absolute.empty()) directories.push_back(std::move(absolute));
}

std::vector<fs::path> entries(const fs::path& directory) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    paths.push_back(it->path());
  check_memory(error);
  return paths;
}

std::vector<Found> find_plugins(const std::vector<fs::path>& directories) {
  std::vector<Found> found;
  std::set<fs::path> seen;  // a directory may be named twice
  for (const fs::path& directory : directories) {
    std::error_code error;
    const fs::path canonical = fs::canonical(directory, error);
    check_memory(error);
    if (error || !seen.insert(canonical).second) continue;
    for (const fs::path& file : plugin_files(canonical)) found.push_back({file, read_sidecar(file)});
  }
  return found;
}

}  // namespace calotype
