// SPDX-License-Identifier: Apache-2.0
#include <calotype/error.hpp>
#include <calotype/io.hpp>

#include "common/console.hpp"
#include "verbs.hpp"

using namespace calotype;

namespace {

std::vector<Option> options() { return {{"json", 0, "", "Print one JSON object per file."}}; }

void show(const std::string& path, bool json) {
  const Bytes bytes = read_file(path);
  const ImageInfo info = probe(bytes, extension_of(path), path);
  const double bpp = 8.0 * static_cast<double>(bytes.size()) / (static_cast<double>(info.width) * info.height);
  if (json) {
    Json::Members details;
    for (const auto& [key, value] : info.details) details.push_back({key, value});
    return print_json(Json::object({{"file", path},
                                    {"format", info.format},
                                    {"bytes", bytes.size()},
                                    {"width", info.width},
                                    {"height", info.height},
                                    {"channels", info.channels},
                                    {"bit_depth", info.bit_depth},
                                    {"bpp", bpp},
                                    {"details", Json::object(details)}}));
  }
  print(path + ": " + info.format + ", " + std::to_string(info.width) + "x" + std::to_string(info.height) + ", " +
        std::to_string(info.channels) + (info.channels == 1 ? " channel of " : " channels of ") +
        std::to_string(info.bit_depth) + " bits, " + std::to_string(bytes.size()) + " bytes, " + fixed(bpp, 3) +
        " bpp");
  for (const auto& [key, value] : info.details) print("  " + key + ": " + value);
}

int run(const Arguments& arguments) {
  if (arguments.operands().empty()) throw Error(ErrorCode::usage, "no file given", "name one, or - for standard input");
  int status = 0;
  for (const std::string& path : arguments.operands()) {
    try {
      show(path, arguments.has("json"));
    } catch (const Error& error) {
      print_error(info_verb.name, error.full_text());
      if (status == 0) status = exit_status(error.code());
    }
  }
  return status;
}

}  // namespace

const Verb info_verb = {"info",
                        "FILE... [--json]",
                        "Show what a file's header says; no pixel is decoded.",
                        "  calotype info photo.calo\n"
                        "  calotype info *.jpg --json\n"
                        "  calotype info - < photo.png",
                        options,
                        run};
