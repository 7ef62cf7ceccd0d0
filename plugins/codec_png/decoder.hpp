// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/codec.hpp"

namespace calotype {

class PngDecoder : public Decoder {
 public:
  static std::vector<ParamSpec> params();
  ImageInfo probe(const Bytes& bytes) const override;
  Image decode(const Bytes& bytes, const Params& params) override;
};

}  // namespace calotype
