// SPDX-License-Identifier: Apache-2.0
#include "channel_loops.hpp"

#include <algorithm>
#include <cmath>
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

inline int clamped(int v, int low, int high) { return v < low ? low : v > high ? high : v; }

}  // namespace

void quantise_channels(const MeanChannels& m, const Rounding& q, std::int16_t* __restrict symbols,
                       float* __restrict known) {
  // One by one: tables are slow to read for vectors, which would have to look at all channels.
  for (int c = m.phase; c < m.channels; c += 4) {
    const int index = q.indices[c];
    const float mean = m.hyper[c] + m.correction[c];
    if (index < q.skip) {
      symbols[c] = 0;
      known[c] = mean;
      continue;
    }
    const float d = std::clamp(q.latents[c] * q.gain[c] - mean * m.norm[c], -q.largest, q.largest);
    float r = rounded(d);
    const float magnitude = std::fabs(r);
    // One step towards zero costs 2 (|d| - m) + 1 more squared error and saves about (2m - 1) / (2 ln2 variance) bits.
    // Not for m = 0.
    if (2 * (std::fabs(d) - magnitude) + 1 < q.cost[index] * (2 * magnitude - 1)) r -= std::copysign(1.f, r);
    symbols[c] = std::int16_t(r);
    known[c] = mean + r / m.norm[c];
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
    const float m = std::fabs(latents[c] * gain[c]);
    out[c] = 1 + m;
    out[channels + c] = m + std::sqrt(m * m + 1);
  }
}

CALOTYPE_CLONES void copy_signs(const float* latents, int channels, float* out) {
  for (int c = 0; c < channels; ++c) out[channels + c] = std::copysign(out[channels + c], latents[c]);
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

CALOTYPE_CLONES void learn_channels(const std::int16_t* symbols, const std::int32_t* magnitude, int channels, int phase,
                                    std::int16_t* expected) {
  for (int c = 0; c < channels; ++c) {
    const int m = symbols[c] < 0 ? -symbols[c] : symbols[c];
    const std::int16_t value = std::int16_t(magnitude[m < 255 ? m : 255]);
    expected[c] = concerns(c, phase) ? value : expected[c];
  }
}

CALOTYPE_CLONES void index_channels(const std::int16_t* base, const std::int16_t* correction, int channels, int phase,
                                    std::int16_t* indices) {
  for (int c = 0; c < channels; ++c) {
    const int index = EntropyTables::index(clamped(base[c] + correction[c], kBaseMin, kBaseMax));
    indices[c] = concerns(c, phase) ? std::int16_t(index) : indices[c];
  }
}

}  // namespace calotype::latent
