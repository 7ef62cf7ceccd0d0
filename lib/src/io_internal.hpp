// SPDX-License-Identifier: Apache-2.0
// What the functions of io.hpp share with pipelines.
#pragma once
#include "calotype/codec.hpp"
#include "calotype/io.hpp"

namespace calotype {

/// probe, limits, decode, orientation. Messages begin with `name`; `info` may be null.
Image decode_with(Decoder& decoder, const Bytes& bytes, const Params& params, const Limits& limits,
                  const std::string& name, ImageInfo* info);

/// Throws what needs no decoder: corrupt for an empty file, unsupported for an AppleDouble side-car. `name` is for the
/// hint.
void check_is_picture(const Bytes& bytes, const std::string& name);

}  // namespace calotype
