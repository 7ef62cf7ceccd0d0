// SPDX-License-Identifier: Apache-2.0
#include "refine.hpp"

#include <opencv2/core.hpp>
#include <random>

namespace calotype::latent {
namespace {

constexpr float kStep = 1.0f;  // of the move, relative to the gradient over the curvature
constexpr unsigned kPart = 4;  // one in so many latents moves in a trial

/// A coding of the group, its cost in bits, and where its error falls fastest.
struct Candidate {
  CodedGroup coded;
  double cost;
  cv::Mat gradient;
};

}  // namespace

CodedGroup refine_group(LatentModel::Networks& networks, const LatentModel& model, const Header& header, int rate,
                        const cv::Mat& y, const cv::Mat& pixels, const cv::Rect& area, int trials) {
  const Gains gains = model.gains(rate);
  // lambda is per pixel and for samples in 0..255; the error below is summed over samples in 0..1.
  const float weight = model.lambda(rate) * 255 * 255 / 3;
  const cv::Mat target = to_tensor(pixels, {area.tl() * kLatentPixels, area.size() * kLatentPixels});
  const auto evaluate = [&](const cv::Mat& latents) {
    Candidate c{quantise_group(networks, model, rate, latents), 0, {}};
    const TensorMap out = networks.run("synthesis_gradient", TensorMap{{"x", c.coded.latents}, {"target", target}});
    const double error = cv::norm(out.at("error"), cv::NORM_L2SQR);
    c.cost = 8. * double(encode_group(model.tables(), c.coded.symbols, c.coded.indices).size()) + weight * error;
    c.gradient = out.at("gradient");
    return c;
  };

  const int halo = model.model().manifest().tile.halo / kLatentPixels;
  const int first_row = area.y ? halo : 0, first_column = area.x ? halo : 0;
  const int last_row = area.br().y < header.latent_rows() ? area.height - halo : area.height;
  const int last_column = area.br().x < header.latent_columns() ? area.width - halo : area.width;

  std::mt19937 random(1);
  cv::Mat best_y = y.clone();
  Candidate best = evaluate(best_y);
  for (int trial = 0; trial < trials; ++trial) {
    cv::Mat moved = best_y.clone();
    float* to = moved.ptr<float>();
    const float *latent = best.coded.latents.ptr<float>(), *gradient = best.gradient.ptr<float>();
    std::size_t i = 0;
    for (int c = 0; c < y.size[1]; ++c) {
      // From units of the synthesis to units before gain; curvature 2 / mu per squared step makes the gradient a
      // length.
      const float unit = gains.inverse[c] * gains.forward[c];
      const float length = kStep * weight * model.rounding() / 2 * gains.inverse[c] / gains.forward[c];
      for (int row = 0; row < area.height; ++row)
        for (int column = 0; column < area.width; ++column, ++i)
          if (random() % kPart == 0 && row >= first_row && row < last_row && column >= first_column &&
              column < last_column)
            to[i] = latent[i] / unit - length * gradient[i];
    }
    Candidate candidate = evaluate(moved);
    if (candidate.cost >= best.cost) continue;
    best = std::move(candidate);
    best_y = moved;
  }
  return best.coded;
}

}  // namespace calotype::latent
