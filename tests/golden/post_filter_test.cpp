// SPDX-License-Identifier: Apache-2.0
#include "post_filter.hpp"

#include <boost/test/unit_test.hpp>
#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>

#include "calotype/error.hpp"
#include "latent_model.hpp"

using namespace calotype;
using namespace calotype::latent;

namespace {

const SymbolTables& tables() {
  static const auto model = LatentModel::open("latent", {});
  return model->tables().symbols;
}

cv::Mat noise(int rows, int columns, double spread) {
  const int dims[] = {1, 3, rows, columns};
  cv::Mat rgb(4, dims, CV_32F);
  cv::RNG random(7);
  random.fill(rgb, cv::RNG::NORMAL, 0.5, spread);
  return rgb;
}

bool same(const PostFilter& a, const PostFilter& b) {
  for (int i = 0; i < PostFilter::kComponents; ++i) {
    const auto &x = a.components[i], &y = b.components[i];
    if (x.used != y.used || (x.used && (x.shift != y.shift || x.table != y.table || x.taps != y.taps))) return false;
  }
  return true;
}

PostFilter some_filter() {
  PostFilter filter;
  filter.components[0] = {true, 7, 9, {}};
  filter.components[2] = {true, 9, 40, {}};
  for (int i = 0; i < PostFilter::kTaps; ++i) {
    filter.components[0].taps[i] = std::int16_t(i % 5 - 2);
    filter.components[2].taps[i] = std::int16_t(i % 7 ? 0 : -PostFilter::kLargestTap);
  }
  return filter;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(post_filter)

BOOST_AUTO_TEST_CASE(any_taps_come_back) {
  for (const PostFilter& filter : {PostFilter(), some_filter()}) {
    SymbolWriter writer;
    write_post_filter(writer, tables(), filter);
    const Bytes stream = writer.finish();
    SymbolReader reader(stream.data(), stream.data() + stream.size());
    BOOST_CHECK(same(read_post_filter(reader, tables()), filter));
    BOOST_CHECK_NO_THROW(reader.finish());
  }
}

BOOST_AUTO_TEST_CASE(a_tap_out_of_range_is_refused) {
  PostFilter filter = some_filter();
  filter.components[0].taps[3] = PostFilter::kLargestTap + 1;
  SymbolWriter writer;
  write_post_filter(writer, tables(), filter);
  const Bytes stream = writer.finish();
  SymbolReader reader(stream.data(), stream.data() + stream.size());
  BOOST_CHECK_THROW(read_post_filter(reader, tables()), Error);
}

BOOST_AUTO_TEST_CASE(a_known_filter_is_found) {
  const cv::Mat decoded = noise(90, 70, 0.1);
  PostFilter known = some_filter();
  for (std::int16_t& tap : known.components[2].taps) tap /= 16;
  cv::Mat original = decoded.clone();
  apply_post_filter(known, original);
  const int threads = cv::getNumThreads();
  PostFilter found[2];
  for (const int n : {1, 2}) {
    cv::setNumThreads(n);
    found[n - 1] = fit_post_filter(decoded, original, 1e6, tables(), false);
  }
  cv::setNumThreads(threads);
  BOOST_CHECK(same(found[0], found[1]));
  BOOST_CHECK(!found[0].components[1].used);
  cv::Mat filtered = decoded.clone();
  apply_post_filter(found[0], filtered);
  BOOST_CHECK_GT(cv::norm(decoded, original, cv::NORM_INF), 0.01);
  BOOST_CHECK_LT(cv::norm(filtered, original, cv::NORM_INF), 0.001);
}

BOOST_AUTO_TEST_CASE(what_does_not_pay_is_not_sent) {
  const cv::Mat decoded = noise(64, 64, 0.1);
  BOOST_CHECK(fit_post_filter(decoded, decoded, 1e6, tables(), false).empty());
  PostFilter known = some_filter();
  cv::Mat changed = decoded.clone();
  apply_post_filter(known, changed);
  BOOST_CHECK(fit_post_filter(decoded, changed, 1e-6, tables(), false).empty());
  const PostFilter grey = fit_post_filter(decoded, changed, 1e6, tables(), true);
  BOOST_CHECK(grey.components[0].used && !grey.components[1].used && !grey.components[2].used);
}

BOOST_AUTO_TEST_CASE(flat_pictures_stay_as_they_are) {
  const int dims[] = {1, 3, 5, 2};
  const cv::Mat flat(4, dims, CV_32F, cv::Scalar(0.25));
  BOOST_CHECK(fit_post_filter(flat, flat * 1.1, 1e6, tables(), false).empty());
  cv::Mat filtered = flat.clone();
  apply_post_filter(some_filter(), filtered);
  BOOST_CHECK_LT(cv::norm(filtered, flat, cv::NORM_INF), 1e-5);
}

BOOST_AUTO_TEST_SUITE_END()
