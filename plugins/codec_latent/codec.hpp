// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "background.hpp"
#include "calotype/codec.hpp"

namespace calotype::latent {

std::vector<ParamSpec> decoder_params();
std::vector<ParamSpec> encoder_params();

class LatentDecoder : public Decoder {
 public:
  ImageInfo probe(const Bytes& bytes) const override;
  Image decode(const Bytes& bytes, const Params& params) override;
};

class LatentEncoder : public Encoder {
 public:
  Bytes encode(const Image& image, const Params& params, Losses& lost) override;
  void prepare(const Params& params) override;

 private:
  std::shared_ptr<Background> loading_;  // what prepare() has begun
};

}  // namespace calotype::latent
