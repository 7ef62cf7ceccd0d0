// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "codec.hpp"

CALOTYPE_PLUGIN("codec_latent", CALOTYPE_VERSION, "Apache-2.0", "The learned codec: .calo files") {
  using namespace calotype;
  using namespace calotype::latent;
  r.add<LatentDecoder>({Kind::decoder, "calo", "Learned latent codec.", {"calo"}, {"43414c4f"}, 0, decoder_params()});
  r.add<LatentEncoder>({Kind::encoder, "calo", "Learned latent codec.", {"calo"}, {}, 0, encoder_params()});
}
