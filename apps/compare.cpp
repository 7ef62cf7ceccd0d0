// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <calotype/error.hpp>
#include <calotype/io.hpp>
#include <calotype/metrics.hpp>
#include <cmath>
#include <opencv2/core.hpp>

#include "common/console.hpp"
#include "common/elements.hpp"
#include "common/rules.hpp"
#include "compare_page.hpp"
#include "verbs.hpp"

using namespace calotype;

namespace {

std::vector<Option> options() {
  std::vector<Option> all = {{"html", 0, "FILE", "Also write a page that shows both pictures and their difference."},
                             {"overwrite", 0, "", "Replace the page if it exists."},
                             threads_option(),
                             {"json", 0, "", "Print one JSON object."}};
  for (Option& option : rules_options()) all.push_back(std::move(option));
  return all;
}

Side load(const std::string& path, const Rules& rules) {
  Side side;
  side.path = path;
  side.file = read_file(path, rules);
  side.image = decode(side.file, extension_of(path), {}, rules, path, &side.info);
  return side;
}

/// The colour samples alone, at `depth`.
cv::Mat colour(const cv::Mat& pixels, int depth) {
  const auto range = [](int d) { return d == CV_8U ? 255.0 : d == CV_16U ? 65535.0 : 1.0; };
  std::vector<cv::Mat> channels;
  cv::split(pixels, channels);
  if (channels.size() < 3) channels.resize(1);  // grey becomes colour, alpha goes
  channels.resize(3, channels.front());
  cv::Mat out;
  cv::merge(channels, out);
  out.convertTo(out, depth, range(depth) / range(pixels.depth()));
  return out;
}

int run(const Arguments& arguments) {
  if (arguments.operands().size() != 2) throw Error(ErrorCode::usage, "two files are needed", "calotype compare A B");
  set_threads(arguments);
  if (arguments.has("html")) check_writable(arguments.text("html"), arguments.has("overwrite"));
  const Rules allowed = rules(arguments);
  const Side left = load(arguments.operands()[0], allowed), right = load(arguments.operands()[1], allowed);
  if (left.image.pixels.size() != right.image.pixels.size()) {
    const auto size = [](const Side& side) {
      return side.path + " is " + std::to_string(side.image.pixels.cols) + "x" + std::to_string(side.image.pixels.rows);
    };
    throw Error(ErrorCode::usage, size(left) + ", " + size(right), "only pictures of equal size can be compared");
  }
  const int depth = std::max(left.image.pixels.depth(), right.image.pixels.depth());
  const cv::Mat a = colour(left.image.pixels, depth), b = colour(right.image.pixels, depth);
  const Scores scores = {psnr(a, b), ms_ssim(a, b)};
  const bool equal = std::isinf(scores.psnr);
  for (const Side* side : {&left, &right})
    if (equal && side->image.lost.has(LossKind::pixels))
      throw Error(ErrorCode::corrupt, side->path + ": not all of its samples are there, and what is there is equal",
                  "a picture that is damaged, or has samples that are no numbers, equals none");
  if (arguments.has("html")) {
    const std::string page = compare_page(left, right, a, b, scores);
    write_file(arguments.text("html"), Bytes(page.begin(), page.end()), arguments.has("overwrite"));
  }
  if (arguments.has("json")) {
    const auto json = [](const Side& side) {
      return Json::object({{"file", side.path},
                           {"format", side.info.format},
                           {"bytes", side.file.size()},
                           {"bpp", side.bpp()},
                           {"lost", losses_json(side.image.lost)}});
    };
    print_json(Json::object({{"a", json(left)},
                             {"b", json(right)},
                             {"width", a.cols},
                             {"height", a.rows},
                             {"equal", equal},
                             {"psnr", scores.psnr},
                             {"ms_ssim", scores.ms_ssim}}));
    return 0;
  }
  for (const Side* side : {&left, &right})
    print(side->path + ": " + side->info.format + ", " + std::to_string(side->file.size()) + " bytes, " +
          fixed(side->bpp(), 3) + " bpp");
  print("PSNR " + fixed(scores.psnr, 2) + " dB, MS-SSIM " + fixed(scores.ms_ssim, 5));
  return 0;
}

}  // namespace

const Verb compare_verb = {
    "compare",
    "A B [--html FILE] [--json]",
    "Measure how far two pictures differ: PSNR, MS-SSIM, sizes; optionally as a page to look at.",
    "  calotype compare photo.png photo.calo\n"
    "  calotype compare photo.png photo.jpg --json\n"
    "  calotype compare photo.png photo.calo --html compare.html",
    options,
    run};
