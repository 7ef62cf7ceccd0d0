// SPDX-License-Identifier: Apache-2.0
#include "common/rules.hpp"

#include <calotype/error.hpp>

using namespace calotype;

std::vector<Option> rules_options() {
  return {{"max-pixels", 0, "N", "Refuse pictures of more pixels (default 268435456)."},
          {"strict", 0, "", "Where something of a picture would be lost, fail instead of warning."},
          {"lenient", 0, "", "Of damaged files, take what can be had; how much is missing is said."},
          {"color",
           0,
           "keep|srgb",
           "Keep colours with their profile (default), or convert them to sRGB.",
           {"keep", "srgb"}}};
}

Rules rules(const Arguments& arguments) {
  Rules rules;
  rules.max_pixels = arguments.integer("max-pixels", rules.max_pixels, 1);
  rules.strict = arguments.has("strict");
  rules.lenient = arguments.has("lenient");
  const std::string colours = arguments.text("color", "keep");
  if (colours != "keep" && colours != "srgb")
    throw Error(ErrorCode::usage, "--color \"" + colours + "\" is not known", "give keep or srgb");
  rules.colours = colours == "srgb" ? Colours::srgb : Colours::keep;
  return rules;
}

Json losses_json(const Losses& lost) {
  std::vector<Json> all;
  for (const Loss& loss : lost) all.push_back(Json::object({{"kind", to_string(loss.kind)}, {"detail", loss.detail}}));
  return Json::array(all);
}
