// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "decoder.hpp"
#include "encoder.hpp"

CALOTYPE_PLUGIN("codec_png", CALOTYPE_VERSION, "Apache-2.0", "PNG through libpng") {
  r.add<calotype::PngDecoder>({calotype::Kind::decoder,
                               "png",
                               "Reads PNG of every kind.",
                               {"png"},
                               {"89504e470d0a1a0a"},
                               0,
                               calotype::PngDecoder::params()});
  r.add<calotype::PngEncoder>({calotype::Kind::encoder,
                               "png",
                               "Writes PNG, lossless, 8 or 16 bits.",
                               {"png"},
                               {},
                               0,
                               calotype::PngEncoder::params()});
}
