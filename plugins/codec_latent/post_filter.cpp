// SPDX-License-Identifier: Apache-2.0
#include "post_filter.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <tuple>
#include <vector>

#include "calotype/error.hpp"
#include "for_all.hpp"
#include "latent_model.hpp"

namespace calotype::latent {
namespace {

constexpr int kSide = PostFilter::kSide, kRadius = kSide / 2, kTaps = PostFilter::kTaps;
constexpr int kTableBits = 6;
static_assert(kTables == 1 << kTableBits);
constexpr int kFitRows = 32;   // rows of pixels whose moments are added up by one thread
constexpr int kFitRounds = 3;  // of rounding taps one after another

/// Rows: components; columns: red, green, blue. Orthonormal.
constexpr double kMix[PostFilter::kComponents][3] = {{0.57735026918962573, 0.57735026918962573, 0.57735026918962573},
                                                     {0.70710678118654757, 0, -0.70710678118654757},
                                                     {-0.40824829046386302, 0.81649658092772603, -0.40824829046386302}};

cv::Mat plane(const cv::Mat& rgb, int colour) {
  return cv::Mat(rgb.size[2], rgb.size[3], CV_32F, const_cast<float*>(rgb.ptr<float>(0, colour)));
}

cv::Mat component(const cv::Mat& rgb, int which) {
  cv::Mat sum = plane(rgb, 0) * kMix[which][0];
  for (int colour : {1, 2}) cv::scaleAdd(plane(rgb, colour), kMix[which][colour], sum, sum);
  return sum;
}

int largest_shift() { return PostFilter::kLeastShift + (1 << PostFilter::kShiftBits) - 1; }

/// The table that codes the taps in the fewest bits, and how many these are.
std::pair<int, double> best_table(const SymbolTables& tables, const PostFilter::Taps& taps) {
  std::pair<int, double> best{0, HUGE_VAL};
  for (int table = 0; table < kTables; ++table) {
    double bits = 0;
    for (const int tap : taps) bits += tables.bits(table, tap);
    if (bits < best.second) best = {table, bits};
  }
  return best;
}

cv::Mat padded(const cv::Mat& decoded) {
  cv::Mat result;
  cv::copyMakeBorder(decoded, result, kRadius, kRadius, kRadius, kRadius, cv::BORDER_REPLICATE);
  return result;
}

/// Calls f(x, seen) for the pixels of a row: what a tap sees, the sum of two pixels less twice the centre.
template <class F>
void for_each_seen(const cv::Mat& padded, int row, int tap, F f) {
  const int down = tap / kSide, right = tap % kSide, columns = padded.cols - 2 * kRadius;
  const float *before = padded.ptr<float>(row + down) + right, *centre = padded.ptr<float>(row + kRadius) + kRadius,
              *after = padded.ptr<float>(row + kSide - 1 - down) + kSide - 1 - right;
  for (int x = 0; x < columns; ++x) f(x, before[x] + after[x] - 2 * centre[x]);
}

/// Products of what taps see, and of that with the error that they
/// shall take away (last row and column), summed over the plane.
cv::Matx<double, kTaps + 1, kTaps + 1> moments(const cv::Mat& decoded, const cv::Mat& error) {
  using Moments = cv::Matx<double, kTaps + 1, kTaps + 1>;
  const cv::Mat all = padded(decoded);
  std::vector<Moments> parts(std::size_t((decoded.rows + kFitRows - 1) / kFitRows), Moments::zeros());
  parallel_for(int(parts.size()), [&](int begin, int end) {
    cv::Mat seen(kTaps + 1, decoded.cols, CV_32F);
    for (int part = begin; part < end; ++part)
      for (int y = part * kFitRows; y < std::min(decoded.rows, (part + 1) * kFitRows); ++y) {
        for (int tap = 0; tap < kTaps; ++tap)
          for_each_seen(all, y, tap, [to = seen.ptr<float>(tap)](int x, float value) { to[x] = value; });
        error.row(y).copyTo(seen.row(kTaps));
        for (int i = 0; i <= kTaps; ++i)
          for (int j = 0; j <= i; ++j) parts[std::size_t(part)](i, j) += seen.row(i).dot(seen.row(j));
      }
  });
  Moments sum = Moments::zeros();
  for (const Moments& part : parts) sum += part;
  for (int i = 0; i <= kTaps; ++i)
    for (int j = 0; j < i; ++j) sum(j, i) = sum(i, j);
  return sum;
}

/// Taps near the least squares, each rounded to where the cost is least given the others.
PostFilter::Component quantise(const cv::Matx<double, kTaps + 1, kTaps + 1>& moments, double weight,
                               const SymbolTables& tables) {
  const cv::Matx<double, kTaps, kTaps> products = moments.get_minor<kTaps, kTaps>(0, 0);
  const cv::Matx<double, kTaps, 1> wanted = moments.get_minor<kTaps, 1>(0, kTaps);
  cv::Matx<double, kTaps, 1> exact;
  const cv::Matx<double, kTaps, kTaps> ridge =
      products + cv::Matx<double, kTaps, kTaps>::eye() * (1e-9 * cv::trace(products) + 1e-12);
  cv::solve(ridge, wanted, exact, cv::DECOMP_CHOLESKY);

  PostFilter::Component best;
  double least = 0;  // the cost without a filter
  for (int shift = PostFilter::kLeastShift; shift <= largest_shift(); ++shift) {
    const double unit = std::ldexp(1., -shift);
    PostFilter::Component c{true, shift, 0, {}};
    for (int i = 0; i < kTaps; ++i)
      c.taps[i] = std::int16_t(std::clamp(std::nearbyint(exact(i) / unit), -double(PostFilter::kLargestTap),
                                          double(PostFilter::kLargestTap)));
    // The error changes by u' products u - 2 u' wanted.
    const auto slope = [&](int i) {
      double sum = -2 * wanted(i);
      for (int j = 0; j < kTaps; ++j) sum += 2 * products(i, j) * c.taps[j] * unit;
      return sum;
    };
    double bits = 0;
    std::tie(c.table, bits) = best_table(tables, c.taps);
    for (int round = 0; round < kFitRounds; ++round) {
      for (int i = 0; i < kTaps; ++i) {
        const double now = tables.bits(c.table, c.taps[i]), along = slope(i);
        double gain = 0;
        int move = 0;
        for (const int step : {-1, 1, -c.taps[i]}) {
          if (std::abs(c.taps[i] + step) > PostFilter::kLargestTap) continue;
          const double d = step * unit, cost = weight * (along * d + products(i, i) * d * d) +
                                               tables.bits(c.table, c.taps[i] + step) - now;
          if (cost < gain) std::tie(gain, move) = std::pair(cost, step);
        }
        c.taps[i] = std::int16_t(c.taps[i] + move);
      }
      std::tie(c.table, bits) = best_table(tables, c.taps);
    }
    double change = 0;
    for (int i = 0; i < kTaps; ++i) change += c.taps[i] * unit * (slope(i) / 2 - wanted(i));
    const double cost = weight * change + bits + PostFilter::kShiftBits + kTableBits;
    if (cost < least) {
      least = cost;
      best = c;
    }
  }
  return best;
}

}  // namespace

bool PostFilter::empty() const {
  return std::none_of(components.begin(), components.end(), [](const Component& c) { return c.used; });
}

bool PostFilter::operator==(const PostFilter& other) const {
  return std::equal(components.begin(), components.end(), other.components.begin(),
                    [](const Component& a, const Component& b) {
                      return a.used == b.used && (!a.used || (a.shift == b.shift && a.taps == b.taps));
                    });
}

void write_post_filter(SymbolWriter& writer, const SymbolTables& tables, const PostFilter& filter) {
  for (const PostFilter::Component& c : filter.components) {
    writer.bits(c.used, 1);
    if (!c.used) continue;
    writer.bits(std::uint32_t(c.shift - PostFilter::kLeastShift), PostFilter::kShiftBits);
    writer.bits(std::uint32_t(c.table), kTableBits);
    for (const int tap : c.taps) writer.symbol(tables, c.table, tap);
  }
}

PostFilter read_post_filter(SymbolReader& reader, const SymbolTables& tables) {
  PostFilter filter;
  for (PostFilter::Component& c : filter.components) {
    c.used = reader.bits(1) != 0;
    if (!c.used) continue;
    c.shift = PostFilter::kLeastShift + int(reader.bits(PostFilter::kShiftBits));
    c.table = int(reader.bits(kTableBits));
    for (std::int16_t& tap : c.taps) {
      const int value = reader.symbol(tables, c.table);
      if (std::abs(value) > PostFilter::kLargestTap) throw Error(ErrorCode::corrupt, "a filter's tap is out of range");
      tap = std::int16_t(value);
    }
  }
  return filter;
}

PostFilter fit_post_filter(const cv::Mat& decoded, const cv::Mat& original, double weight, const SymbolTables& tables,
                           bool grey) {
  PostFilter filter;
  for (int i = 0; i < (grey ? 1 : PostFilter::kComponents); ++i) {
    const cv::Mat from = component(decoded, i);
    filter.components[i] = quantise(moments(from, component(original, i) - from), weight, tables);
  }
  return filter;
}

void apply_post_filter(const PostFilter& filter, cv::Mat& rgb) {
  std::array<cv::Mat, PostFilter::kComponents> changes;
  for (int i = 0; i < PostFilter::kComponents; ++i) {
    const PostFilter::Component& c = filter.components[i];
    if (!c.used) continue;
    const cv::Mat decoded = component(rgb, i), all = padded(decoded);
    changes[i] = cv::Mat::zeros(decoded.size(), CV_32F);
    for_all(decoded.rows, [&](int y) {
      for (int tap = 0; tap < kTaps; ++tap) {
        const float weight = std::ldexp(float(c.taps[std::size_t(tap)]), -c.shift);
        for_each_seen(all, y, tap,
                      [weight, to = changes[i].ptr<float>(y)](int x, float value) { to[x] += weight * value; });
      }
    });
  }
  for (int i = 0; i < PostFilter::kComponents; ++i)
    for (int colour = 0; colour < 3 && !changes[i].empty(); ++colour) {
      cv::Mat to = plane(rgb, colour);
      cv::scaleAdd(changes[i], kMix[i][colour], to, to);
    }
}

}  // namespace calotype::latent
