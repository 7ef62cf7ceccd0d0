// SPDX-License-Identifier: Apache-2.0
#include "deblock.hpp"

#include <calotype/log.hpp>

#include "../common/tiles.hpp"
#include "jpeg_traces.hpp"

namespace calotype::restore {
namespace {

/// From this quality on rounding to 8 bits does as much harm as JPEG, and the network was trained for less.
constexpr int kGood = 95;

}  // namespace

ElementInfo Deblock::info() {
  ElementInfo info;
  info.name = "deblock";
  info.doc = "Removes the artefacts of JPEG compression.";
  info.params = {
      {"quality",
       std::int64_t(100),
       "JPEG quality that the picture was stored with; auto takes it from the file, or finds it in the samples",
       1.,
       100.,
       {"auto"}},
      {"strength", 1.0, "how much of the artefacts that were found is taken away", 0.0, 1.0},
      {"model", std::string("deblock-fast"), "the model, by name or folder"}};
  for (ParamSpec& param : tiled_params()) info.params.push_back(std::move(param));
  return info;
}

Image Deblock::run(Image image, const Params& params) {
  int quality = params.get<int>("quality");
  if (!params.given("quality")) {
    quality = image.jpeg_quality ? image.jpeg_quality : jpeg_traces(image.pixels);
    log(LogLevel::info, quality ? "deblock: JPEG quality " + std::to_string(quality) + " was found"
                                : "deblock: no traces of JPEG were found; the picture stays as it is");
    if (!quality) return image;
  }
  if (quality >= kGood) {
    log(LogLevel::info, "deblock: from quality " + std::to_string(kGood) + " on a picture stays as it is");
    return image;
  }
  restorer_.open(params.get<std::string>("model"), engine_choice(params));
  image.pixels = restorer_.run(image.pixels, 1 - quality / 100., params);
  image.jpeg_quality = 0;
  return image;
}

}  // namespace calotype::restore
