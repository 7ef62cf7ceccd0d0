// SPDX-License-Identifier: Apache-2.0
// From a network's file to a model folder: what its model.ini would say, and who says so.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "calotype/model.hpp"

namespace calotype {

struct CALOTYPE_API ModelDraft {
  enum class Source { given, file, guessed, measured };
  struct Line {
    std::string value;
    Source source;
  };

  std::filesystem::path network;
  std::vector<std::filesystem::path> companions;  ///< files that hold weights of it
  std::map<std::string, Line> lines;              ///< by keys of model.ini such as "input.mean"; parts are not in it
  std::vector<std::string> labels;                ///< in the order of the scores; may be empty
  /// Shapes of what the probe fed in and of what came out, by name.
  std::map<std::string, std::vector<int>> fed, made;

  /// What model.ini would say of the files where they lie.
  Manifest manifest() const;
};

/// Looks into the network's file, takes what is said there, guesses what is not, runs it on a picture that it draws,
/// and measures what can be measured: scale, multiple and reach of a network that makes pictures. Writes nothing.
/// `from` is that file, or a folder that holds one, perhaps with labels.txt, or with a model.ini that says all else.
/// `given` are keys of model.ini that decide, with "model.id" and "model.task"; `labels` is a file of one name per
/// line, or empty. Throws usage, corrupt, unsupported saying what is missing, and whatever engines throw.
CALOTYPE_API ModelDraft draft_model(const std::filesystem::path& from, const std::map<std::string, std::string>& given,
                                    const std::filesystem::path& labels, const EngineChoice& choice);

CALOTYPE_API const char* to_string(ModelDraft::Source source);

}  // namespace calotype
