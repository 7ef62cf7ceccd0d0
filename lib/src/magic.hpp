// SPDX-License-Identifier: Apache-2.0
// How files of a format begin: two hex digits in lower case for a byte, "??" for any.
#pragma once
#include <string>

#include "calotype/image.hpp"

namespace calotype {

bool is_magic(const std::string& text);
/// How many bytes of `magic` are fixed, where `bytes` begin with it; 0 where they do not.
int match_length(const std::string& magic, const Bytes& bytes);

}  // namespace calotype
