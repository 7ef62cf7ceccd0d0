// SPDX-License-Identifier: Apache-2.0
#include "elementwise.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "../common/clones.hpp"
#include "parallel.hpp"

namespace calotype::onednn {
namespace {

using network::PostOp;
using Kind = PostOp::Kind;

/// Calls `work(n, y)` for every row, on all threads.
template <class Work>
void for_each_row(const View& view, Work work) {
  parallel(view.images * view.rows, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) work(i / view.rows, i % view.rows);
  });
}

/// Sets marks where there is something other than zero.
CALOTYPE_CLONES void mark_numbers(const float* x, std::uint8_t* marks, int count) {
  for (int i = 0; i < count; ++i) marks[i] |= x[i] != 0;
}

CALOTYPE_CLONES void widen(const bf16* from, float* to, int count) {
  for (int i = 0; i < count; ++i) to[i] = widened(from[i]);
}

CALOTYPE_CLONES void leaky(float* x, int count, float slope) {
  for (int i = 0; i < count; ++i) x[i] = x[i] < 0 ? slope * x[i] : x[i];
}
CALOTYPE_CLONES void leaky_each(float* x, int count, const float* slope) {
  for (int i = 0; i < count; ++i) x[i] = x[i] < 0 ? slope[i] * x[i] : x[i];
}
CALOTYPE_CLONES void affine(float* x, int count, float a, float b) {
  for (int i = 0; i < count; ++i) x[i] = x[i] * a + b;
}
CALOTYPE_CLONES void affine_each(float* x, int count, const float* a, const float* b) {
  for (int i = 0; i < count; ++i) x[i] = x[i] * a[i] + b[i];
}
CALOTYPE_CLONES void magnitude(float* x, int count) {
  for (int i = 0; i < count; ++i) x[i] = std::fabs(x[i]);
}
CALOTYPE_CLONES void clamp(float* x, int count, float least, float most) {
  for (int i = 0; i < count; ++i) x[i] = x[i] < least ? least : x[i] > most ? most : x[i];
}
template <class Function>
void each(float* x, int count, Function function) {
  for (int i = 0; i < count; ++i) x[i] = function(x[i]);
}
/// Functions of one element that are no arithmetic.
void function(const PostOp& op, float* x, int count) {
  const float k = op.numbers.empty() ? 0.f : op.numbers[0];
  switch (op.kind) {
    case Kind::sigmoid:
      return each(x, count, [](float v) { return 1 / (1 + std::exp(-v)); });
    case Kind::tanh:
      return each(x, count, [](float v) { return std::tanh(v); });
    case Kind::erf:
      return each(x, count, [](float v) { return std::erf(v); });
    case Kind::exp:
      return each(x, count, [](float v) { return std::exp(v); });
    case Kind::log:
      return each(x, count, [](float v) { return std::log(v); });
    case Kind::sqrt:
      return each(x, count, [](float v) { return std::sqrt(v); });
    case Kind::reciprocal:
      return each(x, count, [](float v) { return 1 / v; });
    case Kind::softplus:
      return each(x, count, [](float v) { return v > 20 ? v : std::log1p(std::exp(v)); });
    case Kind::elu:
      return each(x, count, [k](float v) { return v < 0 ? k * std::expm1(v) : v; });
    default:
      return each(x, count, [k](float v) { return std::pow(v, k); });
  }
}
CALOTYPE_CLONES void combine(Kind kind, float* x, const float* other, int count) {
  switch (kind) {
    case Kind::add:
      for (int i = 0; i < count; ++i) x[i] += other[i];
      break;
    case Kind::subtract:
      for (int i = 0; i < count; ++i) x[i] -= other[i];
      break;
    case Kind::subtract_from:
      for (int i = 0; i < count; ++i) x[i] = other[i] - x[i];
      break;
    case Kind::multiply:
      for (int i = 0; i < count; ++i) x[i] *= other[i];
      break;
    case Kind::divide:
      for (int i = 0; i < count; ++i) x[i] /= other[i];
      break;
    default:
      for (int i = 0; i < count; ++i) x[i] = other[i] / x[i];
  }
}

/// `count` elements of a row from `from` on, as floats: in place, or widened into `space`.
float* floats(const View& view, char* from, int count, float* space) {
  if (view.is_float) return reinterpret_cast<float*>(from);
  widen(reinterpret_cast<const bf16*>(from), space, count);
  return space;
}

/// `x` holds whole pixels of `channels` each; `kept` what Kind::keep remembers of them.
void apply(const BoundPost& post, char* operand, float* x, int pixels, int channels, float* space, float* kept) {
  const std::vector<float>& k = post.op->numbers;
  const int count = pixels * channels;
  switch (post.op->kind) {
    case Kind::leaky_relu:
      if (k.size() == 1) return leaky(x, count, k[0]);
      for (int i = 0; i < pixels; ++i) leaky_each(x + i * channels, channels, k.data());
      return;
    case Kind::affine:
      return affine(x, count, k[0], k[1]);
    case Kind::per_channel:
      for (int i = 0; i < pixels; ++i) affine_each(x + i * channels, channels, k.data(), k.data() + channels);
      return;
    case Kind::abs:
      return magnitude(x, count);
    case Kind::clamp:
      return clamp(x, count, k[0], k[1]);
    case Kind::keep:
      std::copy_n(x, count, kept);
      return;
    case Kind::times_kept:
      return combine(Kind::multiply, x, kept, count);
    default:
      if (post.op->operand < 0) return function(*post.op, x, count);
  }
  if (post.operand.channels == 1 && channels > 1) {  // which repeats; its pixels go one by one
    float one;
    std::fill_n(space, count, *floats(post.operand, operand, 1, &one));
    return combine(post.op->kind, x, space, count);
  }
  combine(post.op->kind, x, floats(post.operand, operand, count, space), count);
}

/// Pixels that are worked on at once, so that intermediate results stay in the first cache.
int piece(int channels) { return std::max(1, 1024 / channels); }

bool dense(const View& view) { return view.pixel == view.channels * view.element(); }

/// Row y of image n, made of the one of `in` that begins at `from`.
void pointwise_row(const View& in, char* from, const std::vector<BoundPost>& post, const View& out, int n, int y) {
  const int channels = in.channels;
  // Channels may be followed by padding; then pixels go one by one.
  bool together = dense(in) && dense(out);
  for (const BoundPost& p : post)
    together = together && (!p.operand.data || (dense(p.operand) && p.operand.channels == channels));
  const int step = together ? piece(channels) : 1;
  std::vector<float> result(std::size_t(step) * channels), space(result.size()), kept;
  const auto keeps = [](const BoundPost& p) { return p.op->kind == Kind::keep; };
  if (std::any_of(post.begin(), post.end(), keeps)) kept.resize(result.size());
  for (int x = 0; x < out.columns; x += step) {
    const int pixels = std::min(step, out.columns - x), count = pixels * channels;
    const float* values = floats(in, from + x * in.pixel, count, result.data());
    if (values != result.data()) std::copy_n(values, count, result.data());
    for (const BoundPost& p : post)
      apply(p, p.operand.data ? p.operand.at(n, y, x) : nullptr, result.data(), pixels, channels, space.data(),
            kept.data());
    if (out.is_float)
      std::copy_n(result.data(), count, reinterpret_cast<float*>(out.at(n, y, x)));
    else
      narrow(result.data(), reinterpret_cast<bf16*>(out.at(n, y, x)), count);
  }
}

}  // namespace

CALOTYPE_CLONES void narrow(const float* from, bf16* to, int count) {
  for (int i = 0; i < count; ++i) to[i] = narrowed(from[i]);
}

std::vector<BoundPost> bound_posts(const network::Step& step, std::size_t first, const std::vector<View>& views) {
  std::vector<BoundPost> bound;
  for (std::size_t i = first; i < step.post.size(); ++i) {
    const int operand = step.post[i].operand;
    View view = operand < 0 ? View() : views[std::size_t(operand)];
    if (step.post[i].repeated) {  // a side of 1 is read again and again
      if (view.columns == 1) view.pixel = 0;
      if (view.rows == 1) view.row = 0;
      if (view.images == 1) view.image = 0;
    }
    bound.push_back({&step.post[i], view});
  }
  return bound;
}

void pointwise(const View& in, const std::vector<BoundPost>& post, const View& out) {
  for_each_row(out, [&](int n, int y) { pointwise_row(in, in.at(n, y, 0), post, out, n, y); });
}

std::vector<std::uint8_t> remainder(const View& in, const View& rounded, const View& out) {
  const std::size_t channels = std::size_t(in.channels);
  std::vector<std::uint8_t> found(std::size_t(out.images * out.rows) * channels, 0);
  for_each_row(out, [&](int n, int y) {
    std::vector<float> left(channels);
    std::uint8_t* const row = &found[std::size_t(n * out.rows + y) * channels];
    for (int x = 0; x < out.columns; ++x) {
      widen(reinterpret_cast<const bf16*>(rounded.at(n, y, x)), left.data(), in.channels);
      combine(Kind::subtract_from, left.data(), reinterpret_cast<const float*>(in.at(n, y, x)), in.channels);
      narrow(left.data(), reinterpret_cast<bf16*>(out.at(n, y, x)), in.channels);
      mark_numbers(left.data(), row, in.channels);
    }
  });
  return found;
}

void concatenate(const std::vector<View>& in, const View& out) {
  for_each_row(out, [&](int n, int y) {
    for (int x = 0; x < out.columns; ++x) {
      char* to = out.at(n, y, x);
      for (const View& part : in) {
        std::memcpy(to, part.at(n, y, x), std::size_t(part.channels * part.element()));
        to += part.channels * part.element();
      }
    }
  });
}

void depth_to_space(const View& in, int block, bool columns_first, const View& out) {
  const int blocks = block * block;
  const std::ptrdiff_t size = out.element();
  for_each_row(out, [&](int n, int y) {
    for (int x = 0; x < out.columns; ++x) {
      const char* from = in.at(n, y / block, x / block);
      char* to = out.at(n, y, x);
      const int part = y % block * block + x % block;
      if (!columns_first) {
        std::memcpy(to, from + part * out.channels * size, std::size_t(out.channels * size));
      } else {
        for (int c = 0; c < out.channels; ++c)
          std::memcpy(to + c * size, from + (c * blocks + part) * size, std::size_t(size));
      }
    }
  });
}

void space_to_depth(const View& in, int block, const View& out) {
  const std::size_t run = std::size_t(in.channels * in.element());
  for_each_row(out, [&](int n, int y) {
    for (int x = 0; x < out.columns; ++x)
      for (int part = 0; part < block * block; ++part)
        std::memcpy(out.at(n, y, x) + std::size_t(part) * run,
                    in.at(n, y * block + part / block, x * block + part % block), run);
  });
}

namespace {

/// Tensors are turned in pieces of so many pixels and channels, which stay in the first cache. Most of the time goes
/// into writing: as much as possible of what lies side by side.
struct Piece {
  int pixels, channels;
};
constexpr Piece kLoaded{16, 64}, kStored{64, 16};

/// to[j * to_row + i] = from[i * from_row + j]
void transpose(const float* from, std::size_t from_row, int rows, int columns, float* to, std::size_t to_row) {
  int i = 0;
#if defined(__SSE__)
  for (; i + 4 <= rows; i += 4) {
    int j = 0;
    for (; j + 4 <= columns; j += 4) {
      const float* at = from + std::size_t(i) * from_row + std::size_t(j);
      __m128 a = _mm_loadu_ps(at), b = _mm_loadu_ps(at + from_row), c = _mm_loadu_ps(at + 2 * from_row),
             d = _mm_loadu_ps(at + 3 * from_row);
      _MM_TRANSPOSE4_PS(a, b, c, d);
      float* put = to + std::size_t(j) * to_row + std::size_t(i);
      _mm_storeu_ps(put, a);
      _mm_storeu_ps(put + to_row, b);
      _mm_storeu_ps(put + 2 * to_row, c);
      _mm_storeu_ps(put + 3 * to_row, d);
    }
    for (; j < columns; ++j)
      for (int k = i; k < i + 4; ++k)
        to[std::size_t(j) * to_row + std::size_t(k)] = from[std::size_t(k) * from_row + std::size_t(j)];
  }
#endif
  for (; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      to[std::size_t(j) * to_row + std::size_t(i)] = from[std::size_t(i) * from_row + std::size_t(j)];
}

template <class T>
void load_pixels(const cv::Mat& picture, int y, const View& out, char* to) {
  const float unit = sizeof(T) == 1 ? 1 / 255.f : 1 / 65535.f;
  const int channels = picture.channels(), count = 3 * out.columns;
  std::vector<float> space;
  if (!out.is_float) space.resize(std::size_t(count));
  float* const row = out.is_float ? reinterpret_cast<float*>(to) : space.data();
  const T* from = picture.ptr<T>(y);
  for (int x = 0; x < out.columns; ++x, from += channels)
    for (int c = 0; c < 3; ++c) row[3 * x + c] = unit * float(from[channels == 3 ? 2 - c : 0]);
  if (!out.is_float) narrow(row, reinterpret_cast<bf16*>(to), count);
}

template <class T>
void store_pixels(const View& in, cv::Mat& picture) {
  const float scale = sizeof(T) == 1 ? 255.f : 65535.f;
  const int channels = picture.channels();
  const auto round = [scale](float v) { return T(std::min(std::max(v, 0.f), 1.f) * scale + 0.5f); };
  for_each_row(in, [&](int, int y) {
    T* to = picture.ptr<T>(y);
    float pixel[3];
    for (int x = 0; x < in.columns; ++x, to += channels) {
      const float* from = floats(in, in.at(0, y, x), 3, pixel);
      if (channels == 1) {
        to[0] = round((from[0] + from[1] + from[2]) / 3);
      } else {
        for (int c = 0; c < 3; ++c) to[c] = round(from[2 - c]);
      }
    }
  });
}

void load_channels_last(const cv::Mat& tensor, int y, const View& out, char* to) {
  const float* from = tensor.ptr<float>(y);
  for (int x = 0; x < out.columns; ++x, from += out.channels, to += out.pixel)
    if (out.is_float)
      std::copy_n(from, out.channels, reinterpret_cast<float*>(to));
    else
      narrow(from, reinterpret_cast<bf16*>(to), out.channels);
}

void store_channels_last(const View& in, cv::Mat& tensor) {
  const std::size_t count = std::size_t(in.channels);
  for_each_row(in, [&](int, int y) {
    float* to = tensor.ptr<float>(y);
    for (int x = 0; x < in.columns; ++x, to += count)
      if (in.is_float)
        std::copy_n(reinterpret_cast<const float*>(in.at(0, y, x)), count, to);
      else
        widen(reinterpret_cast<const bf16*>(in.at(0, y, x)), to, in.channels);
  });
}

void load_planes(const cv::Mat& tensor, int n, int y, const View& out, char* row) {
  const std::size_t plane = std::size_t(out.rows) * std::size_t(out.columns);
  float piece[kLoaded.pixels * kLoaded.channels];
  for (int x = 0; x < out.columns; x += kLoaded.pixels)
    for (int c = 0; c < out.channels; c += kLoaded.channels) {
      const int width = std::min(kLoaded.pixels, out.columns - x), depth = std::min(kLoaded.channels, out.channels - c);
      const float* from = tensor.ptr<float>() + (std::size_t(n) * std::size_t(out.channels) + std::size_t(c)) * plane +
                          std::size_t(y) * std::size_t(out.columns) + std::size_t(x);
      char* const to = row + x * out.pixel + c * out.element();
      if (out.is_float) {
        transpose(from, plane, depth, width, reinterpret_cast<float*>(to), std::size_t(out.pixel) / sizeof(float));
        continue;
      }
      const bool side_by_side = out.pixel == depth * out.element();
      const int step = side_by_side ? depth : kLoaded.channels;
      transpose(from, plane, depth, width, piece, std::size_t(step));
      if (side_by_side) {
        narrow(piece, reinterpret_cast<bf16*>(to), width * depth);
        continue;
      }
      for (int i = 0; i < width; ++i) narrow(piece + i * step, reinterpret_cast<bf16*>(to + i * out.pixel), depth);
    }
}

/// Row y of image n, to `to`; but for its place, as `out` is.
void load_row(const cv::Mat& tensor, int n, int y, const View& out, char* to) {
  if (tensor.depth() == CV_8U) return load_pixels<std::uint8_t>(tensor, y, out, to);
  if (tensor.depth() == CV_16U) return load_pixels<std::uint16_t>(tensor, y, out, to);
  if (tensor.dims == 3) return load_channels_last(tensor, y, out, to);
  load_planes(tensor, n, y, out, to);
}

}  // namespace

void load(const cv::Mat& tensor, const View& out, const std::vector<BoundPost>& post) {
  for_each_row(out, [&](int n, int y) {
    if (post.empty()) return load_row(tensor, n, y, out, out.at(n, y, 0));
    View floats = out;
    floats.is_float = true;
    floats.pixel = floats.channels * floats.element();
    std::vector<float> row(std::size_t(out.columns) * std::size_t(out.channels));
    char* const from = reinterpret_cast<char*>(row.data());
    load_row(tensor, n, y, floats, from);
    pointwise_row(floats, from, post, out, n, y);
  });
}

void store(const View& in, cv::Mat& tensor) {
  if (tensor.depth() == CV_8U) return store_pixels<std::uint8_t>(in, tensor);
  if (tensor.depth() == CV_16U) return store_pixels<std::uint16_t>(in, tensor);
  if (tensor.dims == 3) return store_channels_last(in, tensor);
  const std::size_t plane = std::size_t(in.rows) * std::size_t(in.columns);
  for_each_row(in, [&](int n, int y) {
    float piece[kStored.pixels * kStored.channels];
    for (int c = 0; c < in.channels; c += kStored.channels)
      for (int x = 0; x < in.columns; x += kStored.pixels) {
        const int width = std::min(kStored.pixels, in.columns - x), depth = std::min(kStored.channels, in.channels - c);
        const char* const from = in.at(n, y, x) + c * in.element();
        float* to = tensor.ptr<float>() + (std::size_t(n) * std::size_t(in.channels) + std::size_t(c)) * plane +
                    std::size_t(y) * std::size_t(in.columns) + std::size_t(x);
        if (in.is_float) {
          transpose(reinterpret_cast<const float*>(from), std::size_t(in.pixel) / sizeof(float), width, depth, to,
                    plane);
          continue;
        }
        for (int i = 0; i < width; ++i)
          widen(reinterpret_cast<const bf16*>(from + i * in.pixel), piece + i * kStored.channels, depth);
        transpose(piece, kStored.channels, width, depth, to, plane);
      }
  });
}

}  // namespace calotype::onednn
