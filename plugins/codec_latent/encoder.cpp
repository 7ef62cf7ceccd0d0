// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <future>
#include <opencv2/core.hpp>
#include <optional>
#include <sstream>

#include "../common/samples.hpp"
#include "alpha.hpp"
#include "calotype/error.hpp"
#include "calotype/metrics.hpp"
#include "calotype/model.hpp"
#include "codec.hpp"
#include "container.hpp"
#include "group.hpp"
#include "refine.hpp"
#include "transform.hpp"

namespace calotype::latent {
namespace {

constexpr int kLargestQuality = 100;
/// Above it the fast model has too few latents for strong colours.
constexpr int kLargestFastQuality = 70;
/// Steps of refine_group() at effort 1, 2, ...
constexpr int kRefinements[] = {0, 6, 12, 24, 48};

/// Up to this rate, means that are off by bf16's rounding cost less than about a hundredth of a dB.
constexpr int kLittleRounding = 5 * kRateSteps;

using CodedGroups = std::vector<std::pair<std::uint32_t, Bytes>>;

/// What is left of the metadata after `strip`, a comma-separated list of icc, exif, xmp, iptc, text or all.
Metadata stripped(Metadata meta, const std::string& strip) {
  std::istringstream list(strip);
  for (std::string what; std::getline(list, what, ',');) {
    const bool all = what == "all";
    if (all || what == "icc") meta.icc.clear();
    if (all || what == "exif") meta.exif.clear();
    if (all || what == "xmp") meta.xmp.clear();
    if (all || what == "iptc") meta.iptc.clear();
    if (all || what == "text") meta.text.clear();
    if (all) meta.density = {};
    if (!all && what != "icc" && what != "exif" && what != "xmp" && what != "iptc" && what != "text")
      throw Error(ErrorCode::usage, "cannot strip \"" + what + "\"",
                  "strip takes icc, exif, xmp, iptc, text or all, separated by commas");
  }
  return meta;
}

LatentModel::Parts encoder_parts() {
  return {{"analysis"}, {"hyper_analysis"}, {"hyper_mean"}, {"context_1"}, {"context_2"}, {"context_3"}};
}

bool has_target(const Params& params) { return params.given("psnr") || params.given("bpp") || params.given("size"); }

/// Whether the quality decides about the model.
bool tier_is_open(const Params& params) {
  return params.get<std::string>("tier") == "auto" && params.get<std::string>("tune") == "psnr" &&
         !params.given("model");
}

bool needs_good(const Params& params) {
  return !has_target(params) && params.get<int>("quality") > kLargestFastQuality;
}

std::string model_name(const Params& params, bool good) {
  const std::string tier = params.get<std::string>("tier");
  const bool tuned = params.get<std::string>("tune") != "psnr";
  if (params.given("model")) {
    if (params.given("tune") || params.given("tier"))
      throw Error(ErrorCode::usage, "model excludes tune and tier", "leave these out: a model has both already");
    return params.get<std::string>("model");
  }
  if (tuned && tier == "fast")
    throw Error(ErrorCode::usage, "no model is both fast and tuned for ms-ssim", "give one of tune and tier");
  if (tuned) return "latent-ms-ssim";
  return tier == "fast" || (tier == "auto" && !good) ? "latent-fast" : "latent";
}

/// One picture on its way into a file.
class Job {
 public:
  /// `good`: of the tier, where it is open.
  Job(const Image& image, const Params& params, bool good, Losses& lost);
  Bytes at_rate(int rate);
  int rate_of(int quality) const {
    return int(std::lround((quality - 1) * double(largest_rate()) / (kLargestQuality - 1)));
  }
  int largest_rate() const { return model_->tables().largest_rate(); }
  /// The rate whose result comes nearest to the target that `params` name; none if no rate up to `largest` reaches it
  /// and there are larger ones.
  std::optional<int> search(int largest);

 private:
  CodedGroup quantise(int rate, const cv::Mat& latents, int group, bool with_latents = false) {
    if (!steps_) return quantise_group(*networks_, *model_, rate, latents, with_latents);
    return refine_group(*networks_, *model_, header_, rate, latents, colour_, group_area(header_, group), steps_);
  }
  std::pair<std::uint32_t, Bytes> code(const CodedGroup& group) const;
  /// Of the whole file, respectively of the decoded picture.
  double bytes_at(int rate);
  double psnr_at(int rate);
  Bytes container(int rate, const CodedGroups& groups);
  void keep_latents() {
    if (latents_.empty())
      analyse(*networks_, *model_, colour_, [&](const cv::Mat& latents, int) { latents_.push_back(latents.clone()); });
  }

  const Params& params_;
  std::shared_ptr<Background> loading_;
  std::shared_ptr<LatentModel> model_;
  LatentModel::Lease networks_;
  cv::Mat colour_;  // without alpha
  Header header_;
  std::vector<std::pair<std::string, Bytes>> boxes_;
  int steps_;                     // of the search for better symbols
  std::vector<cv::Mat> latents_;  // of all groups, kept only for a target
};

Job::Job(const Image& image, const Params& params, bool good, Losses& lost)
    : params_(params),
      loading_(LatentModel::prepare(model_name(params, good), engine_choice(params), encoder_parts())),
      model_(LatentModel::open(model_name(params, good), engine_choice(params))),
      networks_(LatentModel::lease(model_)),
      colour_(image.pixels),
      steps_(kRefinements[params.get<int>("effort") - 1]) {
  if (steps_ && !model_->model().manifest().parts.count("synthesis_gradient"))
    throw Error(ErrorCode::unsupported, "model \"" + model_->model().manifest().id + "\" has effort 1 only",
                "use effort=1, or tune=psnr");
  if (std::max(colour_.rows, colour_.cols) > kLargestSide)
    throw Error(ErrorCode::limit,
                "a side of " + std::to_string(std::max(colour_.rows, colour_.cols)) + " pixels exceeds 65535",
                "cut the picture into parts");
  header_.width = colour_.cols;
  header_.height = colour_.rows;
  header_.sixteen_bit = colour_.depth() != CV_8U;
  header_.model = model_->hash();
  boxes_ = metadata_boxes(stripped(image.meta, params.get<std::string>("strip")), lost);
  if (has_alpha(colour_)) {
    std::vector<cv::Mat> planes;
    cv::split(colour_, planes);
    cv::Mat alpha = planes.back();
    planes.pop_back();
    cv::merge(planes, colour_);
    if (alpha.depth() == CV_32F) alpha.convertTo(alpha, CV_16U, 65535);
    boxes_.emplace_back("alph", encode_alpha(alpha));
  }
  header_.grey = colour_.channels() == 1;
  if (colour_.depth() == CV_32F) colour_ = with_depth(colour_, CV_16U, lost);
}

std::pair<std::uint32_t, Bytes> Job::code(const CodedGroup& group) const {
  // Deferred where there can be no more threads.
  auto checksum = std::async(std::launch::async | std::launch::deferred, [&group] { return group.symbols.checksum(); });
  ReaderPosition middle;
  Bytes stream = encode_group(model_->tables(), group.symbols, group.indices, &middle);
  if (params_.get<bool>("verify") && !decodes_to(model_->tables(), group, stream, middle))
    throw Error(ErrorCode::internal, "the written stream does not decode to what was encoded",
                "please report this picture");
  return {checksum.get(), std::move(stream)};
}

Bytes Job::container(int rate, const CodedGroups& groups) {
  header_.rate = rate;
  header_.fp32_means = rate > kLittleRounding && networks_->is_fp32("context_1");
  return write_container(header_, groups, boxes_);
}

Bytes Job::at_rate(int rate) {
  CodedGroups groups;
  const auto add = [&](const cv::Mat& latents, int group) { groups.push_back(code(quantise(rate, latents, group))); };
  if (latents_.empty()) analyse(*networks_, *model_, colour_, add);
  for (std::size_t i = 0; i < latents_.size(); ++i) add(latents_[i], int(i));
  return container(rate, groups);
}

double Job::bytes_at(int rate) {
  CodedGroups groups;
  for (std::size_t i = 0; i < latents_.size(); ++i) {
    const CodedGroup group = quantise(rate, latents_[i], int(i));
    groups.emplace_back(0, encode_group(model_->tables(), group.symbols, group.indices));
  }
  return double(container(rate, groups).size());
}

double Job::psnr_at(int rate) {
  std::vector<cv::Mat> groups;
  std::vector<PostFilter> filters;
  for (std::size_t i = 0; i < latents_.size(); ++i) {
    const CodedGroup group = quantise(rate, latents_[i], int(i), true);
    groups.push_back(halved(group.latents));
    filters.push_back(group.symbols.filter);
  }
  const cv::Mat decoded =
      synthesise(*networks_, *model_, header_, groups, filters, {0, 0, header_.width, header_.height});
  return psnr(colour_, decoded);
}

std::optional<int> Job::search(int largest) {
  keep_latents();
  const bool quality = params_.given("psnr");
  const double target = quality                ? params_.get<double>("psnr")
                        : params_.given("bpp") ? params_.get<double>("bpp") * header_.width * header_.height / 8
                                               : double(params_.get<std::int64_t>("size"));
  const auto measure = [&](int rate) { return quality ? psnr_at(rate) : bytes_at(rate); };
  // Both grow with the rate. Invariant: low is at or under the target, high above it.
  int low = 0, high = largest;
  const double least = measure(low), most = measure(high);
  if (largest < largest_rate() && (most < target || (!quality && least > target))) return {};
  if (!quality && least > target)
    throw Error(ErrorCode::limit,
                "the smallest file for this picture has " + std::to_string(std::int64_t(least)) + " bytes",
                "ask for that many, make the picture smaller, or strip metadata (strip=all)");
  if (quality && most < target)
    throw Error(ErrorCode::limit, "the best quality for this picture is " + std::to_string(most) + " dB",
                "ask for less, or use a lossless format such as PNG");
  if (most <= target) return high;
  if (least >= target) return low;
  // PSNR grows about linearly with the rate, the size exponentially: interpolate, and bisect every other time to be
  // safe. A size is a ceiling, so aim a little below it.
  const auto scale = [&](double value) { return quality ? value : std::log(value); };
  const double aim = quality ? target : 0.993 * target;
  double at_low = least, at_high = most;
  for (bool interpolate = true; high - low > 1; interpolate = !interpolate) {
    const double part = (scale(aim) - scale(at_low)) / (scale(at_high) - scale(at_low));
    const int middle =
        std::clamp(interpolate ? low + int(std::lround(part * (high - low))) : (low + high) / 2, low + 1, high - 1);
    const double value = measure(middle);
    if (quality ? std::abs(value - target) < 0.03 : value <= target && value > 0.985 * target) return middle;
    (value <= target ? low : high) = middle;
    (value <= target ? at_low : at_high) = value;
  }
  return quality && at_high - target < target - at_low ? high : low;
}

}  // namespace

std::vector<ParamSpec> encoder_params() {
  std::vector<ParamSpec> params = {
      {"quality", std::int64_t(60), "Quality, 1 (smallest file) to 100.", 1, kLargestQuality, {}},
      {"psnr", 0., "Instead of quality: the PSNR to reach, in dB.", 0, 100, {}},
      {"bpp", 0., "Instead of quality: the largest number of bits per pixel.", 0, 64, {}},
      {"size", std::int64_t(0), "Instead of quality: the largest file size, in bytes.", 0, {}, {}},
      {"effort",
       std::int64_t(1),
       "1 rounds; 2 to 5 search for less error per bit: 2 saves most and takes about ten times as long, each further "
       "one up to twice that.",
       1,
       5,
       {}},
      {"tune",
       std::string("psnr"),
       "What the file's size is spent on: psnr (small errors) or ms-ssim (structure, as seen).",
       {},
       {},
       {"psnr", "ms-ssim"}},
      {"tier",
       std::string("auto"),
       "fast: a small network; good: a larger one, which takes three times as long and is better above quality 70; "
       "auto: fast up to there, good above.",
       {},
       {},
       {"auto", "fast", "good"}},
      {"strip",
       std::string(),
       "Metadata to leave out: icc, exif, xmp, iptc, text or all, separated by commas.",
       {},
       {},
       {}},
      {"verify", true, "Read the symbols of each stream back before it is written.", {}, {}, {}},
      {"model", std::string(), "Codec model, an id or a directory; empty: the one for tune and tier.", {}, {}, {}}};
  for (const ParamSpec& p : engine_params()) params.push_back(p);
  return params;
}

void LatentEncoder::prepare(const Params& params) {
  try {
    loading_ = LatentModel::prepare(model_name(params, needs_good(params)), engine_choice(params), encoder_parts());
  } catch (const std::exception&) {  // encode() reports it
  }
}

Bytes LatentEncoder::encode(const Image& image, const Params& params, Losses& lost) {
  validate(image);
  if (params.given("quality") + params.given("psnr") + params.given("bpp") + params.given("size") > 1)
    throw Error(ErrorCode::usage, "quality, psnr, bpp and size exclude each other", "give one of them");
  if (tier_is_open(params) && has_target(params)) {
    Job job(image, params, false, lost);
    if (const auto rate = job.search(job.rate_of(kLargestFastQuality))) return job.at_rate(*rate);
  }
  Job job(image, params, needs_good(params) || has_target(params), lost);
  return job.at_rate(has_target(params) ? *job.search(job.largest_rate()) : job.rate_of(params.get<int>("quality")));
}

}  // namespace calotype::latent
