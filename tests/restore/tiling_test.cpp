// SPDX-License-Identifier: Apache-2.0
#include "restorer.hpp"
#include "support.hpp"

using namespace calotype;

BOOST_AUTO_TEST_SUITE(tiling)

BOOST_AUTO_TEST_CASE(tiles_do_not_show) {
  const cv::Mat damaged = noisy(sample("landscape", {0, 0, 760, 500}), 25);
  for (const char* precision : {"fp32", "auto"}) {
    restore::Restorer restorer;
    EngineChoice choice;
    choice.precision = precision;
    restorer.open("denoise-fast", choice);
    const cv::Mat condition(1, 1, CV_32F, cv::Scalar(25 / 255.));
    const cv::Mat whole = restorer.run(damaged, condition, 1, restorer.manifest().tile);
    TilePlan small = restorer.manifest().tile;
    small.size = 128;
    const cv::Mat tiled = restorer.run(damaged, condition, 1, small);
    BOOST_TEST(cv::norm(whole, tiled, cv::NORM_INF) <= 1, precision);
  }
}

BOOST_AUTO_TEST_CASE(tiles_fit_the_memory_asked_for) {
  const Manifest manifest = Model::open("denoise-fast").manifest();
  const cv::Mat pixels(1000, 1000, CV_8UC3);
  const int small = tile_plan(manifest, pixels, 4000).size,
            large = tile_plan(manifest, pixels, 8000).size;
  BOOST_TEST(tile_plan(manifest, pixels, 0).size == manifest.tile.size);
  BOOST_TEST(small < large);
  BOOST_TEST(small % manifest.tile.multiple == 0);
  BOOST_CHECK_EXCEPTION(tile_plan(manifest, pixels, 10), Error,
                        [](const Error& e) { return e.code() == ErrorCode::limit && !e.hint().empty(); });
  Manifest silent = manifest;
  silent.tile_memory = 0;
  BOOST_CHECK_EXCEPTION(tile_plan(silent, pixels, 4000), Error,
                        [](const Error& e) { return e.code() == ErrorCode::unsupported; });
}

BOOST_AUTO_TEST_SUITE_END()
