// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>
#include <string>
#include <vector>

/// One file to read and one to write; "-" is standard input and output.
struct Job {
  std::string input, output;
};

/// How inputs become jobs.
struct JobRules {
  std::set<std::string> extensions;  ///< of the files taken from a folder; explicit names are always taken
  std::string extension;             ///< of outputs that have no name of their own; empty: -o must name a file
  std::string output;                ///< as given with -o: a file, a folder, "-", or empty for "beside the input"
  bool recursive = false;            ///< enter sub-folders, keeping their names under the output folder
};

/// In order of the inputs, each folder sorted. Throws usage, and not_found for a folder without any such file.
std::vector<Job> make_jobs(const std::vector<std::string>& inputs, const JobRules& rules);
