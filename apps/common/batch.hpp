// SPDX-License-Identifier: Apache-2.0
// How every verb that turns files into files goes through them: overlapped, interruptible, resumable.
#pragma once
#include <calotype/image.hpp>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/files.hpp"
#include "common/options.hpp"

/// -o, --overwrite, --skip-existing, --recursive, --preserve-times, --jobs, --json.
std::vector<Option> batch_options();

struct BatchRules {
  bool overwrite = false, skip_existing = false, preserve_times = false, json = false;
  std::size_t at_once = 1;  ///< files that compute at the same time
};
/// Throws usage. `files`: how many there are.
BatchRules batch_rules(const Arguments& arguments, std::size_t files);

/// What became of one file, still to be written.
struct Output {
  calotype::Bytes bytes;
  int width = 0, height = 0;
  std::size_t bytes_in = 0;
  calotype::Losses lost;
};

/// Runs what it is given as soon as fewer than `at_once` files compute. The number, below `at_once`, is meanwhile
/// nobody else's.
using Compute = std::function<void(const std::function<void(std::size_t number)>&)>;
/// Everything between a file's name and its output's bytes; what takes the processor's time goes through Compute.
/// Called from several threads.
using Work = std::function<Output(const Job&, const Compute&)>;

/// Reads and writes some files while others compute; a single one is done on the calling thread, with no other started.
/// A failed file is reported and the rest done. Returns the exit status of the first failure in the order of the jobs,
/// or of the signal that stopped it.
int run_batch(const std::string& verb, const std::vector<Job>& jobs, const BatchRules& rules, const Work& work);
