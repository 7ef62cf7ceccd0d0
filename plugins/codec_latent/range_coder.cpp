// SPDX-License-Identifier: Apache-2.0
#include "range_coder.hpp"

#include <algorithm>
#include <cmath>

#include "calotype/error.hpp"

namespace calotype::latent {
namespace {

constexpr std::uint32_t kTotal = 1u << kPrecisionBits;
constexpr int kEscapeBits = 1 + 4;           // of the sign and the length, before the magnitude
constexpr std::uint32_t kLowest = 1u << 16;  // states stay in [2^16, 2^32); words of 16 bits move in and out

int value_of(int index) { return index & 1 ? -(index + 1) / 2 : index / 2; }

int bit_length(std::uint32_t value) {
  int length = 0;
  for (; value; value >>= 1) ++length;
  return length;
}

}  // namespace

SymbolTables::SymbolTables(const std::int32_t* frequencies, int rows, int columns) : rows_(rows), columns_(columns) {
  const auto fail = [](const char* what) { throw Error(ErrorCode::corrupt, std::string("symbol table: ") + what); };
  if (rows < 1 || columns < 4 || columns % 2 || columns > 256) fail("bad size");
  for (int row = 0; row < rows; ++row) {
    const std::int32_t* f = frequencies + std::size_t(row) * columns;
    std::uint32_t sum = 0;
    std::vector<std::uint16_t> starts{0};
    for (int i = 0; i < columns; ++i) {
      if (f[i] < 0 || f[i] >= std::int32_t(kTotal)) fail("frequency out of range");
      sum += std::uint32_t(f[i]);
      if (sum > kTotal) fail("frequencies exceed their total");
      starts.push_back(std::uint16_t(sum));
    }
    if (sum != kTotal || f[columns - 1] == 0) fail("frequencies do not sum to their total, or there is no escape");
    int index = 0;
    for (std::uint32_t part = 0; part < 256; ++part) {
      while (starts[index + 1] <= part * (kTotal / 256)) ++index;
      guess_.push_back(std::uint8_t(index));
    }
    starts_.insert(starts_.end(), starts.begin(), starts.end());
  }
}

double SymbolTables::bits(int row, int value) const {
  const int index = index_of(value);
  const bool escaped = index >= escape() || frequency(row, index) == 0;
  const double coded = kPrecisionBits - std::log2(double(frequency(row, escaped ? escape() : index)));
  return escaped ? coded + kEscapeBits + bit_length(std::uint32_t(std::abs(value)) + 1) - 1 : coded;
}

void SymbolWriter::escape(const SymbolTables& tables, int row, int value) {
  const int index = tables.escape();
  intervals_.push_back({std::uint16_t(tables.start(row, index)), std::uint16_t(tables.frequency(row, index))});
  // Sign, then the magnitude in Exp-Golomb form.
  const std::uint32_t magnitude = std::uint32_t(std::abs(value)) + 1;
  const int length = bit_length(magnitude);
  bits(value < 0, 1);
  bits(std::uint32_t(length - 1), 4);
  if (length > 1) bits(magnitude & ((1u << (length - 1)) - 1), length - 1);
}

void SymbolWriter::bits(std::uint32_t value, int count) {
  const int free = kPrecisionBits - count;
  intervals_.push_back({std::uint16_t(value << free), std::uint16_t(1u << free)});
}

Bytes SymbolWriter::finish(ReaderPosition* marked) {
  std::array<std::uint32_t, 4> states;
  states.fill(kLowest);
  std::vector<std::uint16_t> words(intervals_.size());  // last word first; at most one for each
  std::size_t count = 0;
  ReaderPosition at_mark{states, intervals_.size(), 0};
  for (std::size_t i = intervals_.size(); i-- > 0;) {
    std::uint32_t& x = states[i & 3];
    const std::uint32_t start = intervals_[i].start, frequency = intervals_[i].frequency;
    const bool is_full = x >= std::uint64_t(frequency) << (32 - kPrecisionBits);  // no branch: hard to foretell
    words[count] = std::uint16_t(x);
    count += is_full;
    x >>= is_full ? 16 : 0;
    x = ((x / frequency) << kPrecisionBits) + x % frequency + start;
    if (i == mark_) at_mark = {states, i, count};
  }
  words.resize(count);
  at_mark.bytes = 16 + 2 * (count - at_mark.bytes);
  if (marked) *marked = at_mark;
  Bytes out;
  out.reserve(16 + 2 * words.size());
  for (const std::uint32_t x : states)
    for (int shift = 0; shift < 32; shift += 8) out.push_back(std::uint8_t(x >> shift));
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    out.push_back(std::uint8_t(*word));
    out.push_back(std::uint8_t(*word >> 8));
  }
  intervals_.clear();
  mark_ = 0;
  return out;
}

SymbolReader::SymbolReader(const std::uint8_t* begin, const std::uint8_t* end)
    : begin_(begin), next_(begin), end_(end) {
  if (end - begin < 16) throw Error(ErrorCode::corrupt, "entropy-coded data is too short");
  for (std::uint32_t& x : states_) {
    for (int shift = 0; shift < 32; shift += 8) x |= std::uint32_t(*next_++) << shift;
    if (x < kLowest) throw Error(ErrorCode::corrupt, "entropy-coded data starts in an impossible state");
  }
}

void SymbolReader::advance(std::uint32_t start, std::uint32_t frequency) {
  std::uint32_t& x = states_[turn_++ & 3];
  x = frequency * (x >> kPrecisionBits) + (x & (kTotal - 1)) - start;
  if (x >= kLowest) return;
  if (end_ - next_ >= 2) {
    x = x << 16 | next_[0] | std::uint32_t(next_[1]) << 8;
    next_ += 2;
  } else {
    x = kLowest;
    overrun_ = true;
  }
}

int SymbolReader::symbol(const SymbolTables& tables, int row) {
  const int index = tables.find(row, states_[turn_ & 3] & (kTotal - 1));
  const std::uint32_t start = tables.start(row, index);
  advance(start, tables.start(row, index + 1) - start);
  if (index != tables.escape()) return value_of(index);
  const bool negative = bits(1) != 0;
  const int low = int(bits(4));
  const int magnitude = int((low ? bits(low) : 0) | 1u << low) - 1;
  return negative ? -magnitude : magnitude;
}

std::uint32_t SymbolReader::bits(int count) {
  const int free = kPrecisionBits - count;
  const std::uint32_t value = (states_[turn_ & 3] & (kTotal - 1)) >> free;
  advance(value << free, 1u << free);
  return value;
}

void SymbolReader::finish() const {
  bool initial = !overrun_ && next_ == end_;
  for (const std::uint32_t x : states_) initial = initial && x == kLowest;
  if (!initial) throw Error(ErrorCode::corrupt, "entropy-coded data does not end where it should");
}

}  // namespace calotype::latent
