// SPDX-License-Identifier: Apache-2.0
#include "pictures.hpp"

#include <calotype/error.hpp>
#include <calotype/tiling.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "../common/samples.hpp"
#include "../common/tiles.hpp"

namespace calotype::foreign {
namespace {

/// A session as run_tiled() wants it, whose tensors are pictures: "x" as Image::pixels, "y" CV_32F h,w,C.
class PictureSession : public Session {
 public:
  PictureSession(Session& session, const Manifest& manifest) : session_(session), manifest_(manifest) {}

  void run(const TensorMap& in, TensorMap& out) override {
    session_.run({{manifest_.input.name, to_tensor(in.at("x"), manifest_.input)}}, made_);
    const std::string& name = manifest_.outputs.at("picture");
    const auto made = made_.find(name);
    if (made == made_.end())
      throw Error(ErrorCode::corrupt, "the network of model " + manifest_.id + " has no output \"" + name + "\"",
                  "correct output.picture in its model.ini");
    picture_ = from_tensor(made->second, manifest_.input, manifest_.output_range);
    out.clear();
    out["y"] = cv::Mat(std::vector<int>{picture_.rows, picture_.cols, picture_.channels()}, CV_32F, picture_.data);
  }

 private:
  Session& session_;
  const Manifest& manifest_;
  TensorMap made_;
  cv::Mat picture_;
};

/// The mean of three channels.
cv::Mat grey_of(const cv::Mat& colours) {
  cv::Mat grey;
  cv::transform(colours, grey, cv::Matx13f(1 / 3.f, 1 / 3.f, 1 / 3.f));
  return grey;
}

/// Of the depth of `pixels`; colours only where both the network and the picture have them.
cv::Mat colours_made(Session& session, const Manifest& manifest, const cv::Mat& pixels, const TilePlan& tiles) {
  PictureSession pictures(session, manifest);
  const cv::Size size = pixels.size() * manifest.scale;
  const bool coloured = pixels.channels() >= 3;
  cv::Mat result;
  run_tiled(
      pictures, padded(pixels.size(), tiles), tiles, manifest.scale,
      [&](const cv::Rect& from) { return mirrored(pixels, from); },
      [&](const cv::Mat& core, const cv::Rect& where) {
        cv::Mat made(core.size[0], core.size[1], CV_32FC(core.size[2]), core.data);
        if (!coloured && made.channels() == 3) made = grey_of(made);
        if (result.empty()) result.create(size, CV_MAKETYPE(pixels.depth(), made.channels()));
        const cv::Rect inside = where & cv::Rect(cv::Point(0, 0), size);
        if (inside.empty()) return;
        cv::Mat target = result(inside);
        made(cv::Rect(cv::Point(0, 0), inside.size())).convertTo(target, pixels.depth(), full_scale(pixels.depth()));
      },
      {}, CV_32F);
  return result;
}

/// A network for grey, on each colour.
cv::Mat each_colour_made(Session& session, const Manifest& manifest, const cv::Mat& pixels, const TilePlan& tiles) {
  std::vector<cv::Mat> made(3);
  for (int c = 0; c < 3; ++c) {
    cv::Mat plane;
    cv::extractChannel(pixels, plane, c);
    made[std::size_t(c)] = colours_made(session, manifest, plane, tiles);
  }
  cv::Mat merged;
  cv::merge(made, merged);
  return merged;
}

void enlarge(cv::Mat& plane, const cv::Size& size, int interpolation) {
  if (plane.empty() || plane.size() == size) return;
  cv::Mat larger;
  cv::resize(plane, larger, size, 0, 0, interpolation);
  plane = larger;
}

}  // namespace

Image make_picture(Session& session, const Manifest& manifest, Image image, const TilePlan& tiles) {
  const bool by_colour = manifest.input.channels == InputSpec::Channels::grey && image.pixels.channels() >= 3;
  cv::Mat made = (by_colour ? each_colour_made : colours_made)(session, manifest, image.pixels, tiles);
  if (has_alpha(image.pixels)) {
    cv::Mat alpha;
    cv::extractChannel(image.pixels, alpha, image.pixels.channels() - 1);
    enlarge(alpha, made.size(), cv::INTER_LINEAR);
    std::vector<cv::Mat> channels;
    cv::split(made, channels);
    channels.push_back(alpha);
    cv::merge(channels, made);
  }
  enlarge(image.mask, made.size(), cv::INTER_NEAREST);
  image.pixels = made;
  image.jpeg_quality = 0;
  return image;
}

}  // namespace calotype::foreign
