// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "child.hpp"

using Command = std::vector<std::string>;

/// The programs under test.
extern const std::string kCalotype, kShortProgram;

/// How often each is run: $CALOTYPE_RUNS, or a few times.
int runs();

/// Fails the test unless the process ended by itself with one of these.
void check_status(const Command& command, const std::vector<int>& statuses, const Ended& ended);

/// A folder for everybody to write to, with a small picture: whole.ppm, whole and damaged as .png and .calo, other.png.
class Files {
 public:
  Files();
  ~Files();
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};
