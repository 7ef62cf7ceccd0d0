// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "program.hpp"

namespace calotype::network {
namespace {

/// Where result `i` lies among the elements of the source.
double coordinate(const Resize& r, double scale, int i, int in, int out) {
  using C = Resize::Coordinates;
  switch (r.coordinates) {
    case C::half_pixel:
      return (i + 0.5) / scale - 0.5;
    case C::half_pixel_symmetric: {
      const double adjustment = out / (scale * in), centre = in / 2.;
      return centre * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case C::pytorch_half_pixel:
      return out > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case C::align_corners:
      return out > 1 ? double(i) * (in - 1) / (out - 1) : 0;
    case C::asymmetric:
      return i / scale;
    case C::tf_half_pixel:
      break;
  }
  return (i + 0.5) / scale;
}

int rounded(Resize::Rounding rounding, double x) {
  using R = Resize::Rounding;
  switch (rounding) {
    case R::prefer_floor:
      return int(std::ceil(x - 0.5));
    case R::prefer_ceil:
      return int(std::floor(x + 0.5));
    case R::floor:
      return int(std::floor(x));
    case R::ceil:
      break;
  }
  return int(std::ceil(x));
}

}  // namespace

std::vector<Sample> samples(const Resize& resize, std::size_t axis, int in, int out) {
  const double scale = resize.size[axis] ? double(out) / in : double(resize.scale[axis]);
  std::vector<Sample> all;
  all.reserve(std::size_t(out));
  const auto inside = [in](int i) { return std::clamp(i, 0, in - 1); };
  for (int i = 0; i < out; ++i) {
    const double x = coordinate(resize, scale, i, in, out);
    if (!resize.linear) {
      const int nearest = inside(rounded(resize.rounding, x));
      all.push_back({nearest, nearest, 0});
      continue;
    }
    const double within = std::clamp(x, 0., in - 1.);
    const int low = int(within);
    all.push_back({low, inside(low + 1), float(within - low)});
  }
  return all;
}

int padded_from(Step::Border border, int at, int side) {
  if (at >= 0 && at < side) return at;
  if (border == Step::Border::constant) return -1;
  if (border == Step::Border::edge || side == 1) return std::clamp(at, 0, side - 1);
  const int period = 2 * (side - 1), within = ((at % period) + period) % period;
  return within < side ? within : period - within;
}

}  // namespace calotype::network
