// SPDX-License-Identifier: Apache-2.0
#include <calotype/plugin.hpp>

#include "deblock.hpp"
#include "denoise.hpp"
#include "inpaint.hpp"

CALOTYPE_PLUGIN("backbone_restore", "1.0", "Apache-2.0", "Repairs pictures: noise, JPEG artefacts, holes") {
  r.add<calotype::restore::Denoise>(calotype::restore::Denoise::info());
  r.add<calotype::restore::Deblock>(calotype::restore::Deblock::info());
  r.add<calotype::restore::Inpaint>(calotype::restore::Inpaint::info());
}
