// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "decoder.hpp"
#include "encoder.hpp"

CALOTYPE_PLUGIN("codec_jpeg", CALOTYPE_VERSION, "Apache-2.0", "JPEG through libjpeg-turbo") {
  const std::vector<std::string> extensions = {"jpg", "jpeg", "jpe", "jfif"};
  r.add<calotype::JpegDecoder>({calotype::Kind::decoder,
                                "jpeg",
                                "Reads JPEG: grey, colour and CMYK, 8 bits.",
                                extensions,
                                {"ffd8ff"},
                                0,
                                calotype::JpegDecoder::params()});
  r.add<calotype::JpegEncoder>(
      {calotype::Kind::encoder, "jpeg", "Writes JPEG, 8 bits.", extensions, {}, 0, calotype::JpegEncoder::params()});
}
