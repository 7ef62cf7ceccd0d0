// SPDX-License-Identifier: Apache-2.0
#include "calotype/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>
#include <vector>

#include "calotype/error.hpp"
#include "calotype/parallel.hpp"

namespace calotype {
namespace {

void require_comparable(const cv::Mat& a, const cv::Mat& b) {
  if (a.empty() || a.size() != b.size() || a.type() != b.type())
    throw Error(ErrorCode::usage, "only images of equal size, channels and depth can be compared",
                "convert one of them first");
}

double peak(const cv::Mat& image) { return image.depth() == CV_8U ? 255.0 : image.depth() == CV_16U ? 65535.0 : 1.0; }

int colour_channels(const cv::Mat& image) { return image.channels() < 3 ? 1 : 3; }

cv::Mat channel(const cv::Mat& image, int index) {
  cv::Mat plane;
  cv::extractChannel(image, plane, index);
  return plane;
}

// What follows does without opencv_imgproc: every program would have to load it at its start.

std::vector<double> gaussian_window(int taps) {
  constexpr double kSigma = 1.5;
  std::vector<double> window(std::size_t(taps), 0.);
  double sum = 0;
  for (int i = 0; i < taps; ++i) {
    const double x = (i - taps / 2) / kSigma;
    sum += window[std::size_t(i)] = std::exp(-0.5 * x * x);
  }
  for (double& weight : window) weight /= sum;
  return window;
}

/// Weighted means of all places where the window fits.
cv::Mat local_mean(const cv::Mat& m, const std::vector<double>& window) {
  const int beyond = int(window.size()) - 1, columns = m.cols - beyond;
  cv::Mat mean(m.rows - beyond, columns, CV_32F);
  constexpr int kStripRows = 32;  // stay in the caches
  const auto strip = [&](int begin, int end) {
    const cv::Range rows(begin, end);
    cv::Mat down = cv::Mat::zeros(rows.size(), m.cols, CV_32F), across = mean.rowRange(rows);
    for (int i = 0; i <= beyond; ++i)
      cv::scaleAdd(m.rowRange(rows.start + i, rows.end + i), window[std::size_t(i)], down, down);
    across.setTo(0);
    for (int i = 0; i <= beyond; ++i)
      cv::scaleAdd(down.colRange(i, i + columns), window[std::size_t(i)], across, across);
  };
  parallel_for(mean.rows, strip, (mean.rows + kStripRows - 1) / kStripRows);
  return mean;
}

/// The mean over all window positions of the luminance term times the contrast-structure term, and of the latter alone.
struct Similarity {
  double full, contrast;
};

Similarity similarity(const cv::Mat& a, const cv::Mat& b) {
  constexpr double kC1 = 0.01 * 255 * 0.01 * 255, kC2 = 0.03 * 255 * 0.03 * 255;
  const int side = std::min(a.rows, a.cols);
  const int taps = side >= 11 ? 11 : side - (side + 1) % 2;  // only images under 11 samples a side get a smaller window
  const std::vector<double> window = gaussian_window(taps);
  const cv::Mat mean_a = local_mean(a, window), mean_b = local_mean(b, window);
  const cv::Mat aa = mean_a.mul(mean_a), bb = mean_b.mul(mean_b), ab = mean_a.mul(mean_b);
  const cv::Mat variances = local_mean(a.mul(a), window) + local_mean(b.mul(b), window) - aa - bb;
  const cv::Mat covariance = local_mean(a.mul(b), window) - ab;
  const cv::Mat contrast = (2 * covariance + kC2) / (variances + kC2);
  const cv::Mat luminance = (2 * ab + kC1) / (aa + bb + kC1);
  return {cv::mean(luminance.mul(contrast))[0], cv::mean(contrast)[0]};
}

/// Means of 2 x 2 samples.
cv::Mat halved(const cv::Mat& m) {
  const int columns = m.cols & ~1, rows = m.rows & ~1;
  const cv::Mat rows_in_pairs = m(cv::Rect(0, 0, columns, rows)).clone().reshape(0, rows / 2);
  const cv::Mat sums = rows_in_pairs.colRange(0, columns) + rows_in_pairs.colRange(columns, 2 * columns);
  cv::Mat half;
  cv::transform(sums.reshape(2), half, cv::Matx12d(0.25, 0.25));
  return half;
}

double ms_ssim_plane(cv::Mat a, cv::Mat b) {
  constexpr double kWeights[] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
  int scales = 1;
  while (scales < 5 && std::min(a.rows, a.cols) >> scales >= 11) ++scales;
  double total_weight = 0;
  for (int i = 0; i < scales; ++i) total_weight += kWeights[i];

  double product = 1;
  for (int i = 0; i < scales; ++i) {
    const Similarity s = similarity(a, b);
    const bool last = i + 1 == scales;
    product *= std::pow(std::max(0.0, last ? s.full : s.contrast), kWeights[i] / total_weight);
    if (last) break;
    a = halved(a);
    b = halved(b);
  }
  return product;
}

}  // namespace

double psnr(const cv::Mat& a, const cv::Mat& b) {
  require_comparable(a, b);
  double squared_error = 0;
  for (int c = 0; c < colour_channels(a); ++c) squared_error += cv::norm(channel(a, c), channel(b, c), cv::NORM_L2SQR);
  const double mean = squared_error / (static_cast<double>(a.total()) * colour_channels(a));
  if (mean == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(peak(a) * peak(a) / mean);
}

double ms_ssim(const cv::Mat& a, const cv::Mat& b) {
  require_comparable(a, b);
  double sum = 0;
  for (int c = 0; c < colour_channels(a); ++c) {
    cv::Mat plane_a, plane_b;
    channel(a, c).convertTo(plane_a, CV_32F, 255 / peak(a));
    channel(b, c).convertTo(plane_b, CV_32F, 255 / peak(b));
    sum += ms_ssim_plane(plane_a, plane_b);
  }
  return sum / colour_channels(a);
}

}  // namespace calotype
