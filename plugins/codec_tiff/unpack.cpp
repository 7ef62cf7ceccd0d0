// SPDX-License-Identifier: Apache-2.0
#include "unpack.hpp"

#include <cmath>
#include <cstring>
#include <opencv2/core.hpp>

namespace calotype {
namespace {

template <class T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// The next `bits` of a stream, the highest one first.
class BitStream {
 public:
  explicit BitStream(const std::uint8_t* from) : from_(from) {}
  std::uint32_t next(int bits) {
    for (; held_ < bits; held_ += 8) word_ = word_ << 8 | *from_++;
    held_ -= bits;
    return static_cast<std::uint32_t>(word_ >> held_ & ((std::uint64_t(1) << bits) - 1));
  }

 private:
  const std::uint8_t* from_;
  std::uint64_t word_ = 0;
  int held_ = 0;
};

/// From whole numbers that `next` gives, 0 to 2^bits - 1.
template <class T, class Next>
bool scale(Next next, const Packing& packing, std::size_t count, T* samples) {
  const std::uint64_t most = (std::uint64_t(1) << packing.bits) - 1, full = packing.stretched ? T(-1) : most;
  bool inexact = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t product = next() * full;
    samples[i] = static_cast<T>((product + most / 2) / most);
    inexact |= product % most != 0;
  }
  return inexact && most > full;  // rounding to a finer scale loses nothing
}

template <class T>
bool unpack_whole(const std::uint8_t* packed, const Packing& packing, std::size_t count, T* samples) {
  const auto triple = [&]() -> std::uint64_t {
    packed += 3;
    return packed[-3] | packed[-2] << 8 | packed[-1] << 16;
  };
  const auto quadruple = [&]() -> std::uint64_t {
    packed += 4;
    return load<std::uint32_t>(packed - 4);
  };
  if (packing.bits == 24) return scale(triple, packing, count, samples);
  if (packing.bits == 32) return scale(quadruple, packing, count, samples);
  BitStream stream(packed);
  if (packing.bits > 8) return scale([&] { return std::uint64_t(stream.next(packing.bits)); }, packing, count, samples);
  T table[256];
  std::uint64_t value = 0;
  scale([&] { return value++; }, packing, std::size_t(1) << packing.bits, table);
  for (std::size_t i = 0; i < count; ++i) samples[i] = table[stream.next(packing.bits)];
  return false;
}

bool unpack_real(const std::uint8_t* packed, int bits, std::size_t count, float* samples) {
  if (bits == 16) {
    const cv::Mat halves(1, static_cast<int>(count), CV_16F, const_cast<std::uint8_t*>(packed));
    cv::Mat floats(halves.size(), CV_32F, samples);
    halves.convertTo(floats, CV_32F);
    return false;
  }
  bool inexact = false;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = load<double>(packed + 8 * i);
    samples[i] = static_cast<float>(value);
    inexact |= samples[i] != value && !std::isnan(value);
  }
  return inexact;
}

}  // namespace

bool unpack(const std::uint8_t* packed, const Packing& packing, std::size_t count, int depth, void* samples) {
  if (packing.bits == 8 * CV_ELEM_SIZE1(depth)) {
    std::memcpy(samples, packed, count * CV_ELEM_SIZE1(depth));
    return false;
  }
  if (packing.real) return unpack_real(packed, packing.bits, count, static_cast<float*>(samples));
  return depth == CV_8U ? unpack_whole(packed, packing, count, static_cast<std::uint8_t*>(samples))
                        : unpack_whole(packed, packing, count, static_cast<std::uint16_t*>(samples));
}

}  // namespace calotype
