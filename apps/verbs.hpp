// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "common/options.hpp"

/// One verb of the command: a small file that defines one of the constants below.
struct Verb {
  const char* name;
  const char* arguments;  ///< as in a usage line
  const char* summary;    ///< one sentence
  const char* examples;   ///< lines "command   # what it does"
  std::vector<Option> (*options)();
  int (*run)(const Arguments&);  ///< the exit status; may throw calotype::Error
  /// What the first operand may be, for completion, with spaces between; null: a file.
  const char* words = nullptr;
};

extern const Verb compare_verb, completion_verb, compress_verb, convert_verb, deblock_verb, decompress_verb,
    denoise_verb, help_verb, info_verb, inpaint_verb, inspect_verb, model_verb, run_verb;

/// All of them, in the order in which help lists them.
const std::vector<const Verb*>& verbs();
/// Throws usage with the nearest name.
const Verb& find_verb(const std::string& name);
/// What every verb understands beside its own options.
std::vector<Option> all_options(const Verb& verb);
