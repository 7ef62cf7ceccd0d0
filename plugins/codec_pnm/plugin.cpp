// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "decoder.hpp"
#include "encoder.hpp"

CALOTYPE_PLUGIN("codec_pnm", CALOTYPE_VERSION, "Apache-2.0", "PBM, PGM and PPM") {
  using namespace calotype;
  r.add<PnmDecoder>({Kind::decoder,
                     "pnm",
                     "Reads PBM, PGM and PPM.",
                     {"ppm", "pgm", "pbm", "pnm"},
                     {"5031", "5032", "5033", "5034", "5035", "5036"},
                     0,
                     {}});
  r.add<PnmEncoder<PnmKind::bitmap>>(
      {Kind::encoder, "pbm", "Writes PBM: every pixel black or white.", {"pbm"}, {}, 0, {}});
  r.add<PnmEncoder<PnmKind::grey>>({Kind::encoder, "pgm", "Writes PGM, grey, 8 or 16 bits.", {"pgm"}, {}, 0, {}});
  r.add<PnmEncoder<PnmKind::colour>>({Kind::encoder, "ppm", "Writes PPM, lossless, 8 or 16 bits.", {"ppm"}, {}, 0, {}});
  r.add<PnmEncoder<PnmKind::any>>(
      {Kind::encoder, "pnm", "Writes PGM or PPM, as the picture is, lossless, 8 or 16 bits.", {"pnm"}, {}, 0, {}});
}
