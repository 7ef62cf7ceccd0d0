// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "calotype/params.hpp"

namespace calotype {

/// One stage as it was written.
struct StageText {
  std::string element, path;
  RawParams params;
};

bool takes_path(const std::string& element);
/// The grammar of pipeline.hpp. Both throw usage.
std::vector<StageText> parse_pipeline(const std::string& text);
std::vector<StageText> parse_pipeline(const std::vector<std::string>& arguments);

}  // namespace calotype
