// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "calotype/image.hpp"

namespace calotype {

/// FIPS 180-4, as lower-case hex.
std::string sha256_hex(const Bytes& bytes);

}  // namespace calotype
