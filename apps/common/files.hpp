// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <vector>

/// One file to read and one to write; "-" is standard input and output.
struct Job {
  std::string input, output;
  std::string relative;  ///< the input below the folder that it was found in, else its file name
};

/// How inputs become jobs.
struct JobRules {
  std::set<std::string> extensions;  ///< of the files taken from a folder; explicit names are always taken
  std::string extension;             ///< of outputs that have no name of their own; empty: -o must name a file
  std::string output;                ///< as given with -o: a file, a folder, "-", or empty for "beside the input"
  bool recursive = false;            ///< enter sub-folders, keeping their names under the output folder
  /// Outputs beside their inputs are called NAME.suffix.extension. Such files in a folder are no inputs.
  std::string suffix;
  std::string left_out;  ///< a sub-folder that holds no inputs, beside the output's
};

/// The files with these extensions in a folder, relative to it, sorted. Sub-folders where `recursive`, but those
/// in `left_out`.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder,
                                            const std::set<std::string>& extensions, bool recursive,
                                            const std::vector<std::filesystem::path>& left_out = {});

/// In order of the inputs, each folder sorted. Throws usage, and not_found for a folder without any such file.
std::vector<Job> make_jobs(const std::vector<std::string>& inputs, const JobRules& rules);
