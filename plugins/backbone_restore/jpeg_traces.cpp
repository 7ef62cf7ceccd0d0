// SPDX-License-Identifier: Apache-2.0
#include "jpeg_traces.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "../common/samples.hpp"

namespace calotype::restore {
namespace {

constexpr int kBlock = 8;
constexpr int kMostBlocks = 4096;
constexpr int kLargest = 2048;  // of larger pictures the middle is looked at

/// Row, column and step (ITU-T T.81, table K.1) of the coefficients that are looked at.
struct Frequency {
  int v, u, step;
};
constexpr std::array<Frequency, 9> kFrequencies = {
    {{0, 1, 11}, {1, 0, 12}, {2, 0, 14}, {1, 1, 12}, {0, 2, 10}, {0, 3, 16}, {1, 2, 14}, {2, 1, 13}, {3, 0, 14}}};

using Coefficients = std::array<std::vector<float>, kFrequencies.size()>;

cv::Mat luminance(const cv::Mat& pixels) {
  const cv::Size size(std::min(pixels.cols, kLargest), std::min(pixels.rows, kLargest));
  const cv::Rect middle(cv::Point((pixels.cols - size.width) / 2, (pixels.rows - size.height) / 2), size);
  cv::Mat samples, grey;
  pixels(middle).convertTo(samples, CV_32F, 255 / full_scale(pixels.depth()));
  if (samples.channels() < 3)
    cv::extractChannel(samples, grey, 0);
  else
    cv::cvtColor(samples, grey, samples.channels() == 4 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGR2GRAY);
  return grey;
}

/// Where steps between columns are largest: the first column of a block, 0..7.
int grid_phase(const cv::Mat& grey) {
  const cv::Mat steps =
      cv::abs(grey.colRange(1, grey.cols) - grey.colRange(0, grey.cols - 1));  // column x: the step into x + 1
  cv::Mat sums;
  cv::reduce(cv::min(steps, 32), sums, 0, cv::REDUCE_SUM);
  std::array<double, kBlock> total{};
  std::array<int, kBlock> count{};
  for (int x = 0; x < sums.cols; ++x) {
    total[std::size_t((x + 1) % kBlock)] += sums.at<float>(x);
    ++count[std::size_t((x + 1) % kBlock)];
  }
  int best = 0;
  for (int phase = 1; phase < kBlock; ++phase)
    if (total[std::size_t(phase)] / count[std::size_t(phase)] > total[std::size_t(best)] / count[std::size_t(best)])
      best = phase;
  return best;
}

Coefficients coefficients(const cv::Mat& grey, const cv::Point& origin) {
  const cv::Size blocks((grey.cols - origin.x) / kBlock, (grey.rows - origin.y) / kBlock);
  const int step = std::max(1, static_cast<int>(std::ceil(std::sqrt(double(blocks.area()) / kMostBlocks))));
  Coefficients found;
  cv::Mat transformed;
  for (int y = 0; y < blocks.height; y += step)
    for (int x = 0; x < blocks.width; x += step) {
      cv::dct(grey(cv::Rect(origin.x + x * kBlock, origin.y + y * kBlock, kBlock, kBlock)).clone(), transformed);
      for (std::size_t f = 0; f < kFrequencies.size(); ++f)
        found[f].push_back(transformed.at<float>(kFrequencies[f].v, kFrequencies[f].u));
    }
  return found;
}

/// libjpeg's table entry at a quality.
int scaled_step(int step, int quality) {
  const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return std::clamp((step * percent + 50) / 100, 1, 255);
}

/// How well the coefficients keep to multiples of a quality's steps: 1 is exactly, about 0 not at all, or unknown.
double fit(const Coefficients& all, int quality) {
  double sum = 0;
  int count = 0;
  for (std::size_t f = 0; f < all.size(); ++f) {
    const float step = static_cast<float>(scaled_step(kFrequencies[f].step, quality));
    if (step < 2) continue;  // every whole sample fits
    for (const float value : all[f])
      if (std::abs(value) > step / 2) {
        sum += std::cos(2 * static_cast<float>(CV_PI) * value / step);
        ++count;
      }
  }
  return count < 64 ? 0 : sum / count;
}

}  // namespace

int jpeg_traces(const cv::Mat& pixels) {
  if (pixels.cols < 4 * kBlock || pixels.rows < 4 * kBlock) return 0;
  const cv::Mat grey = luminance(pixels);
  const Coefficients found = coefficients(grey, {grid_phase(grey), grid_phase(grey.t())});
  std::array<double, 101> fits{};
  for (int quality = 1; quality <= 100; ++quality) fits[std::size_t(quality)] = fit(found, quality);
  const double best = *std::max_element(fits.begin(), fits.end());
  if (best < 0.35) return 0;
  // Steps that divide the true ones fit as well: the coarsest good one is meant.
  return static_cast<int>(std::find_if(fits.begin(), fits.end(), [&](double v) { return v > 0.9 * best; }) -
                          fits.begin());
}

}  // namespace calotype::restore
