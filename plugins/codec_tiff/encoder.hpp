// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/codec.hpp"

namespace calotype {

class TiffEncoder : public Encoder {
 public:
  static std::vector<ParamSpec> params();
  Bytes encode(const Image& image, const Params& params, Losses& lost) override;
};

}  // namespace calotype
