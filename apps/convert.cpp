// SPDX-License-Identifier: Apache-2.0
#include "common/elements.hpp"
#include "common/transcode.hpp"
#include "verbs.hpp"

namespace {

std::vector<Option> options() {
  std::vector<Option> all = {
      {"format", 'f', "NAME", "Format of the output (default: by -o's extension)."}, param_option(), threads_option()};
  for (Option& option : transcode_options()) all.push_back(std::move(option));
  return all;
}

int run(const Arguments& arguments) {
  set_threads(arguments);
  const std::string format = arguments.text("format");
  return transcode(convert_verb.name, {"", format, format, format_params(arguments)}, arguments);
}

}  // namespace

const Verb convert_verb = {"convert",
                           "IN... -o OUT|DIR [--format NAME] [-p KEY=VALUE]... [options]",
                           "Convert pictures between any two formats.",
                           "  calotype convert photo.jpg -o copy.png\n"
                           "  calotype convert photo.png -o photo.webp -p quality=90\n"
                           "  calotype convert *.png -o jpegs/ --format jpg\n"
                           "  calotype convert - --format png < photo.jpg > copy.png",
                           options,
                           run};
