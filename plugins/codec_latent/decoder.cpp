// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>
#include <opencv2/core.hpp>

#include "alpha.hpp"
#include "calotype/error.hpp"
#include "calotype/model.hpp"
#include "codec.hpp"
#include "container.hpp"
#include "group.hpp"
#include "transform.hpp"

namespace calotype::latent {
namespace {

/// "x,y,width,height"; an empty one for anything else.
cv::Rect rectangle(const std::string& text) {
  cv::Rect found;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int* number : {&found.x, &found.y, &found.width, &found.height}) {
    if (number != &found.x && (at == end || *at++ != ',')) return {};
    const auto [stop, error] = std::from_chars(at, end, *number);
    if (error != std::errc()) return {};
    at = stop;
  }
  return at == end ? found : cv::Rect();
}

/// "x,y,width,height" inside the picture; empty text: all of it.
cv::Rect parse_region(const std::string& text, const cv::Size& picture) {
  if (text.empty()) return {cv::Point(0, 0), picture};
  const cv::Rect region = rectangle(text);
  if (region.x < 0 || region.y < 0 || region.width < 1 || region.height < 1 ||
      region.width > picture.width - region.x || region.height > picture.height - region.y)
    throw Error(
        ErrorCode::usage, "region \"" + text + "\" is not a rectangle inside the picture",
        "give region=x,y,width,height within " + std::to_string(picture.width) + "x" + std::to_string(picture.height));
  return region;
}

}  // namespace

std::vector<ParamSpec> decoder_params() {
  std::vector<ParamSpec> params = {
      {"region", std::string(), "Decode only this part, x,y,width,height in pixels of the stored picture.", {}, {}, {}},
      {"model",
       std::string(),
       "Codec model, an id or a directory; empty: the one the file was written with.",
       {},
       {},
       {}}};
  for (const ParamSpec& p : engine_params()) params.push_back(p);
  return params;
}

ImageInfo LatentDecoder::probe(const Bytes& bytes) const {
  const Container container = parse_container(bytes);
  const Header& header = container.header;
  ImageInfo info;
  info.format = "calo";
  info.width = header.width;
  info.height = header.height;
  info.channels = (header.grey ? 1 : 3) + (container.box("alph") != nullptr);
  if (const Box* exif = container.box("exif"))
    info.orientation = exif_orientation(Bytes(exif->data, exif->data + exif->size));
  info.bit_depth = header.sixteen_bit ? 16 : 8;
  char text[32];
  std::snprintf(text, sizeof text, "%08x", header.model);
  const auto models = LatentModel::installed();
  const auto model = models.find(header.model);
  info.details.emplace_back("model", model == models.end() ? "not installed" : model->second);
  info.details.emplace_back("model hash", text);
  info.details.emplace_back("rate", std::to_string(header.rate));
  std::snprintf(text, sizeof text, "%.4f", 8. * double(bytes.size()) / header.width / header.height);
  info.details.emplace_back("bits per pixel", text);
  info.details.emplace_back("groups", std::to_string(container.groups.size()));
  for (const Box& box : container.boxes)
    info.details.emplace_back("box " + box.type, std::to_string(box.size) + " bytes");
  return info;
}

Image LatentDecoder::decode(const Bytes& bytes, const Params& params) {
  const Container container = parse_container(bytes);
  const Header& header = container.header;
  const cv::Size size(header.width, header.height);
  const cv::Rect region = parse_region(params.get<std::string>("region"), size);

  const std::string given_name = params.get<std::string>("model");
  const std::string name = given_name.empty() ? LatentModel::find(header.model) : given_name;
  const EngineChoice choice = engine_choice(params);
  const Arithmetic arithmetic = header.fp32_means ? Arithmetic::fp32 : Arithmetic::chosen;
  const LatentModel::Parts parts = {{"synthesis"},
                                    {"hyper_mean", arithmetic},
                                    {"context_1", arithmetic},
                                    {"context_2", arithmetic},
                                    {"context_3", arithmetic}};
  const auto loading = LatentModel::prepare(name, choice, parts);
  const auto model = LatentModel::open(name, choice);
  char written[9], given[9];
  std::snprintf(written, sizeof written, "%08x", header.model);
  std::snprintf(given, sizeof given, "%08x", model->hash());
  if (model->hash() != header.model)
    throw Error(ErrorCode::model_mismatch,
                std::string("written with codec model ") + written + ", \"" + name + "\" is " + given,
                "leave model= out to find the right one");
  if (header.rate > model->tables().largest_rate())
    throw Error(ErrorCode::corrupt, "the rate is beyond the model's range");

  // All integers first: whatever is broken is found before any network runs.
  const std::vector<bool> touched = touched_groups(*model, header, region);
  std::vector<std::pair<std::size_t, GroupSymbols>> symbols;
  for (std::size_t i = 0; i < container.groups.size(); ++i) {
    if (!touched[i]) continue;
    const Group& group = container.groups[i];
    const int row = int(i) / header.group_columns() * kGroupLatents,
              column = int(i) % header.group_columns() * kGroupLatents;
    symbols.emplace_back(
        i, decode_group(model->tables(), header.rate, std::min(kGroupLatents, header.latent_rows() - row),
                        std::min(kGroupLatents, header.latent_columns() - column), group.data, group.size));
    const GroupSymbols& read = symbols.back().second;
    if (read.checksum() != group.checksum)
      throw Error(ErrorCode::corrupt, "the checksum of group " + std::to_string(i) + " does not match",
                  "fetch the file again or restore it from a backup");
    if (header.grey && (read.filter.components[1].used || read.filter.components[2].used))
      throw Error(ErrorCode::corrupt, "a filter of colours in a grey picture");
  }

  const LatentModel::Lease networks = LatentModel::lease(model);
  std::vector<cv::Mat> latents(container.groups.size());
  std::vector<PostFilter> filters(container.groups.size());
  for (auto& [index, group] : symbols) {
    latents[index] = halved(reconstruct_group(*networks, *model, header.rate, arithmetic, group));
    filters[index] = group.filter;
    group.latents = {};
  }
  Image image;
  image.pixels = synthesise(*networks, *model, header, latents, filters, region);
  image.meta = read_metadata(container);
  if (const Box* box = container.box("alph")) {
    cv::Mat alpha = decode_alpha(box->data, box->size, size)(region);
    if (alpha.depth() != image.pixels.depth())
      throw Error(ErrorCode::corrupt, "the alpha plane has another depth than the picture");
    std::vector<cv::Mat> planes;
    cv::split(image.pixels, planes);
    planes.push_back(alpha);
    cv::merge(planes, image.pixels);
  }
  return image;
}

}  // namespace calotype::latent
