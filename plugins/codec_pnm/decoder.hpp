// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/codec.hpp"

namespace calotype {

/// The first picture of a stream of PBM, PGM or PPM, ASCII or binary. Samples are spread over their type's whole range.
class PnmDecoder : public Decoder {
 public:
  ImageInfo probe(const Bytes& bytes) const override;
  Image decode(const Bytes& bytes, const Params& params) override;
};

}  // namespace calotype
