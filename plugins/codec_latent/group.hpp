// SPDX-License-Identifier: Apache-2.0
// One group: up to 64x64 latents that are entropy-coded on their own.
#pragma once
#include <array>
#include <cstdint>
#include <utility>

#include "latent_model.hpp"
#include "post_filter.hpp"
#include "range_coder.hpp"

namespace calotype::latent {

/// The integers of a group, everything that its stream holds.
struct GroupSymbols {
  Activations hyper;                      ///< hyper-latents, ceil(rows / 4) x ceil(columns / 4)
  Activations latents;                    ///< r = round(y - mean)
  std::array<int, kSteps> table_shift{};  ///< by step: how far from the tables of ScaleModel those lie that are used
  PostFilter filter;                      ///< of the decoded pixels

  /// Zeros.
  GroupSymbols(const EntropyTables& tables, int rows, int columns);
  std::uint32_t checksum() const;  ///< as in the file
};

/// Picks tables: runs the integer networks of one group step by step, on symbols that are already known.
class ScaleModel {
 public:
  /// Reads symbols.hyper now and symbols.latents as the steps go on; both must outlive this.
  ScaleModel(const EntropyTables& tables, int rate, const GroupSymbols& symbols);
  /// Table indices once step `step` is added to those before it, whose symbols must be known by now. Steps go in order.
  const Activations& indices(int step);
  /// Those added so far.
  const Activations& indices() const& { return indices_; }
  Activations indices() && { return std::move(indices_); }

 private:
  const EntropyTables& tables_;
  const GroupSymbols& symbols_;
  Activations input_;     // of the context networks: magnitudes where they are known, else expected ones; log sigma
  Activations adjusted_;  // what a network has made of it
  Activations indices_;
};

/// Channels c with c % 4 == phase are coded in a step at a position: channel c in step k at cell position
/// order[(k + c) mod 4] of each 2x2 cell, order = (0,0) (1,1) (0,1) (1,0).
inline int phase_of(int step, int row, int column) {
  constexpr int kPlace[2][2] = {{0, 2}, {3, 1}};  // index into `order` of a cell position
  return (kPlace[row & 1][column & 1] - step + 4) % 4;
}

/// Symbols to bytes and back; integers only. `indices`: ScaleModel's, of all steps. `middle`: from where the
/// second half of the steps can be read. decode_group throws corrupt.
Bytes encode_group(const EntropyTables& tables, const GroupSymbols& symbols, const Activations& indices,
                   ReaderPosition* middle = nullptr);
GroupSymbols decode_group(const EntropyTables& tables, int rate, int rows, int columns, const std::uint8_t* data,
                          std::size_t size);

/// The table shifts that save most bits, for symbols that are not as the model expects them.
std::array<int, kSteps> best_table_shift(const EntropyTables& tables, const GroupSymbols& symbols,
                                         const Activations& indices);

/// A group as the encoder left it: its symbols, the tables to code them with, and, where asked for, the latents that
/// the decoder will make.
struct CodedGroup {
  GroupSymbols symbols;
  Activations indices;
  cv::Mat latents;  ///< rows,columns,M, ready for the synthesis
};

/// Whether a stream gives the group's symbols back, with the tables that the group names: a test of the entropy coder,
/// not of how tables are picked.
bool decodes_to(const EntropyTables& tables, const CodedGroup& group, const Bytes& stream,
                const ReaderPosition& middle);

/// Encoder: chooses the symbols of a group by rounding, in the rate-distortion sense when the model says so. `y`:
/// rows,columns,M latents before gain.
CodedGroup quantise_group(LatentModel::Networks& networks, const LatentModel& model, int rate, const cv::Mat& y,
                          bool with_latents);
/// Decoder: latents for the synthesis, rows,columns,M. `arithmetic`: of their means.
cv::Mat reconstruct_group(LatentModel::Networks& networks, const LatentModel& model, int rate, Arithmetic arithmetic,
                          const GroupSymbols& symbols);

}  // namespace calotype::latent
