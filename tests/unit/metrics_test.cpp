// SPDX-License-Identifier: Apache-2.0
#include "calotype/metrics.hpp"

#include <cmath>
#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

cv::Mat noise(int rows, int cols, int type, std::uint64_t seed) {
  cv::RNG rng(seed);
  cv::Mat m(rows, cols, type);
  rng.fill(m, cv::RNG::UNIFORM, 0, 256);
  return m;
}

using Plane = std::vector<std::vector<double>>;

Plane plane_of(const cv::Mat& m) {
  Plane p(std::size_t(m.rows), std::vector<double>(std::size_t(m.cols)));
  for (int y = 0; y < m.rows; ++y)
    for (int x = 0; x < m.cols; ++x) p[std::size_t(y)][std::size_t(x)] = m.at<std::uint8_t>(y, x);
  return p;
}

/// The definition of Wang, Simoncelli and Bovik, term by term and slowly, in double precision.
double reference_ms_ssim(Plane a, Plane b) {
  const double weights[] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
  double window[11][11], total = 0;
  for (int i = 0; i < 11; ++i)
    for (int j = 0; j < 11; ++j) total += window[i][j] = std::exp(-((i - 5) * (i - 5) + (j - 5) * (j - 5)) / 4.5);
  double product = 1;
  for (int scale = 0; scale < 5; ++scale) {
    double luminance_contrast = 0, contrast = 0;
    std::size_t count = 0;
    for (std::size_t y = 0; y + 11 <= a.size(); ++y)
      for (std::size_t x = 0; x + 11 <= a[0].size(); ++x, ++count) {
        double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
        for (std::size_t i = 0; i < 11; ++i)
          for (std::size_t j = 0; j < 11; ++j) {
            const double w = window[i][j] / total, p = a[y + i][x + j], q = b[y + i][x + j];
            ma += w * p, mb += w * q, aa += w * p * p, bb += w * q * q, ab += w * p * q;
          }
        const double cs = (2 * (ab - ma * mb) + 58.5225) / (aa - ma * ma + bb - mb * mb + 58.5225);
        contrast += cs;
        luminance_contrast += cs * (2 * ma * mb + 6.5025) / (ma * ma + mb * mb + 6.5025);
      }
    product *= std::pow((scale == 4 ? luminance_contrast : contrast) / double(count), weights[scale]);
    for (Plane* p : {&a, &b}) {
      Plane half(p->size() / 2, std::vector<double>((*p)[0].size() / 2));
      for (std::size_t y = 0; y < half.size(); ++y)
        for (std::size_t x = 0; x < half[0].size(); ++x)
          half[y][x] =
              ((*p)[2 * y][2 * x] + (*p)[2 * y][2 * x + 1] + (*p)[2 * y + 1][2 * x] + (*p)[2 * y + 1][2 * x + 1]) / 4;
      *p = half;
    }
  }
  return product;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(psnr_of_a_known_difference) {
  const cv::Mat a(8, 9, CV_8UC3, cv::Scalar::all(100)), b(8, 9, CV_8UC3, cv::Scalar(110, 100, 100));
  BOOST_TEST(psnr(a, b) == 10 * std::log10(255.0 * 255.0 / (100.0 / 3)), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(std::isinf(psnr(a, a)));
  const cv::Mat c(4, 4, CV_16U, cv::Scalar(0)), d(4, 4, CV_16U, cv::Scalar(65535));
  BOOST_TEST(std::abs(psnr(c, d)) < 1e-9);
  const cv::Mat e(4, 4, CV_32F, cv::Scalar(0.5)), f(4, 4, CV_32F, cv::Scalar(0.6));
  BOOST_TEST(psnr(e, f) == 20.0, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(alpha_does_not_count) {
  const cv::Mat a(16, 16, CV_8UC4, cv::Scalar(1, 2, 3, 0)), b(16, 16, CV_8UC4, cv::Scalar(1, 2, 3, 255));
  BOOST_TEST(std::isinf(psnr(a, b)));
  BOOST_TEST(ms_ssim(a, b) == 1.0, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(different_kinds_are_not_compared) {
  const cv::Mat a(8, 8, CV_8U), b(8, 9, CV_8U), c(8, 8, CV_16U);
  BOOST_TEST((error_of([&] { psnr(a, b); }).code() == ErrorCode::usage));
  BOOST_TEST((error_of([&] { ms_ssim(a, c); }).code() == ErrorCode::usage));
  BOOST_CHECK_THROW(psnr({}, {}), Error);
}

BOOST_AUTO_TEST_CASE(ms_ssim_equals_its_definition) {
  cv::Mat a(181, 176, CV_8U);
  for (int y = 0; y < a.rows; ++y)
    for (int x = 0; x < a.cols; ++x)
      a.at<std::uint8_t>(y, x) = std::uint8_t(127 + 60 * std::sin(x * 0.11) + 60 * std::sin(y * 0.07 + x * 0.3));
  cv::Mat b;
  cv::addWeighted(a, 0.8, noise(a.rows, a.cols, CV_8U, 1), 0.2, 12, b);
  const double expected = reference_ms_ssim(plane_of(a), plane_of(b));
  BOOST_TEST(expected < 0.99);
  BOOST_TEST(ms_ssim(a, b) == expected, boost::test_tools::tolerance(1e-4));

  cv::Mat colour_a, colour_b;
  cv::merge(std::vector<cv::Mat>{a, a, a}, colour_a);
  cv::merge(std::vector<cv::Mat>{b, a, a}, colour_b);
  BOOST_TEST(ms_ssim(colour_a, colour_b) == (expected + 2) / 3, boost::test_tools::tolerance(1e-4));
}

BOOST_AUTO_TEST_CASE(ms_ssim_of_any_size) {
  for (const cv::Size size :
       {cv::Size(1, 1), cv::Size(2, 30), cv::Size(10, 11), cv::Size(64, 48), cv::Size(175, 300)}) {
    const cv::Mat a = noise(size.height, size.width, CV_8UC3, 2);
    cv::Mat b = 255 - a;
    BOOST_TEST(ms_ssim(a, a) == 1.0, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(ms_ssim(a, b) < 0.9);
  }
}

BOOST_AUTO_TEST_SUITE_END()
