// SPDX-License-Identifier: Apache-2.0
#include "tiff_support.hpp"

using namespace calotype;

TiffPage page_of(const cv::Mat& samples, int photometric) {
  TiffPage page;
  page.samples = samples;
  page.photometric = std::uint16_t(photometric);
  return page;
}

cv::Mat taken(const cv::Mat& samples, const std::vector<int>& channels) {
  cv::Mat result(samples.size(), CV_MAKETYPE(samples.depth(), int(channels.size())));
  std::vector<int> pairs;
  for (std::size_t i = 0; i < channels.size(); ++i) pairs.insert(pairs.end(), {channels[i], int(i)});
  cv::mixChannels(std::vector<cv::Mat>{samples}, std::vector<cv::Mat>{result}, pairs);
  return result;
}

bool equal(const cv::Mat& a, const cv::Mat& b) {
  return a.type() == b.type() && a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

Image decoded(const Bytes& bytes, const RawParams& params) {
  ImageInfo info;
  Image image = decode(bytes, "", params, {}, "memory", &info);
  BOOST_TEST(info.channels == image.pixels.channels());
  BOOST_TEST(info.bit_depth == int(8 * image.pixels.elemSize1()));
  BOOST_TEST(info.width == image.pixels.cols);
  BOOST_TEST(info.height == image.pixels.rows);
  return image;
}

void check_page(const TiffPage& page, const cv::Mat& expected, const std::string& mode) {
  BOOST_TEST(equal(decoded(tiff_of({page}, mode)).pixels, expected));
}
