// SPDX-License-Identifier: Apache-2.0
#include "common/files.hpp"

#include <algorithm>
#include <calotype/error.hpp>
#include <calotype/io.hpp>
#include <filesystem>

namespace fs = std::filesystem;
using calotype::Error;
using calotype::ErrorCode;

namespace {

/// False, too, for what cannot be looked at; reading it will say why.
bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::vector<fs::path> files_in(const fs::path& folder, const std::set<std::string>& extensions, bool recursive,
                               const std::vector<fs::path>& left_out) {
  std::vector<fs::path> found;
  const auto is_left_out = [&](const fs::path& path) {
    return std::any_of(left_out.begin(), left_out.end(), [&](const fs::path& other) {
      std::error_code ignored;
      return fs::equivalent(path, other, ignored);
    });
  };
  try {
    for (fs::recursive_directory_iterator entry(folder), end; entry != end; ++entry) {
      if (!recursive || (entry->is_directory() && is_left_out(entry->path()))) entry.disable_recursion_pending();
      if (entry->is_regular_file() && extensions.count(calotype::extension_of(entry->path().string())))
        found.push_back(entry->path().lexically_relative(folder));
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::io, folder.string() + ": " + error.code().message());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Job> make_jobs(const std::vector<std::string>& inputs, const JobRules& rules) {
  if (inputs.empty()) throw Error(ErrorCode::usage, "no input given", "name a file, a folder, or - for standard input");
  const bool any_folder = std::any_of(inputs.begin(), inputs.end(), [](const auto& path) { return is_folder(path); });
  const bool into_folder = !rules.output.empty() && rules.output != "-" &&
                           (inputs.size() > 1 || any_folder || rules.output.back() == '/' || is_folder(rules.output));
  if (rules.output == "-" && (inputs.size() > 1 || any_folder))
    throw Error(ErrorCode::usage, "several pictures cannot go to standard output", "-o DIR writes them to a folder");
  std::error_code ignored;
  if (into_folder && fs::exists(rules.output, ignored) && !is_folder(rules.output))
    throw Error(ErrorCode::usage, rules.output + " is not a folder", "with several inputs -o names a folder");
  const bool named = !rules.output.empty() && !into_folder;
  if (!named && rules.extension.empty())
    throw Error(ErrorCode::usage, "the output's format is not known", "say --format NAME, or name the file with -o");

  const std::string dotted_suffix = rules.suffix.empty() ? "" : "." + rules.suffix;
  const std::vector<fs::path> left_out = {into_folder ? rules.output : "", rules.left_out};

  std::vector<Job> jobs;
  const auto add = [&](const fs::path& input, const fs::path& relative) {
    std::string output = rules.output;
    if (!named) {
      fs::path path = into_folder ? fs::path(output) / relative : input;
      const std::string extension = (into_folder ? "" : dotted_suffix) + "." + rules.extension;
      output = path == "-" ? "-" : path.replace_extension(extension).string();
    }
    jobs.push_back({input.string(), output, relative.string()});
  };
  for (const std::string& input : inputs) {
    if (!is_folder(input)) {
      add(input, input == "-" ? fs::path("stdin") : fs::path(input).filename());
      continue;
    }
    std::vector<fs::path> found = files_in(input, rules.extensions, rules.recursive, left_out);
    if (!rules.suffix.empty())
      found.erase(std::remove_if(found.begin(), found.end(),
                                 [&](const fs::path& path) { return ends_with(path.stem().string(), dotted_suffix); }),
                  found.end());
    if (found.empty())
      throw Error(ErrorCode::not_found, input + ": no picture in this folder",
                  rules.recursive ? "" : "--recursive looks into its sub-folders");
    for (const fs::path& relative : found) add(fs::path(input) / relative, relative);
  }
  return jobs;
}
