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

/// Throws usage when `path` may not be written.
void check_writable(const std::string& path, bool overwrite);

}  // namespace calotype
