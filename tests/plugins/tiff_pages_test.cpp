// SPDX-License-Identifier: Apache-2.0
// Which picture of a TIFF file is read. The files are made with libtiff.
#include <opencv2/core.hpp>

#include "tiff_support.hpp"

using namespace calotype;

BOOST_FIXTURE_TEST_SUITE(tiff_pages, Quiet)

BOOST_AUTO_TEST_CASE(pages) {
  std::vector<TiffPage> all;
  for (int i = 0; i < 5; ++i) all.push_back(page_of(flat(CV_8UC1, 10 * i)));
  all[0].more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE); };
  all[2].more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_MASK); };
  all[3].samples = pattern({40, 50}, CV_16UC1, 16);
  all[3].more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE); };
  const Bytes file = tiff_of(all, "8b");
  Image image = decoded(file);
  BOOST_TEST(equal(image.pixels, all[1].samples));
  BOOST_TEST(detail_of(image.lost, LossKind::frames) == "2 more pages are left out; -p page=2 takes another");
  BOOST_TEST(image.lost.has(LossKind::thumbnail));
  BOOST_TEST(image.lost.has(LossKind::alpha));
  image = decoded(file, {{"page", "2"}});
  BOOST_TEST(equal(image.pixels, all[3].samples));
  BOOST_TEST(!image.lost.has(LossKind::frames));
  BOOST_TEST(equal(decoded(file, {{"page", "1"}}).pixels, all[1].samples));
  BOOST_TEST(equal(decoded(file, {{"page", "3"}}).pixels, all[4].samples));
  BOOST_TEST(code_of([&] { decode(file, "", {{"page", "4"}}); }) == ErrorCode::usage);
  // A limit holds for the page that is read, which may be larger than the first.
  Rules rules;
  rules.max_pixels = kPage.area();
  decode(file, "", {}, rules);
  BOOST_TEST(code_of([&] { decode(file, "", {{"page", "2"}}, rules); }) == ErrorCode::limit);
  // The only one is the picture, whatever it says.
  BOOST_TEST(equal(decoded(tiff_of({all[0]})).pixels, all[0].samples));
}

BOOST_AUTO_TEST_CASE(orientation_is_applied_once) {
  TiffPage page = page_of(pattern({3, 2}, CV_8UC1, 8));
  page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_RIGHTTOP); };
  cv::Mat expected;
  cv::rotate(page.samples, expected, cv::ROTATE_90_CLOCKWISE);
  const Bytes file = tiff_of({page});
  const Image image = decoded(file);
  BOOST_TEST(equal(image.pixels, expected));
  BOOST_TEST(equal(decoded(encode(image, "tiff")).pixels, expected));
  BOOST_TEST(probe(file).width == 2);
}

BOOST_AUTO_TEST_CASE(all_odd_files_are_read) {
  for (const Bytes& file : odd_tiffs()) decoded(file);
}

BOOST_AUTO_TEST_SUITE_END()
