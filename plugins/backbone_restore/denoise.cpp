// SPDX-License-Identifier: Apache-2.0
#include "denoise.hpp"

#include <algorithm>
#include <calotype/log.hpp>
#include <cmath>

#include "../common/tiles.hpp"
#include "noise_level.hpp"

namespace calotype::restore {
namespace {

constexpr double kMaxSigma = 75;  // training/restore/degrade.py

/// Networks for camera noise judge for themselves where the condition is zero.
bool judges_itself(const Manifest& manifest) {
  const auto entry = manifest.extra.find("restore.blind");
  return entry != manifest.extra.end() && entry->second == "yes";
}

}  // namespace

ElementInfo Denoise::info() {
  ElementInfo info;
  info.name = "denoise";
  info.doc = "Removes noise.";
  info.params = {{"sigma",
                  0.0,
                  "noise level, the standard deviation of 8-bit samples; auto estimates it",
                  0.0,
                  kMaxSigma,
                  {"auto"}},
                 {"strength", 1.0, "how much of the noise that was found is taken away", 0.0, 1.0},
                 {"tier",
                  std::string("fast"),
                  "fast, good (four times the work), or photo for noise as cameras make it",
                  {},
                  {},
                  {"fast", "good", "photo"}},
                 {"model", std::string(), "another model, by name or folder, instead of the tier's"}};
  for (ParamSpec& param : tiled_params()) info.params.push_back(std::move(param));
  return info;
}

Image Denoise::run(Image image, const Params& params) {
  const std::string model = params.get<std::string>("model");
  restorer_.open(model.empty() ? "denoise-" + params.get<std::string>("tier") : model, engine_choice(params));

  double sigma = params.get<double>("sigma");
  if (!params.given("sigma") && !judges_itself(restorer_.manifest())) {
    sigma = std::min(kMaxSigma, noise_level(image.pixels));
    log(LogLevel::info, "denoise: sigma " + to_string(Value(std::round(sigma * 10) / 10)) + " was estimated");
  }
  image.pixels = restorer_.run(image.pixels, sigma / 255, params);
  return image;
}

}  // namespace calotype::restore
