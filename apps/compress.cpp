// SPDX-License-Identifier: Apache-2.0
#include "common/elements.hpp"
#include "common/transcode.hpp"
#include "verbs.hpp"

namespace {

std::vector<Option> codec_options() {
  return element_options(calotype::Kind::encoder, "calo", {{"quality", 'q'}, {"effort", 'e'}});
}

std::vector<Option> options() {
  std::vector<Option> all = codec_options();
  all.push_back(param_option());
  for (Option& option : transcode_options()) all.push_back(std::move(option));
  return all;
}

int run(const Arguments& arguments) {
  set_threads(arguments);
  return transcode(compress_verb.name, {"", "calo", "calo", all_params(codec_options(), arguments)}, arguments);
}

}  // namespace

const Verb compress_verb = {"compress",
                            "IN... [-o OUT|DIR] [-q Q | --psnr DB | --bpp X | --size BYTES] [options]",
                            "Compress pictures with the learned codec; photo.jpg becomes photo.calo beside it.",
                            "  calotype compress photo.jpg                       # photo.calo, quality 60\n"
                            "  calotype compress -q 80 photo.jpg -o better.calo\n"
                            "  calotype compress --size 20000 scan.png           # at most 20000 bytes\n"
                            "  calotype compress -r photos/ -o small/            # a whole folder\n"
                            "  cat photo.png | calotype compress - > photo.calo",
                            options,
                            run};
