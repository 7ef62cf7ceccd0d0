// SPDX-License-Identifier: Apache-2.0
#include <calotype/error.hpp>
#include <filesystem>
#include <map>

#include "common/console.hpp"
#include "common/elements.hpp"
#include "common/restore.hpp"
#include "verbs.hpp"

namespace fs = std::filesystem;
using namespace calotype;

namespace {

std::vector<Option> options() {
  std::vector<Option> all = restore_options("inpaint");
  for (Option& option : all)
    if (option.name == "mask") {
      option.argument = "FILE|DIR";
      option.doc =
          "What to repair: a picture, white where; or a folder with one for each picture, of the same name with any "
          "extension (default: the picture's alpha).";
    }
  return all;
}

/// A folder's masks, by the name that they share with their pictures.
std::map<fs::path, fs::path> masks_in(const fs::path& folder) {
  std::map<fs::path, fs::path> masks;
  for (const Found& file : files_in(folder, decoder_extensions(), true))
    if (file.problem)
      print_error(inpaint_verb.name, file.problem->full_text());
    else
      masks.emplace(fs::path(file.path).replace_extension(), folder / file.path);
  return masks;
}

int run(const Arguments& arguments) {
  const fs::path folder = arguments.text("mask");
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return restore("inpaint", "inpainted", arguments);
  const auto masks = masks_in(folder);
  const auto mask_of = [&](const Job& job) -> RawParams {
    const fs::path name = fs::path(job.relative).replace_extension();
    const auto mask = masks.find(name);
    if (mask == masks.end())
      throw Error(ErrorCode::not_found, job.input + ": no mask in " + folder.string(),
                  "it would be called " + (folder / name).string() + ".png");
    return {{"mask", mask->second.string()}};
  };
  return restore("inpaint", "inpainted", arguments, mask_of, folder.string());
}

}  // namespace

const Verb inpaint_verb = {"inpaint",
                           "IN... [--mask FILE|DIR] [-o OUT|DIR] [options]",
                           "Repair what a mask shows in white; photo.jpg becomes photo.inpainted.png beside it.",
                           "  calotype inpaint photo.jpg --mask scratches.png\n"
                           "  calotype inpaint holes.png                        # where it is transparent\n"
                           "  calotype inpaint -r photos/ --mask masks/ -o repaired/ --skip-existing",
                           options,
                           run};
