// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "decoder.hpp"
#include "encoder.hpp"

CALOTYPE_PLUGIN("codec_tiff", CALOTYPE_VERSION, "Apache-2.0", "TIFF through libtiff") {
  using namespace calotype;
  const std::vector<std::string> extensions = {"tiff", "tif"};
  r.add<TiffDecoder>({Kind::decoder,
                      "tiff",
                      "Reads TIFF and BigTIFF, one picture of a file.",
                      extensions,
                      {"49492a00", "4d4d002a", "49492b00", "4d4d002b"},
                      0,
                      TiffDecoder::params()});
  r.add<TiffEncoder>(
      {Kind::encoder, "tiff", "Writes TIFF, lossless, 8, 16 or 32 bits.", extensions, {}, 0, TiffEncoder::params()});
}
