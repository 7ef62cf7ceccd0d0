// SPDX-License-Identifier: Apache-2.0
// Four-way interleaved rANS (Duda 2013; interleaving after Giesen 2014) with a table chosen per symbol.
// Integers only (but for what SymbolTables::bits() tells encoders): equal input gives equal bytes on every machine.
// docs/bitstream.md describes the format.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "calotype/image.hpp"

namespace calotype::latent {

constexpr int kPrecisionBits = 15;  ///< frequencies of a table sum to 2^15

/// Place of a value in the alphabet of SymbolTables.
constexpr int index_of(int value) { return 2 * value ^ value >> 31; }

/// Frequency tables over the alphabet 0, -1, +1, -2, +2, ... -K, +K, escape.
class SymbolTables {
 public:
  SymbolTables() = default;
  /// `frequencies`: `rows` x `columns`, columns = 2K + 2. Throws corrupt unless each row is a valid table.
  SymbolTables(const std::int32_t* frequencies, int rows, int columns);

  int rows() const { return rows_; }
  int largest() const { return (columns_ - 2) / 2; }  ///< K
  int escape() const { return columns_ - 1; }         ///< index of the escape symbol

  std::uint32_t start(int row, int index) const { return starts_[std::size_t(row) * (columns_ + 1) + index]; }
  std::uint32_t frequency(int row, int index) const { return start(row, index + 1) - start(row, index); }
  /// What `value` costs, the raw bits of an escape included.
  double bits(int row, int value) const;
  /// The index whose interval holds `slot`, 0 <= slot < 2^15.
  int find(int row, std::uint32_t slot) const {
    const std::uint16_t* starts = &starts_[std::size_t(row) * (columns_ + 1)];
    int index = guess_[std::size_t(row) * 256 + (slot >> (kPrecisionBits - 8))];
    while (starts[index + 1] <= slot) ++index;
    return index;
  }

 private:
  int rows_ = 0, columns_ = 0;
  std::vector<std::uint16_t> starts_;  // rows x (columns + 1); 2^15 fits
  std::vector<std::uint8_t> guess_;    // first index of each 1/256 of the range
};

/// Where a reader stands between two symbols.
struct ReaderPosition {
  std::array<std::uint32_t, 4> states{};
  std::size_t symbols = 0;  ///< read, raw bits included
  std::size_t bytes = 0;    ///< used
  bool operator==(const ReaderPosition& other) const {
    return states == other.states && symbols == other.symbols && bytes == other.bytes;
  }
};

/// Collects symbols in decoding order; finish() codes them backwards.
class SymbolWriter {
 public:
  void symbol(const SymbolTables& tables, int row, int value) {
    const int index = index_of(value);
    const std::uint32_t frequency = index < tables.escape() ? tables.frequency(row, index) : 0;
    if (!frequency) return escape(tables, row, value);
    intervals_.push_back({std::uint16_t(tables.start(row, index)), std::uint16_t(frequency)});
  }
  /// `count` raw bits, 1..15.
  void bits(std::uint32_t value, int count);
  std::size_t size() const { return intervals_.size(); }
  void reserve(std::size_t count) { intervals_.reserve(count); }
  /// All that another has collected.
  void append(const SymbolWriter& other) {
    intervals_.insert(intervals_.end(), other.intervals_.begin(), other.intervals_.end());
  }
  /// From here on a second reader may start.
  void mark() { mark_ = intervals_.size(); }
  /// The stream; the writer is empty again. `marked`: where a reader is at the mark.
  Bytes finish(ReaderPosition* marked = nullptr);

 private:
  struct Interval {
    std::uint16_t start, frequency;
  };
  void escape(const SymbolTables& tables, int row, int value);

  std::vector<Interval> intervals_;
  std::size_t mark_ = 0;
};

/// Reads what SymbolWriter wrote. Never reads outside its range: past the end it sees zeros and overrun() turns true.
class SymbolReader {
 public:
  SymbolReader(const std::uint8_t* begin, const std::uint8_t* end);
  /// `from`: as SymbolWriter gave it.
  SymbolReader(const std::uint8_t* begin, const std::uint8_t* end, const ReaderPosition& from)
      : states_(from.states), turn_(from.symbols), begin_(begin), next_(begin + from.bytes), end_(end) {}
  ReaderPosition position() const { return {states_, turn_, std::size_t(next_ - begin_)}; }
  int symbol(const SymbolTables& tables, int row);
  std::uint32_t bits(int count);
  bool overrun() const { return overrun_; }
  /// Throws corrupt unless the stream was used up exactly and the coder is back in its initial state.
  void finish() const;

 private:
  void advance(std::uint32_t start, std::uint32_t frequency);
  std::array<std::uint32_t, 4> states_{};
  std::size_t turn_ = 0;
  const std::uint8_t *begin_, *next_, *end_;
  bool overrun_ = false;
};

}  // namespace calotype::latent
