// SPDX-License-Identifier: Apache-2.0
// What the functions of io.hpp share with pipelines.
#pragma once
#include "calotype/codec.hpp"
#include "calotype/io.hpp"

namespace calotype {

/// The decoder's parameters, with what the rules ask for.
Params decoder_params(const std::string& format, RawParams raw, const Rules& rules, const std::string& element);
/// probe, limits, decode, and all that decode() promises. Messages begin with `name`; `info` may be null.
Image decode_with(Decoder& decoder, const Bytes& bytes, const Params& params, const Rules& rules,
                  const std::string& name, ImageInfo* info);
/// What encode() promises; `lost` may be null.
Bytes encode_with(Encoder& encoder, const Image& image, const Params& params, const Rules& rules,
                  const std::string& name, Losses* lost);

/// Throws what needs no decoder: corrupt for an empty file, unsupported for an AppleDouble side-car. `name` is for the
/// hint.
void check_is_picture(const Bytes& bytes, const std::string& name);

}  // namespace calotype
