// SPDX-License-Identifier: Apache-2.0
// What is done for all channels of one position, in plain loops that compilers turn into vectors. A step of the context
// model concerns every fourth channel of a position, those with c % 4 == `phase`: what belongs to others stays as it
// is.
#pragma once
#include <cstdint>

namespace calotype::latent {

/// The float half of the context model at one position. Arrays have one number per channel.
struct MeanChannels {
  int channels, phase;
  const float* norm;  ///< Gains::norm
  const float *hyper, *correction;
};

/// Chooses symbols: those nearest to latents times gain, or one step nearer to zero where the bits that this saves are
/// worth more than the error. Symbols of tables below `skip` are 0. `known` becomes mean + symbol / norm.
struct Rounding {
  const float *latents, *gain;
  const std::int16_t* indices;
  const float* cost;  ///< of a bit by table, in squared steps, over the variance of the symbol
  int skip;
  float largest;  ///< symbol
};
void quantise_channels(const MeanChannels& means, const Rounding& rounding, std::int16_t* symbols, float* known);
void reconstruct_channels(const MeanChannels& means, const std::int16_t* symbols, float* known);

/// log(1 + |v|), then asinh(v), of v = latents * gain: each off by less than 5e-7 of itself, or of 1.
void hyper_arguments(const float* latents, const float* gain, int channels, float* out);

/// Adds the squares of `count` positions to `sums`, by channel.
void add_squares(const float* values, int count, int channels, float* sums);
/// To the nearest, ties to even.
void round_to_bf16(float* values, int count);

/// The integer half: log sigma of the hyper-latents, and the magnitudes that it lets expect. `fill` is
/// EntropyTables::fill.
void expect_channels(const std::int16_t* scales, const std::int32_t* bias, const std::int32_t* fill, int channels,
                     std::int16_t* expected, std::int16_t* base);
/// `magnitude` by absolute value up to 255.
void learn_channels(const std::int16_t* symbols, const std::int32_t* magnitude, int channels, int phase,
                    std::int16_t* expected);
/// Table indices for log sigma plus a correction.
void index_channels(const std::int16_t* base, const std::int16_t* correction, int channels, int phase,
                    std::int16_t* indices);

}  // namespace calotype::latent
