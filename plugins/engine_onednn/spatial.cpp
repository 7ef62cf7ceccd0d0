// SPDX-License-Identifier: Apache-2.0
#include "spatial.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "../common/clones.hpp"
#include "elementwise.hpp"
#include "parallel.hpp"

namespace calotype::onednn {
namespace {

using network::Step;
using Kind = Step::Kind;

constexpr int kChannelBlock = 64;

/// `count` channels from `first` on, of the pixel that begins at `pixel`.
const float* read(const View& view, const char* pixel, int first, int count, float* space) {
  if (view.is_float) return reinterpret_cast<const float*>(pixel) + first;
  const bf16* from = reinterpret_cast<const bf16*>(pixel) + first;
  for (int c = 0; c < count; ++c) space[c] = widened(from[c]);
  return space;
}

void write(const View& view, char* pixel, int first, int count, const float* values) {
  if (view.is_float)
    std::copy_n(values, count, reinterpret_cast<float*>(pixel) + first);
  else
    narrow(values, reinterpret_cast<bf16*>(pixel) + first, count);
}

CALOTYPE_CLONES void take_larger(float* most, const float* x, int count) {
  for (int c = 0; c < count; ++c) most[c] = most[c] < x[c] ? x[c] : most[c];
}
CALOTYPE_CLONES void take_sum(float* sum, const float* x, int count) {
  for (int c = 0; c < count; ++c) sum[c] += x[c];
}
CALOTYPE_CLONES void scale(float* x, float factor, int count) {
  for (int c = 0; c < count; ++c) x[c] *= factor;
}
CALOTYPE_CLONES void mix(float* to, const float* a, const float* b, float weight, int count) {
  for (int c = 0; c < count; ++c) to[c] = a[c] + weight * (b[c] - a[c]);
}

/// Calls work(n, y, x) for every pixel, rows on all threads.
template <class Work>
void for_each_pixel(const View& out, Work work) {
  parallel(out.images * out.rows, [&](int begin, int end) {
    for (int i = begin; i < end; ++i)
      for (int x = 0; x < out.columns; ++x) work(i / out.rows, i % out.rows, x);
  });
}

/// Taps of a window that lie inside: from `begin` on, `count` of them; `padded`: with those in the padding.
struct Window {
  int begin, count, padded, start;
};
Window window(const Step& step, std::size_t axis, int at, int side) {
  const int dilation = step.dilation[axis], start = at * step.stride[axis] - step.pad[axis];
  const int begin = start < 0 ? (-start + dilation - 1) / dilation : 0;
  const auto taps_before = [&](int end) {
    return end <= start ? 0 : std::min(step.kernel[axis], (end - start + dilation - 1) / dilation);
  };
  return {begin, std::max(0, taps_before(side) - begin), taps_before(side + step.pad[axis + 2]), start};
}

void pool(const Step& step, const View& in, const View& out) {
  const int channels = in.channels;
  std::vector<Window> columns;
  for (int x = 0; x < out.columns; ++x) columns.push_back(window(step, 1, x, in.columns));
  for_each_pixel(out, [&](int n, int y, int x) {
    thread_local std::vector<float> result, space;
    result.assign(std::size_t(channels), step.average ? 0.f : -std::numeric_limits<float>::infinity());
    space.resize(std::size_t(channels));
    const Window rows = window(step, 0, y, in.rows), &across = columns[std::size_t(x)];
    for (int i = rows.begin; i < rows.begin + rows.count; ++i)
      for (int j = across.begin; j < across.begin + across.count; ++j) {
        const char* at = in.at(n, rows.start + i * step.dilation[0], across.start + j * step.dilation[1]);
        const float* values = read(in, at, 0, channels, space.data());
        step.average ? take_sum(result.data(), values, channels) : take_larger(result.data(), values, channels);
      }
    const int divisor = step.counts_padding ? rows.padded * across.padded : rows.count * across.count;
    if (step.average) scale(result.data(), divisor ? 1 / float(divisor) : 0.f, channels);
    write(out, out.at(n, y, x), 0, channels, result.data());
  });
}

/// Calls work(n, first channel, channels) for blocks of channels, on all threads.
template <class Work>
void for_each_block(const View& view, Work work) {
  const int blocks = (view.channels + kChannelBlock - 1) / kChannelBlock;
  parallel(view.images * blocks, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int first = i % blocks * kChannelBlock;
      work(i / blocks, first, std::min(kChannelBlock, view.channels - first));
    }
  });
}

void pool_whole(const Step& step, const View& in, const View& out) {
  for_each_block(in, [&](int n, int first, int count) {
    float result[kChannelBlock], row[kChannelBlock], space[kChannelBlock];
    std::fill_n(result, count, step.average ? 0.f : -std::numeric_limits<float>::infinity());
    for (int y = 0; y < in.rows; ++y) {
      std::fill_n(row, count, 0.f);  // rows by themselves: long sums would lose digits
      for (int x = 0; x < in.columns; ++x) {
        const float* values = read(in, in.at(n, y, x), first, count, space);
        step.average ? take_sum(row, values, count) : take_larger(result, values, count);
      }
      if (step.average) take_sum(result, row, count);
    }
    if (step.average) scale(result, 1 / (float(in.rows) * float(in.columns)), count);
    write(out, out.at(n, 0, 0), first, count, result);
  });
}

void softmax(const View& in, const View& out) {
  for_each_pixel(out, [&](int n, int y, int x) {
    thread_local std::vector<float> values, space;
    space.resize(std::size_t(in.channels));
    const float* from = read(in, in.at(n, y, x), 0, in.channels, space.data());
    values.assign(from, from + in.channels);
    const float most = *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (float& v : values) sum += v = std::exp(v - most);
    scale(values.data(), float(1 / sum), in.channels);
    write(out, out.at(n, y, x), 0, in.channels, values.data());
  });
}

void normalise_instances(const Step& step, const View& in, const View& out) {
  const float* const factor = step.numbers.data() + 1;
  const float* const summand = factor + in.channels;
  const double pixels = double(in.rows) * in.columns;
  for_each_block(in, [&](int n, int first, int count) {
    double mean[kChannelBlock] = {}, variance[kChannelBlock] = {};
    float space[kChannelBlock];
    const auto each = [&](auto use) {
      for (int y = 0; y < in.rows; ++y)
        for (int x = 0; x < in.columns; ++x) use(y, x, read(in, in.at(n, y, x), first, count, space));
    };
    each([&](int, int, const float* v) {
      for (int c = 0; c < count; ++c) mean[c] += v[c];
    });
    for (int c = 0; c < count; ++c) mean[c] /= pixels;
    each([&](int, int, const float* v) {
      for (int c = 0; c < count; ++c) variance[c] += (v[c] - mean[c]) * (v[c] - mean[c]);
    });
    float a[kChannelBlock], b[kChannelBlock], result[kChannelBlock];
    for (int c = 0; c < count; ++c) {
      a[c] = float(factor[first + c] / std::sqrt(variance[c] / pixels + step.numbers[0]));
      b[c] = float(summand[first + c] - mean[c] * a[c]);
    }
    each([&](int y, int x, const float* v) {
      for (int c = 0; c < count; ++c) result[c] = v[c] * a[c] + b[c];
      write(out, out.at(n, y, x), first, count, result);
    });
  });
}

void normalise_responses(const Step& step, const View& in, const View& out) {
  const float alpha = step.numbers[0], beta = step.numbers[1], bias = step.numbers[2];
  const int size = int(step.numbers[3]), before = (size - 1) / 2, channels = in.channels;
  for_each_pixel(out, [&](int n, int y, int x) {
    thread_local std::vector<float> space, result;
    space.resize(std::size_t(channels));
    result.resize(std::size_t(channels));
    const float* v = read(in, in.at(n, y, x), 0, channels, space.data());
    for (int c = 0; c < channels; ++c) {
      float sum = 0;
      for (int k = std::max(0, c - before); k < std::min(channels, c - before + size); ++k) sum += v[k] * v[k];
      result[std::size_t(c)] = v[c] * std::pow(bias + alpha / float(size) * sum, -beta);
    }
    write(out, out.at(n, y, x), 0, channels, result.data());
  });
}

void resize(const Step& step, const View& in, const View& out) {
  const auto rows = samples(step.resize, 0, in.rows, out.rows),
             columns = samples(step.resize, 1, in.columns, out.columns);
  const int channels = in.channels;
  for_each_pixel(out, [&](int n, int y, int x) {
    thread_local std::vector<float> top, bottom, space[4];
    const network::Sample &row = rows[std::size_t(y)], &column = columns[std::size_t(x)];
    const auto at = [&](int i, int j, std::size_t k) {
      space[k].resize(std::size_t(channels));
      return read(in, in.at(n, i, j), 0, channels, space[k].data());
    };
    if (!step.resize.linear) return write(out, out.at(n, y, x), 0, channels, at(row.low, column.low, 0));
    top.resize(std::size_t(channels));
    bottom.resize(std::size_t(channels));
    mix(top.data(), at(row.low, column.low, 0), at(row.low, column.high, 1), column.weight, channels);
    mix(bottom.data(), at(row.high, column.low, 2), at(row.high, column.high, 3), column.weight, channels);
    mix(top.data(), top.data(), bottom.data(), row.weight, channels);
    write(out, out.at(n, y, x), 0, channels, top.data());
  });
}

/// By side of the result, the place in the input that it comes from; -1: `value` is put there.
struct Picks {
  std::vector<int> images, channels, rows, columns;
  float value = 0;
};

void pick(const Picks& from, const View& in, const View& out) {
  std::vector<int> ascending(std::size_t(out.channels));
  std::iota(ascending.begin(), ascending.end(), from.channels[0]);
  const bool in_order = from.channels[0] >= 0 && ascending == from.channels;
  for_each_pixel(out, [&](int n, int y, int x) {
    thread_local std::vector<float> space, result;
    space.resize(std::size_t(in.channels));
    result.assign(std::size_t(out.channels), from.value);
    const int image = from.images[std::size_t(n)], row = from.rows[std::size_t(y)],
              column = from.columns[std::size_t(x)];
    if (image < 0 || row < 0 || column < 0) return write(out, out.at(n, y, x), 0, out.channels, result.data());
    const char* at = in.at(image, row, column);
    if (in_order)
      return write(out, out.at(n, y, x), 0, out.channels, read(in, at, from.channels[0], out.channels, space.data()));
    const float* values = read(in, at, 0, in.channels, space.data());
    for (int c = 0; c < out.channels; ++c)
      if (const int channel = from.channels[std::size_t(c)]; channel >= 0) result[std::size_t(c)] = values[channel];
    write(out, out.at(n, y, x), 0, out.channels, result.data());
  });
}

template <class From>
Picks picks(const View& in, const View& out, From from) {
  const int sides[] = {in.images, in.channels, in.rows, in.columns};
  const int results[] = {out.images, out.channels, out.rows, out.columns};
  Picks picked;
  std::vector<int>* const lists[] = {&picked.images, &picked.channels, &picked.rows, &picked.columns};
  for (std::size_t d = 0; d < 4; ++d)
    for (int i = 0; i < results[d]; ++i) lists[d]->push_back(from(d, i, sides[d]));
  return picked;
}

void pad(const Step& step, const View& in, const View& out) {
  Picks from = picks(in, out, [&](std::size_t d, int i, int side) {
    return network::padded_from(step.border, i - step.around[d], side);
  });
  from.value = step.numbers[0];
  pick(from, in, out);
}

void slice(const Step& step, const View& in, const View& out) {
  pick(picks(in, out, [&](std::size_t d, int i, int) { return step.count[d] ? step.first[d] + i * step.step[d] : i; }),
       in, out);
}

void rearrange(const Step& step, const View& in, const View& out) {
  const std::int64_t plane = std::int64_t(in.rows) * in.columns;
  for_each_pixel(out, [&](int n, int y, int x) {
    thread_local std::vector<float> result;
    result.resize(std::size_t(out.channels));
    for (int c = 0; c < out.channels; ++c) {
      std::int64_t left = ((std::int64_t(n) * out.channels + c) * out.rows + y) * out.columns + x, at = 0;
      for (std::size_t d = step.dims.size(); d-- > 0; left /= step.dims[d]) at += left % step.dims[d] * step.strides[d];
      const int channel = int(at / plane % in.channels), pixel = int(at % plane);
      float one;
      result[std::size_t(c)] =
          *read(in, in.at(int(at / plane / in.channels), pixel / in.columns, pixel % in.columns), channel, 1, &one);
    }
    write(out, out.at(n, y, x), 0, out.channels, result.data());
  });
}

}  // namespace

bool is_spatial(const Step& step) {
  switch (step.kind) {
    case Kind::convolution:
    case Kind::transposed_convolution:
    case Kind::pointwise:
    case Kind::concatenate:
    case Kind::depth_to_space:
    case Kind::space_to_depth:
      return false;
    default:
      return true;
  }
}

void spatial(const Step& step, const View& in, const View& out) {
  switch (step.kind) {
    case Kind::pooling:
      return step.whole ? pool_whole(step, in, out) : pool(step, in, out);
    case Kind::softmax:
      return softmax(in, out);
    case Kind::instance_normalisation:
      return normalise_instances(step, in, out);
    case Kind::response_normalisation:
      return normalise_responses(step, in, out);
    case Kind::resize:
      return resize(step, in, out);
    case Kind::padding:
      return pad(step, in, out);
    case Kind::slice:
      return slice(step, in, out);
    default:
      return rearrange(step, in, out);
  }
}

View part_of(const View& out, const Step& step, int before, const View& in) {
  View part = out;
  constexpr int kChannels = 1, kRows = 2;
  if (step.axis == kChannels) {
    part.data += before * out.element();
    part.channels = in.channels;
  } else if (step.axis == kRows) {
    part.data = out.at(0, before, 0);
    part.rows = in.rows;
  } else {
    part.data = out.at(0, 0, before);
    part.columns = in.columns;
  }
  return part;
}

}  // namespace calotype::onednn
