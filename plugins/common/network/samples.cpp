// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "program.hpp"

namespace calotype::network {
namespace {

/// Where result `i` lies among the elements of the source. In single precision, as ONNX Runtime has it: it decides
/// ties.
float coordinate(const Resize& r, float scale, int i, int in, int out) {
  using C = Resize::Coordinates;
  switch (r.coordinates) {
    case C::half_pixel:
      return (float(i) + 0.5f) / scale - 0.5f;
    case C::half_pixel_symmetric: {
      const float adjustment = float(out) / (scale * float(in)), centre = float(in) / 2;
      return centre * (1 - adjustment) + (float(i) + 0.5f) / scale - 0.5f;
    }
    case C::pytorch_half_pixel:
      return out > 1 ? (float(i) + 0.5f) / scale - 0.5f : 0;
    case C::align_corners:
      return out > 1 ? float(i) * float(in - 1) / float(out - 1) : 0;
    case C::asymmetric:
      return float(i) / scale;
    case C::tf_half_pixel:
      break;
  }
  return (float(i) + 0.5f) / scale;
}

int rounded(Resize::Rounding rounding, float x) {
  using R = Resize::Rounding;
  switch (rounding) {
    case R::prefer_floor:
      return int(std::ceil(x - 0.5f));
    case R::prefer_ceil:
      return int(std::floor(x + 0.5f));
    case R::floor:
      return int(std::floor(x));
    case R::ceil:
      break;
  }
  return int(std::ceil(x));
}

}  // namespace

std::vector<Sample> samples(const Resize& resize, std::size_t axis, int in, int out) {
  const float scale = resize.size[axis] ? float(out) / float(in) : resize.scale[axis];
  std::vector<Sample> all;
  all.reserve(std::size_t(out));
  const auto inside = [in](int i) { return std::clamp(i, 0, in - 1); };
  for (int i = 0; i < out; ++i) {
    const float x = coordinate(resize, scale, i, in, out);
    if (!resize.linear) {
      const int nearest = inside(rounded(resize.rounding, x));
      all.push_back({nearest, nearest, 0});
      continue;
    }
    const float within = std::clamp(x, 0.f, float(in - 1));
    const int low = int(within);
    all.push_back({low, inside(low + 1), within - float(low)});
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
