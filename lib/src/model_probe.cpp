// SPDX-License-Identifier: Apache-2.0
#include "model_probe.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "calotype/error.hpp"

namespace calotype {
namespace {

constexpr int kMostMultiple = 64;

/// Light that changes from side to side, with edges and fine structure.
cv::Mat drawn(const cv::Size& size) {
  cv::Mat pixels(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const int light = 40 + 150 * x / size.width, shade = ((x / 16 + y / 16) % 2) * 30, grain = (x * 7 + y * 13) % 17;
      pixels.at<cv::Vec3b>(y, x) =
          cv::Vec3b(static_cast<uchar>(light + grain), static_cast<uchar>(40 + 150 * y / size.height + shade),
                    static_cast<uchar>(220 - light + shade + grain));
    }
  return pixels;
}

std::vector<int> shape_of(const cv::Mat& tensor) { return {tensor.size.p, tensor.size.p + tensor.dims}; }

/// The largest difference between channels of two pictures, CV_32F.
cv::Mat difference(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat apart, most;
  cv::absdiff(a, b, apart);
  cv::reduce(apart.reshape(1, static_cast<int>(apart.total())), most, 1, cv::REDUCE_MAX);
  return most.reshape(1, a.rows);
}

}  // namespace

ModelProbe::ModelProbe(const Manifest& manifest, const EngineChoice& choice)
    : manifest_(manifest), session_(Model::of(manifest).network("network", choice)->session()) {}

void ModelProbe::feed(const cv::Mat& pixels) {
  const cv::Mat tensor = to_tensor(pixels, manifest_.input);
  out_.clear();
  session_->run({{manifest_.input.name, tensor}}, out_);
  fed_ = {{manifest_.input.name, shape_of(tensor)}};
  made_.clear();
  for (const auto& [name, made] : out_) made_[name] = shape_of(made);
  for (const auto& [meaning, name] : manifest_.outputs)
    if (!out_.count(name)) {
      std::string names;
      for (const auto& [each, shape] : made_) names += (names.empty() ? "" : ", ") + each;
      throw Error(ErrorCode::usage, "the network has no output \"" + name + "\"", "it has: " + names);
    }
}

const TensorMap& ModelProbe::run(const cv::Size& size) {
  feed(drawn(size));
  return out_;
}

int ModelProbe::scale_of(const cv::Size& size) const {
  const std::vector<int>& shape = made_.at(manifest_.outputs.at("picture"));
  if (shape.size() != 4) return 0;
  const bool last = manifest_.input.channels_last;
  const int height = shape[last ? 1 : 2], width = shape[last ? 2 : 3], scale = width / size.width;
  return scale >= 1 && scale <= 4 && width == scale * size.width && height == scale * size.height ? scale : 0;
}

cv::Mat ModelProbe::picture(const cv::Mat& pixels) {
  feed(pixels);
  return from_tensor(out_.at(manifest_.outputs.at("picture")), manifest_.input, manifest_.output_range);
}

ModelProbe::Sides ModelProbe::sides() {
  std::optional<Error> refusal;
  for (int multiple = 1; multiple <= kMostMultiple; multiple *= 2) {
    const cv::Size size(2 * kMostMultiple + multiple, 2 * kMostMultiple + multiple);
    try {
      run(size);
      if (const int scale = scale_of(size)) return {multiple, scale};
    } catch (const Error& e) {
      if (e.code() == ErrorCode::usage || e.code() == ErrorCode::limit) throw;
      refusal = e;
    }
  }
  if (refusal) throw *refusal;
  std::string made;
  for (const int side : made_.at(manifest_.outputs.at("picture")))
    made += (made.empty() ? "" : "x") + std::to_string(side);
  throw Error(ErrorCode::unsupported,
              "the network makes " + made + " of a picture of 192x192, which is no scale of 1 to 4",
              "say another --task, or --output picture=NAME where it has others");
}

std::optional<int> ModelProbe::reach(int multiple, int scale) {
  const bool fixed = !manifest_.input.is_free();
  for (const int wanted : {128, 512}) {
    const int side = std::max(1, wanted / multiple) * multiple;
    const cv::Size size = fixed ? manifest_.input.size : cv::Size(side, side);
    const cv::Mat pixels = drawn(size), whole = picture(pixels);
    // A block, so that each place within a multiple is changed.
    const cv::Rect block(size.width / 2 / multiple * multiple, size.height / 2 / multiple * multiple,
                         std::min(multiple, size.width), std::min(multiple, size.height));
    cv::Mat changed = pixels.clone(), inverse;
    cv::bitwise_not(changed(block), inverse);
    inverse.copyTo(changed(block));
    const cv::Mat apart = difference(picture(changed), whole) > 1e-4;
    std::vector<cv::Point> touched;
    cv::findNonZero(apart, touched);
    int farthest = 0;
    for (const cv::Point& p : touched)
      farthest = std::max({farthest, block.x - p.x / scale, p.x / scale - block.br().x + 1, block.y - p.y / scale,
                           p.y / scale - block.br().y + 1});
    const int halo = (farthest + multiple - 1) / multiple * multiple;
    if (halo > std::min(size.width, size.height) / 4) {
      if (fixed) return {};
      continue;
    }
    if (fixed) return halo;
    // What depends on the whole picture a little, such as a mean, is seen when half of it is gone.
    const int half = side / 2 / multiple * multiple;
    const cv::Mat tile = picture(pixels(cv::Rect(0, 0, half + halo, side)).clone());
    const cv::Rect core(0, 0, half * scale, side * scale);
    if (cv::norm(tile(core), whole(core), cv::NORM_INF) <= 1 / 512.) return halo;
    return {};
  }
  return {};
}

}  // namespace calotype
