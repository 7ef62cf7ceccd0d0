// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/error.hpp>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// One file to read and one to write; "-" is standard input and output.
struct Job {
  std::string input, output;
  std::string relative;  ///< the input below the folder that it was found in, else its file name
  /// What is wrong with an input that is a folder; it has no output, and fails with this when its turn comes.
  std::optional<calotype::Error> problem = {};
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

struct Found {
  std::filesystem::path path;              ///< below the folder that was searched
  std::optional<calotype::Error> problem;  ///< why this folder, or the rest of it, could not be listed
};
/// The files with these extensions in a folder, sorted; those, too, that cannot be looked at: reading them will say
/// why. Sub-folders where `recursive`, but those in `left_out`; symbolic links to folders are not followed. AppleDouble
/// side-cars are left out, each with a note on the terminal.
std::vector<Found> files_in(const std::filesystem::path& folder, const std::set<std::string>& extensions,
                            bool recursive, const std::vector<std::filesystem::path>& left_out = {});

/// In order of the inputs, each folder sorted. A folder without any such file is a job with a problem. Throws usage.
std::vector<Job> make_jobs(const std::vector<std::string>& inputs, const JobRules& rules);
