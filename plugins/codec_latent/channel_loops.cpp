// SPDX-License-Identifier: Apache-2.0
#include "channel_loops.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "../common/clones.hpp"
#include "latent_model.hpp"

namespace calotype::latent {
namespace {

inline bool concerns(int channel, int phase) { return (channel & 3) == phase; }

/// To the nearest integer, ties to even, for less than 2^22.
inline float rounded(float v) {
  constexpr float shift = 3 << 22;
  return v + shift - shift;
}

/// Of a positive number: the exponent's, and the series of 2 artanh t for a mantissa m from 2/3 to 4/3, t = (m - 1) /
/// (m + 1).
inline float logarithm(float v) {
  constexpr std::uint32_t two_thirds = 0x3F2AAAAB;
  std::uint32_t bits;
  std::memcpy(&bits, &v, sizeof bits);
  const std::uint32_t above = bits - two_thirds, mantissa = (above & 0x7FFFFF) + two_thirds;
  float m;
  std::memcpy(&m, &mantissa, sizeof m);
  const float t = (m - 1) / (m + 1), square = t * t;
  const float series = t * (2 + square * (2 / 3.f + square * (2 / 5.f + square * (2 / 7.f))));
  return float(std::int32_t(above) >> 23) * 0.69314718f + series;
}

inline int clamped(int v, int low, int high) { return v < low ? low : v > high ? high : v; }

}  // namespace

CALOTYPE_CLONES void quantise_channels(const MeanChannels& m, const Rounding& q, std::int16_t* symbols, float* known) {
  // So many of the step's channels are computed side by side, and then put to their places.
  constexpr int kPart = 64;
  float symbol[kPart], value[kPart];
  for (int first = m.phase; first < m.channels; first += 4 * kPart) {
    const int count = std::min(kPart, (m.channels - first + 3) / 4);
    const std::int16_t* const indices = q.indices + first;
    const float *const latents = q.latents + first, *const gain = q.gain + first, *const hyper = m.hyper + first,
                       *const correction = m.correction + first, *const norm = m.norm + first;
    for (int i = 0; i < count; ++i) {
      const int index = indices[4 * i];
      const float mean = hyper[4 * i] + correction[4 * i];
      float d = latents[4 * i] * gain[4 * i] - mean * norm[4 * i];
      d = d < -q.largest ? -q.largest : d > q.largest ? q.largest : d;
      float r = rounded(d);
      const float magnitude = std::fabs(r);
      // One step towards zero costs 2 (|d| - m) + 1 more squared error and saves about (2m - 1) / (2 ln2 variance)
      // bits. Not for m = 0.
      const bool nearer = 2 * (std::fabs(d) - magnitude) + 1 < q.cost[index] * (2 * magnitude - 1);
      r = nearer ? r - std::copysign(1.f, r) : r;
      r = index < q.skip ? 0 : r;
      symbol[i] = r;
      value[i] = mean + r / norm[4 * i];
    }
    for (int i = 0; i < count; ++i) {
      symbols[first + 4 * i] = std::int16_t(symbol[i]);
      known[first + 4 * i] = value[i];
    }
  }
}

CALOTYPE_CLONES void reconstruct_channels(const MeanChannels& m, const std::int16_t* symbols, float* __restrict known) {
  const float *norm = m.norm, *hyper = m.hyper, *correction = m.correction;
  const int phase = m.phase;
  for (int c = 0; c < m.channels; ++c) {
    const float value = hyper[c] + correction[c] + float(symbols[c]) / norm[c];
    known[c] = concerns(c, phase) ? value : known[c];
  }
}

CALOTYPE_CLONES void hyper_arguments(const float* latents, const float* gain, int channels, float* out) {
  for (int c = 0; c < channels; ++c) {
    const float v = latents[c] * gain[c], m = std::fabs(v);
    out[c] = logarithm(1 + m);
    out[channels + c] = std::copysign(logarithm(m + std::sqrt(m * m + 1)), v);
  }
}

CALOTYPE_CLONES void add_squares(const float* values, int count, int channels, float* sums) {
  for (int i = 0; i < count; ++i, values += channels)
    for (int c = 0; c < channels; ++c) sums[c] += values[c] * values[c];
}

CALOTYPE_CLONES void round_to_bf16(float* values, int count) {
  for (int i = 0; i < count; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, &values[i], 4);
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000u;
    std::memcpy(&values[i], &bits, 4);
  }
}

CALOTYPE_CLONES void expect_channels(const std::int16_t* scales, const std::int32_t* bias, const std::int32_t* fill,
                                     int channels, std::int16_t* expected, std::int16_t* base) {
  for (int c = 0; c < channels; ++c) {
    const int scale = clamped(scales[c] + bias[c], kBaseMin, kBaseMax);
    base[c] = std::int16_t(scale);
    expected[c] = std::int16_t(fill[clamped(scale, kFillMin, kFillMax) - kFillMin]);
  }
}

void learn_channels(const std::int16_t* symbols, const std::int32_t* magnitude, int channels, int phase,
                    std::int16_t* expected) {
  for (int c = phase; c < channels; c += 4)  // one by one: vectors would look at all channels in the table
    expected[c] = std::int16_t(magnitude[std::min(std::abs(int(symbols[c])), 255)]);
}

CALOTYPE_CLONES void index_channels(const std::int16_t* base, const std::int16_t* correction, int channels, int phase,
                                    std::int16_t* indices) {
  for (int c = 0; c < channels; ++c) {
    const int index = EntropyTables::index(clamped(base[c] + correction[c], kBaseMin, kBaseMax));
    indices[c] = concerns(c, phase) ? std::int16_t(index) : indices[c];
  }
}

}  // namespace calotype::latent
