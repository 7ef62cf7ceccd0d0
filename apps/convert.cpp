// SPDX-License-Identifier: Apache-2.0
#include <calotype/error.hpp>

#include "common/elements.hpp"
#include "common/transcode.hpp"
#include "verbs.hpp"

using namespace calotype;

namespace {

std::vector<Option> options() {
  std::vector<Option> all = {
      {"format", 'f', "NAME", "Format of the output (default: by -o's extension)."},
      {"param", 'p', "KEY=VALUE",
       "A parameter of the input's or the output's format, as \"calotype inspect FORMAT\" lists them; "
       "may be repeated."}};
  all.push_back(threads_option());
  for (Option& option : transcode_options()) all.push_back(std::move(option));
  return all;
}

RawParams params(const Arguments& arguments) {
  RawParams all;
  for (const std::string& assignment : arguments.all("param")) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorCode::usage, "-p \"" + assignment + "\" is not KEY=VALUE");
    all[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  if (arguments.has("threads")) all["threads"] = arguments.text("threads");
  return all;
}

int run(const Arguments& arguments) {
  set_threads(arguments);
  const std::string format = arguments.text("format");
  return transcode(convert_verb.name, {"", format, format, params(arguments)}, arguments);
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
