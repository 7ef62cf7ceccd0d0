// SPDX-License-Identifier: Apache-2.0
#include "jpeg_traces.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

Bytes jpeg(const cv::Mat& pixels, int quality) {
  return encode(image_of(pixels), "jpg", {{"quality", std::to_string(quality)}});
}

const cv::Rect kPart(0, 0, 384, 256);

}  // namespace

BOOST_AUTO_TEST_SUITE(deblock)

BOOST_AUTO_TEST_CASE(the_file_tells_its_quality) {
  for (const int quality : {1, 10, 50, 75, 92, 100})
    BOOST_TEST(decode(jpeg(sample(), quality)).jpeg_quality == quality);
  BOOST_TEST(decode(encode(image_of(sample()), "png")).jpeg_quality == 0);
}

BOOST_AUTO_TEST_CASE(samples_tell_the_quality) {
  for (const char* name : {"landscape", "fern"})
    for (const int quality : {10, 20, 40, 75}) BOOST_TEST_CONTEXT(name << " " << quality) {
        const cv::Mat decoded = decode(jpeg(sample(name, kPart), quality)).pixels;
        BOOST_CHECK_SMALL(restore::jpeg_traces(decoded) - quality, 4);
        BOOST_CHECK_SMALL(restore::jpeg_traces(decoded(cv::Rect(5, 3, 300, 200))) - quality, 4);
      }
}

BOOST_AUTO_TEST_CASE(other_pictures_have_no_traces) {
  for (const char* name : {"landscape", "fern", "studio", "balloon"})
    BOOST_TEST(restore::jpeg_traces(read_image(std::string(SAMPLES "/") + name + ".png").pixels) == 0, name);
  const cv::Mat clean = sample();
  BOOST_TEST(same(run("deblock", image_of(clean)).pixels, clean));
  BOOST_TEST(restore::jpeg_traces(cv::Mat(8, 8, CV_8UC3)) == 0);
}

BOOST_AUTO_TEST_CASE(nothing_is_done_to_good_pictures) {
  const Image good = decode(jpeg(sample(), 97));
  BOOST_TEST(same(run("deblock", good).pixels, good.pixels));
}

BOOST_AUTO_TEST_CASE(blocks_go) {
  const cv::Mat clean = sample("landscape", kPart);
  for (const int quality : {10, 40}) {
    Image damaged = decode(jpeg(clean, quality));
    const double before = cv::PSNR(damaged.pixels, clean);
    const Image result = run("deblock", damaged);
    BOOST_TEST(cv::PSNR(result.pixels, clean) > before + 0.5, "quality " << quality);
    BOOST_TEST(result.jpeg_quality == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
