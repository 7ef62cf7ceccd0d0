// SPDX-License-Identifier: Apache-2.0
#include "calotype/tiling.hpp"

#include <opencv2/core.hpp>

#include "support.hpp"

using namespace calotype;

namespace {

cv::Mat tensor(int channels, int height, int width) {
  const int sizes[] = {1, channels, height, width};
  return cv::Mat(4, sizes, CV_32F, cv::Scalar(0));
}

cv::Mat noise(int channels, int height, int width) {
  cv::Mat t = tensor(channels, height, width);
  cv::RNG rng(3);
  rng.fill(t, cv::RNG::UNIFORM, -1, 1);
  return t;
}

float& at(const cv::Mat& t, int c, int y, int x) {
  const int index[] = {0, c, y, x};
  return const_cast<cv::Mat&>(t).at<float>(index);
}

/// A zero-padded 5x5 box filter, then shrunk or grown: what a convolutional network does, in plain code.
class BoxNetwork : public Session {
 public:
  BoxNetwork(int shrink, int grow) : shrink_(shrink), grow_(grow) {}
  int runs = 0;
  int largest_side = 0;

  void run(const TensorMap& in, TensorMap& out) override {
    const cv::Mat& x = in.at("x");
    ++runs;
    const int channels = x.size[1], height = x.size[2], width = x.size[3];
    largest_side = std::max({largest_side, height, width});
    const cv::Mat y = tensor(channels, height / shrink_ * grow_, width / shrink_ * grow_);
    for (int c = 0; c < channels; ++c)
      for (int row = 0; row < y.size[2]; ++row)
        for (int column = 0; column < y.size[3]; ++column)
          at(y, c, row, column) = box(x, c, row / grow_ * shrink_, column / grow_ * shrink_) + float(row % grow_);
    out["anything"] = y;
  }

 private:
  static float box(const cv::Mat& x, int c, int row, int column) {
    float sum = 0;
    for (int dy = -2; dy <= 2; ++dy)
      for (int dx = -2; dx <= 2; ++dx) {
        const int r = row + dy, k = column + dx;
        if (r >= 0 && k >= 0 && r < x.size[2] && k < x.size[3]) sum += at(x, c, r, k);
      }
    return sum;
  }

  int shrink_, grow_;
};

cv::Mat channels_last(const cv::Mat& t) {
  cv::Mat turned(std::vector<int>{t.size[2], t.size[3], t.size[1]}, CV_32F);
  for (int y = 0; y < t.size[2]; ++y)
    for (int x = 0; x < t.size[3]; ++x)
      for (int c = 0; c < t.size[1]; ++c) turned.ptr<float>(y, x)[c] = at(t, c, y, x);
  return turned;
}

/// Gives its results as they are asked for.
class TurningNetwork : public BoxNetwork {
 public:
  using BoxNetwork::BoxNetwork;
  void run(const TensorMap& in, TensorMap& out) override {
    TensorMap planar;
    BoxNetwork::run(in, planar);
    cv::Mat& y = out["y"];
    y = y.dims == 3 ? channels_last(planar["anything"]) : planar["anything"];
  }
};

/// Makes what it is told to of each tile.
class ScriptedNetwork : public Session {
 public:
  explicit ScriptedNetwork(std::vector<cv::Mat> results) : results_(std::move(results)) {}
  void run(const TensorMap&, TensorMap& out) override { out["y"] = results_.at(next_++); }

 private:
  std::vector<cv::Mat> results_;
  std::size_t next_ = 0;
};

void check_equals_whole(int shrink, int grow, const TilePlan& plan, int height, int width) {
  const cv::Mat input = noise(2, height, width);
  BoxNetwork whole(shrink, grow), pieces(shrink, grow);
  TensorMap expected;
  whole.run({{"x", input}}, expected);
  const cv::Mat got = run_tiled(pieces, input, plan, double(grow) / shrink);
  BOOST_TEST(pieces.runs > 1);
  BOOST_TEST(pieces.largest_side <= plan.size + 2 * plan.halo);
  BOOST_TEST(cv::norm(expected["anything"], got, cv::NORM_INF) == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tiling)

BOOST_AUTO_TEST_CASE(tiles_equal_the_whole) {
  check_equals_whole(1, 1, {16, 2, 1}, 35, 50);
  check_equals_whole(1, 1, {16, 4, 2}, 16, 64);
  check_equals_whole(16, 1, {32, 16, 16}, 80, 112);
  check_equals_whole(1, 16, {4, 2, 1}, 9, 11);
}

BOOST_AUTO_TEST_CASE(windows_of_one_size_equal_the_whole) {
  TilePlan plan;
  plan.halo = 2;
  plan.window = {16, 12};
  for (const cv::Size size : {cv::Size(16, 12), cv::Size(17, 50), cv::Size(50, 35)})
    for (const int grow : {1, 2}) {
      const cv::Mat input = noise(2, size.height, size.width);
      BoxNetwork whole(1, grow), pieces(1, grow);
      TensorMap expected;
      whole.run({{"x", input}}, expected);
      const cv::Mat got = run_tiled(pieces, input, plan, grow);
      BOOST_TEST(pieces.largest_side == 16);
      BOOST_TEST(cv::norm(expected["anything"], got, cv::NORM_INF) == 0);
    }
  BoxNetwork network(1, 1);
  BOOST_CHECK_THROW(run_tiled(network, noise(2, 11, 30), plan, 1), Error);
  plan.halo = 6;  // nothing is left
  BOOST_CHECK_THROW(run_tiled(network, noise(2, 30, 30), plan, 1), Error);
}

BOOST_AUTO_TEST_CASE(tensors_with_channels_last_equal_others) {
  const cv::Mat input = noise(2, 35, 50);
  TensorMap expected;
  BoxNetwork(1, 1).run({{"x", input}}, expected);
  const cv::Mat whole = channels_last(expected["anything"]);
  TurningNetwork network(1, 1);
  int cores = 0;
  run_tiled(
      network, {50, 35}, {16, 2, 1}, 1,
      [&](const cv::Rect& from) {
        return input({cv::Range::all(), cv::Range::all(), {from.y, from.br().y}, {from.x, from.br().x}}).clone();
      },
      [&](const cv::Mat& core, const cv::Rect& where) {
        BOOST_TEST(core.isContinuous());
        const std::vector<cv::Range> part = {{where.y, where.br().y}, {where.x, where.br().x}, cv::Range::all()};
        BOOST_TEST(cv::norm(core, whole(part), cv::NORM_INF) == 0);
        ++cores;
      },
      {}, CV_32F);
  BOOST_TEST(cores == 12);
}

BOOST_AUTO_TEST_CASE(too_small_a_halo_would_show) {
  const cv::Mat input = noise(1, 35, 50);
  BoxNetwork network(1, 1);
  TensorMap expected;
  network.run({{"x", input}}, expected);
  BOOST_TEST(cv::norm(expected["anything"], run_tiled(network, input, {16, 1, 1}), cv::NORM_INF) > 0);
}

BOOST_AUTO_TEST_CASE(small_tensors_run_once) {
  BoxNetwork network(1, 1);
  run_tiled(network, noise(1, 16, 16), {16, 2, 1});
  BOOST_TEST(network.runs == 1);
}

BOOST_AUTO_TEST_CASE(cores_arrive_in_raster_order_as_far_as_wanted) {
  const cv::Rect cores[] = {{0, 0, 32, 32}, {32, 0, 28, 32}, {0, 32, 32, 8}, {32, 32, 28, 8}};
  const auto delivered = [](const cv::Rect& region) {
    BoxNetwork network(1, 2);
    std::vector<cv::Rect> out;
    run_tiled(
        network, {30, 20}, {16, 2, 1}, 2,
        [](const cv::Rect& from) {
          BOOST_TEST(((from & cv::Rect(0, 0, 30, 20)) == from));
          return noise(1, from.height, from.width);
        },
        [&](const cv::Mat& core, const cv::Rect& where) {
          BOOST_TEST(core.size[2] == where.height);
          BOOST_TEST(core.size[3] == where.width);
          BOOST_TEST(core.isContinuous());
          out.push_back(where);
        },
        region);
    return out;
  };
  BOOST_TEST((delivered({}) == std::vector<cv::Rect>(std::begin(cores), std::end(cores))));
  BOOST_TEST((delivered({31, 31, 1, 2}) == std::vector<cv::Rect>{cores[0], cores[2]}));
}

BOOST_AUTO_TEST_CASE(misuse_is_refused) {
  BoxNetwork network(1, 1);
  BOOST_CHECK_THROW(run_tiled(network, noise(1, 35, 50), {16, 3, 2}), Error);
  BOOST_CHECK_THROW(run_tiled(network, noise(1, 35, 50), {16, 2, 2}), Error);
  BOOST_CHECK_THROW(run_tiled(network, cv::Mat(4, 4, CV_32F), {16, 2, 1}), Error);
  // Tiles of other shapes than are due.
  const cv::Mat input = noise(1, 16, 32), wide = tensor(1, 16, 36);
  const std::vector<cv::Range> part = {cv::Range::all(), cv::Range::all(), cv::Range::all(), {0, 18}};
  const int two[] = {2, 1, 16, 18};
  for (const std::vector<cv::Mat>& results : {std::vector<cv::Mat>{tensor(1, 16, 18), tensor(2, 16, 18)},
                                              {tensor(3, 16, 18), tensor(1, 16, 18)},
                                              {cv::Mat(4, two, CV_32F), cv::Mat()},
                                              {wide(part), wide(part)},
                                              {cv::Mat(16, 18, CV_32F), cv::Mat()},
                                              {cv::Mat(16, 18, CV_8UC3), cv::Mat()}}) {
    ScriptedNetwork scripted(results);
    BOOST_TEST((error_of([&] { run_tiled(scripted, input, {16, 2, 1}); }).code() == ErrorCode::unsupported));
  }
  // The network keeps the size; who says it doubles is told so.
  check_contains(error_of([&] { run_tiled(network, noise(1, 35, 50), {16, 2, 1}, 2); }).what(), "36x36 was due");
}

BOOST_AUTO_TEST_SUITE_END()
