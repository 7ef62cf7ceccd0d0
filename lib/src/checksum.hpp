// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "calotype/io.hpp"

namespace calotype {

/// XXH3 of 128 bits (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md) as 32 lower-case hex digits, as
/// `xxhsum -H128` writes it. Finds accidents, at the speed of memory; no protection against forgery.
std::string xxh128_hex(const FileView& bytes);

}  // namespace calotype
