// SPDX-License-Identifier: Apache-2.0
// What the functions of io.hpp share with pipelines.
#pragma once
#include "calotype/codec.hpp"
#include "calotype/io.hpp"

namespace calotype {

/// probe, limits, decode, orientation. Messages begin with `name`; `info` may be null.
Image decode_with(Decoder& decoder, const Bytes& bytes, const Params& params, const Limits& limits,
                  const std::string& name, ImageInfo* info);

/// Throws usage when `path` may not be written.
void check_writable(const std::string& path, bool overwrite);

}  // namespace calotype
