// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace calotype {

/// "a, b, c".
std::string join(const std::vector<std::string>& words, const char* separator = ", ");
/// The non-empty pieces between separators.
std::vector<std::string> split(const std::string& text, char separator);

}  // namespace calotype
