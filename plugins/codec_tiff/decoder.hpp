// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/codec.hpp"

namespace calotype {

class TiffDecoder : public Decoder {
 public:
  static std::vector<ParamSpec> params();
  ImageInfo probe(const Bytes& bytes) const override;
  ImageInfo probe_page(const Bytes& bytes, const Params& params) const override;
  Image decode(const Bytes& bytes, const Params& params) override;
};

}  // namespace calotype
