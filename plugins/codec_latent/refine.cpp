// SPDX-License-Identifier: Apache-2.0
#include "refine.hpp"

#include <algorithm>
#include <opencv2/core.hpp>

namespace calotype::latent {
namespace {

// How far latents go towards their targets in a step: far at first, then less, for they all move at once.
constexpr float kFirstPull = 0.6f, kPullDecay = 0.6f, kLastPull = 0.1f;
constexpr float kReach = 1.15f;         // of a target, relative to where the error is least
constexpr double kLargestSurprise = 3;  // a measured curvature differs from the expected one by at most this factor

/// One position a row.
cv::Mat positions(const cv::Mat& tensor) { return tensor.reshape(1, tensor.size[0] * tensor.size[1]); }

/// A coding of the group, its cost in bits, the error of its pixels, and the slope of the squared error at its latents.
struct Candidate {
  CodedGroup coded;
  double cost;
  cv::Mat error, gradient;
};

/// The curvature of the error in bits per squared step, the same for all latents: expected at first, then measured over
/// all moves so far. A gradient divided by it is a distance.
class Curvature {
 public:
  explicit Curvature(double expected) : expected_(expected) {}
  double value() const {
    if (moved_ <= 0) return expected_;
    return std::clamp(bent_ / moved_, expected_ / kLargestSurprise, expected_ * kLargestSurprise);
  }
  /// `inverse`: synthesis units per step, by channel; `weight`: bits per squared error.
  void measure(const Candidate& from, const Candidate& to, const std::vector<float>& inverse, double weight) {
    const cv::Mat move = positions(to.coded.latents) - positions(from.coded.latents);
    cv::Mat squares;
    cv::reduce(move.mul(move), squares, 0, cv::REDUCE_SUM, CV_64F);
    for (std::size_t c = 0; c < inverse.size(); ++c)
      moved_ += squares.at<double>(int(c)) / (double(inverse[c]) * inverse[c]);
    bent_ += weight * move.dot(positions(to.gradient) - positions(from.gradient));
  }

 private:
  double expected_, moved_ = 0, bent_ = 0;
};

cv::Mat window(const cv::Mat& tensor, const cv::Rect& r) {
  return tensor({cv::Range::all(), cv::Range::all(), {r.y, r.br().y}, {r.x, r.br().x}});
}

}  // namespace

CodedGroup refine_group(LatentModel::Networks& networks, const LatentModel& model, const Header& header, int rate,
                        const cv::Mat& y, const cv::Mat& pixels, const cv::Rect& area, int steps) {
  const Gains gains = model.gains(rate);
  // lambda is per pixel and for samples in 0..255; the error below is summed over samples in 0..1.
  const float weight = model.lambda(rate) * 255 * 255 / 3;
  const cv::Mat target = to_tensor(pixels, {area.tl() * kLatentPixels, area.size() * kLatentPixels});
  const auto evaluate = [&](const cv::Mat& latents) {
    Candidate c{quantise_group(networks, model, rate, latents, true), 0, {}, {}};
    c.coded.symbols.table_shift = best_table_shift(model.tables(), c.coded.symbols, c.coded.indices);
    TensorMap out{{"gradient", channels_last()}};
    networks.session("synthesis_gradient").run({{"x", c.coded.latents}, {"target", target}}, out);
    c.error = out.at("error");
    c.gradient = out.at("gradient");
    c.cost = 8. * double(encode_group(model.tables(), c.coded.symbols, c.coded.indices).size()) +
             weight * cv::norm(c.error, cv::NORM_L2SQR);
    return c;
  };

  const int halo = model.model().manifest().tile.halo / kLatentPixels;
  const int first_row = area.y ? halo : 0, first_column = area.x ? halo : 0;
  const int last_row = area.br().y < header.latent_rows() ? area.height - halo : area.height;
  const int last_column = area.br().x < header.latent_columns() ? area.width - halo : area.width;

  Curvature curvature(2 / model.rounding());  // where the price of a bit that the model rounds by is right
  float pull = kFirstPull;
  std::vector<float> unit(gains.forward.size()), length(unit.size());
  cv::Mat moving = y.clone();
  Candidate now = evaluate(moving), best = now;
  for (int step = 0; step < steps; ++step) {
    for (std::size_t c = 0; c < length.size(); ++c) {
      // From units of the synthesis to units before gain.
      unit[c] = gains.inverse[c] * gains.forward[c];
      length[c] = kReach * weight / float(curvature.value()) * gains.inverse[c] / gains.forward[c];
    }
    for (int row = first_row; row < last_row; ++row)
      for (int column = first_column; column < last_column; ++column) {
        float* to = moving.ptr<float>(row, column);
        const float *latent = now.coded.latents.ptr<float>(row, column),
                    *gradient = now.gradient.ptr<float>(row, column);
        for (std::size_t c = 0; c < length.size(); ++c)
          to[c] += pull * (latent[c] / unit[c] - length[c] * gradient[c] - to[c]);
      }
    pull = std::max(pull * kPullDecay, kLastPull);
    Candidate next = evaluate(moving);
    curvature.measure(now, next, gains.inverse, weight);
    now = std::move(next);
    if (now.cost < best.cost) best = now;
  }
  // Pixels near a neighbouring group are not yet those that the decoder will make.
  const cv::Rect inner(cv::Point(first_column, first_row) * kLatentPixels,
                       cv::Size(last_column - first_column, last_row - first_row) * kLatentPixels);
  if (inner.width > 0 && inner.height > 0) {
    const cv::Mat decoded = cv::max(0., cv::min(1., target + best.error));
    best.coded.symbols.filter = fit_post_filter(window(decoded, inner).clone(), window(target, inner).clone(), weight,
                                                model.tables().symbols, header.grey);
  }
  return best.coded;
}

}  // namespace calotype::latent
