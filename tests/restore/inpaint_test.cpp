// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <opencv2/imgproc.hpp>

#include "fill.hpp"
#include "holes.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

cv::Mat scratched(const cv::Size& size) {
  cv::Mat mask = cv::Mat::zeros(size, CV_8U);
  cv::line(mask, {10, 20}, {size.width - 30, size.height - 10}, 255, 3);
  cv::circle(mask, {size.width / 3, size.height / 2}, 6, 255, -1);
  cv::line(mask, {0, size.height - 1}, {size.width - 1, size.height - 1}, 255, 2);  // at the border
  return mask;
}

Image damaged(const cv::Mat& clean) {
  Image image = image_of(clean.clone());
  image.mask = scratched(clean.size());
  image.pixels.setTo(cv::Scalar::all(0), image.mask);
  return image;
}

double psnr_inside(const cv::Mat& a, const cv::Mat& b, const cv::Mat& mask) {
  const double square = std::pow(cv::norm(a, b, cv::NORM_L2, mask), 2) / (3. * cv::countNonZero(mask));
  return 10 * std::log10(255. * 255 / square);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inpaint)

BOOST_AUTO_TEST_CASE(what_is_known_stays_to_the_bit) {
  for (const int depth : {CV_8U, CV_16U, CV_32F})
    for (const RawParams& raw : {RawParams{}, RawParams{{"method", "telea"}}, RawParams{{"method", "ns"}},
                                 RawParams{{"dilate", "3"}, {"feather", "2"}}}) {
      cv::Mat deep;
      sample().convertTo(deep, depth, depth == CV_8U ? 1 : depth == CV_16U ? 257 : 1 / 255.);
      const Image before = damaged(deep);
      const cv::Mat after = run("inpaint", before, raw).pixels;
      cv::Mat known = before.mask == 0;
      if (raw.count("dilate")) cv::erode(known, known, cv::Mat::ones(7, 7, CV_8U));
      BOOST_TEST(cv::norm(after, before.pixels, cv::NORM_INF, known) == 0);
      BOOST_TEST(cv::norm(after, before.pixels, cv::NORM_INF, before.mask) > 0);
    }
}

BOOST_AUTO_TEST_CASE(the_network_does_better_than_a_rough_fill) {
  const cv::Mat clean = sample();
  const Image before = damaged(clean);
  cv::Mat samples, rough;
  before.pixels.convertTo(samples, CV_32F);
  restore::fill(samples, before.mask).convertTo(rough, CV_8U);
  BOOST_TEST(psnr_inside(run("inpaint", before).pixels, clean, before.mask) >
             psnr_inside(rough, clean, before.mask) + 1);
}

BOOST_AUTO_TEST_CASE(a_fill_is_between_what_surrounds_it) {
  cv::Mat samples(37, 50, CV_32FC3, cv::Scalar(10, 20, 30));
  const cv::Mat mask = scratched(samples.size());
  BOOST_TEST(cv::norm(restore::fill(samples, mask), samples, cv::NORM_INF) < 1e-3);
}

BOOST_AUTO_TEST_CASE(transparent_places_are_holes_and_become_opaque) {
  cv::Mat clean;
  cv::cvtColor(sample(), clean, cv::COLOR_BGR2BGRA);
  Image image = image_of(clean.clone());
  const cv::Mat mask = scratched(clean.size());
  image.pixels.setTo(cv::Scalar::all(0), mask);
  const cv::Mat result = run("inpaint", image).pixels;
  cv::Mat alpha;
  cv::extractChannel(result, alpha, 3);
  BOOST_TEST(cv::countNonZero(alpha != 255) == 0);
  BOOST_TEST(cv::norm(result, clean, cv::NORM_INF, mask == 0) == 0);
}

BOOST_AUTO_TEST_CASE(masks_that_do_not_fit_are_refused) {
  Image image = damaged(sample());
  const auto refused = [&](const RawParams& raw, ErrorCode code) {
    BOOST_CHECK_EXCEPTION(run("inpaint", image, raw), Error, [&](const Error& e) { return e.code() == code; });
  };
  refused({{"mask", SAMPLES "/balloon.png"}}, ErrorCode::usage);
  image.mask = cv::Mat::zeros(5, 5, CV_8U);
  refused({}, ErrorCode::unsupported);
  image.mask.release();
  refused({}, ErrorCode::usage);
  image.mask = cv::Mat::zeros(image.pixels.size(), CV_8U);
  BOOST_TEST(same(run("inpaint", image).pixels, image.pixels));
}

BOOST_AUTO_TEST_CASE(a_mask_is_no_larger_than_its_picture_when_it_is_decoded) {
  const std::string path = (std::filesystem::temp_directory_path() / "calotype-mask.pgm").string();
  const auto mask_of_size = [&](const std::string& size) {
    const std::string header = "P5 " + size + " 255\n";
    write_file(path, {header.begin(), header.end()}, true);
    try {
      run("inpaint", image_of(sample()), {{"mask", path}});
    } catch (const Error& e) {
      return e;
    }
    return Error(ErrorCode::internal, "nothing was thrown");
  };
  const Error e = mask_of_size("16000 16000");
  BOOST_TEST((e.code() == ErrorCode::usage), e.full_text());
  BOOST_TEST(std::string(e.what()).find("the mask is 16000x16000 and the picture 256x192") != std::string::npos);
  // What has the right size is decoded: here there is nothing to decode.
  for (const char* size : {"256 192", "192 256"}) BOOST_TEST((mask_of_size(size).code() == ErrorCode::corrupt));
  std::filesystem::remove(path);
}

BOOST_AUTO_TEST_CASE(parts_hold_all_holes_and_do_not_overlap) {
  cv::Mat mask = cv::Mat::zeros(900, 1200, CV_8U), covered = cv::Mat::zeros(mask.size(), CV_8U);
  cv::RNG random(3);
  for (int i = 0; i < 12; ++i)
    cv::circle(mask, {random.uniform(0, 1200), random.uniform(0, 900)}, random.uniform(1, 20), 255, -1);
  for (const cv::Rect& part : restore::surroundings(mask)) {
    BOOST_TEST(cv::countNonZero(covered(part)) == 0);
    covered(part).setTo(255);
  }
  BOOST_TEST(cv::countNonZero(mask & ~covered) == 0);
}

BOOST_AUTO_TEST_CASE(the_depth_of_holes) {
  cv::Mat mask = cv::Mat::zeros(100, 100, CV_8U);
  BOOST_TEST(restore::hole_depth(mask) == 0);
  mask(cv::Rect(20, 30, 21, 21)).setTo(255);
  BOOST_TEST(restore::hole_depth(mask) == 11, boost::test_tools::tolerance(0.01));
  mask.setTo(255);
  BOOST_TEST(restore::hole_depth(mask) >= 100);
}

BOOST_AUTO_TEST_SUITE_END()
