// SPDX-License-Identifier: Apache-2.0
// Walks protobuf messages in place (https://protobuf.dev/programming-guides/encoding), for readers of ONNX files:
// weights are megabytes, and nothing of them is copied before an engine knows what it wants of them.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "calotype/error.hpp"

namespace calotype::network {

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, length_delimited = 2, fixed32 = 5 };

struct Span {
  const std::uint8_t *begin = nullptr, *end = nullptr;
  std::size_t size() const { return static_cast<std::size_t>(end - begin); }
  std::string text() const { return {begin, end}; }
};

struct Field {
  std::uint64_t number = 0;
  Wire wire = Wire::varint;
  std::uint64_t value = 0;  ///< of a varint
  Span payload;             ///< of all others
  Span whole;               ///< with its key
};

[[noreturn]] inline void fail_damaged() {
  throw Error(ErrorCode::corrupt, "the ONNX file is damaged", "install the model again");
}

inline std::uint64_t take_varint(Span& from) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (from.begin == from.end) fail_damaged();
    const std::uint8_t byte = *from.begin++;
    value |= std::uint64_t(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  fail_damaged();
}

inline Span take(Span& from, std::uint64_t count) {
  if (count > from.size()) fail_damaged();
  const Span taken{from.begin, from.begin + count};
  from.begin = taken.end;
  return taken;
}

inline Field take_field(Span& from) {
  Field field;
  const std::uint8_t* const begin = from.begin;
  const std::uint64_t key = take_varint(from);
  field.number = key >> 3;
  if (field.number == 0) fail_damaged();  // which no message has, and a file of zeros is full of
  field.wire = static_cast<Wire>(key & 7);
  switch (field.wire) {
    case Wire::varint:
      field.value = take_varint(from);
      break;
    case Wire::fixed64:
      field.payload = take(from, 8);
      break;
    case Wire::fixed32:
      field.payload = take(from, 4);
      break;
    case Wire::length_delimited:
      field.payload = take(from, take_varint(from));
      break;
    default:
      fail_damaged();
  }
  field.whole = {begin, from.begin};
  return field;
}

/// Calls `use` with every field of a message.
template <class Use>
void for_each_field(Span message, Use use) {
  while (message.size()) use(take_field(message));
}

/// Appends a repeated number in either of its forms, alone or packed.
inline void append_integers(const Field& field, std::vector<float>& to) {
  if (field.wire == Wire::varint) return to.push_back(static_cast<float>(static_cast<std::int64_t>(field.value)));
  for (Span rest = field.payload; rest.size();)
    to.push_back(static_cast<float>(static_cast<std::int64_t>(take_varint(rest))));
}

template <class T>
void append_floats(const Field& field, std::vector<float>& to) {
  for (Span rest = field.payload; rest.size();) {
    T value;
    std::memcpy(&value, take(rest, sizeof value).begin, sizeof value);
    to.push_back(static_cast<float>(value));
  }
}

}  // namespace calotype::network
