// SPDX-License-Identifier: Apache-2.0
#include <calotype/io.hpp>

#include "common/elements.hpp"
#include "common/files.hpp"
#include "common/transcode.hpp"
#include "verbs.hpp"

namespace {

std::vector<Option> codec_options() { return element_options(calotype::Kind::decoder, "calo"); }

std::vector<Option> options() {
  std::vector<Option> all = codec_options();
  all.push_back({"format", 'f', "NAME", "Format of the output (default: by -o's extension, else png)."});
  all.push_back(param_option());
  for (Option& option : transcode_options()) all.push_back(std::move(option));
  return all;
}

int run(const Arguments& arguments) {
  set_threads(arguments);
  return transcode(
      decompress_verb.name,
      {"calo", arguments.text("format"), arguments.text("format", "png"), all_params(codec_options(), arguments)},
      arguments);
}

}  // namespace

const Verb decompress_verb = {"decompress",
                              "IN... [-o OUT|DIR] [options]",
                              "Turn .calo files back into ordinary pictures; photo.calo becomes photo.png beside it.",
                              "  calotype decompress photo.calo                    # photo.png\n"
                              "  calotype decompress photo.calo -o photo.jpg\n"
                              "  calotype decompress photo.calo --region 0,0,64,64 -o corner.png\n"
                              "  calotype decompress small/ -o large/ --format webp\n"
                              "  calotype decompress - < photo.calo > photo.png",
                              options,
                              run};
