// SPDX-License-Identifier: Apache-2.0
#include "noise_level.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

#include "../common/samples.hpp"

namespace calotype::restore {
namespace {

constexpr int kMostPatches = 30000;

/// One patch in each row, its colours in units of 1/255 of white.
cv::Mat patches(const cv::Mat& pixels, int side) {
  const cv::Size places(pixels.cols - side + 1, pixels.rows - side + 1);
  const int step = std::max(1, static_cast<int>(std::ceil(std::sqrt(double(places.area()) / kMostPatches))));
  const int colours = pixels.channels() < 3 ? 1 : 3;
  const int count = ((places.width + step - 1) / step) * ((places.height + step - 1) / step);
  cv::Mat rows(count, side * side * colours, CV_32F), patch, opaque;
  int row = 0;
  for (int y = 0; y < places.height; y += step)
    for (int x = 0; x < places.width; x += step, ++row) {
      pixels(cv::Rect(x, y, side, side)).convertTo(patch, CV_32F, 255 / full_scale(pixels.depth()));
      if (patch.channels() > colours) {
        opaque.create(patch.size(), CV_32FC(colours));
        cv::mixChannels(patch, opaque, colours == 1 ? std::vector<int>{0, 0} : std::vector<int>{0, 0, 1, 1, 2, 2});
        patch = opaque;
      }
      patch.reshape(1, 1).copyTo(rows.row(row));
    }
  return rows;
}

/// Ascending eigenvalues; the largest are dropped until mean and median agree.
double noise_variance(const std::vector<float>& eigenvalues) {
  double sum = 0;
  for (const float value : eigenvalues) sum += value;
  for (std::size_t n = eigenvalues.size(); n > 0; sum -= eigenvalues[--n]) {
    const double mean = sum / static_cast<double>(n);
    const double median = n % 2 ? eigenvalues[n / 2] : (eigenvalues[n / 2 - 1] + eigenvalues[n / 2]) / 2;
    if (mean <= median * (1 + 1e-6)) return median;
  }
  return 0;
}

}  // namespace

double noise_level(const cv::Mat& pixels) {
  const int side = pixels.channels() < 3 ? 8 : 6;
  if (pixels.cols < 2 * side || pixels.rows < 2 * side) return 0;
  const cv::Mat rows = patches(pixels, side);
  cv::Mat mean, covariance, values;
  cv::calcCovarMatrix(rows, covariance, mean, cv::COVAR_NORMAL | cv::COVAR_ROWS | cv::COVAR_SCALE, CV_32F);
  cv::eigen(covariance, values);
  std::vector<float> ascending(values.begin<float>(), values.end<float>());
  std::sort(ascending.begin(), ascending.end());
  return std::sqrt(std::max(0., noise_variance(ascending)));
}

}  // namespace calotype::restore
