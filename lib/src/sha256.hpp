// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "calotype/image.hpp"

namespace calotype {

/// FIPS 180-4, as lower-case hex.
std::string sha256_hex(const Bytes& bytes);
std::string sha256_hex_of_file(const std::string& path);

}  // namespace calotype
