// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "pack.hpp"
#include "plan.hpp"

namespace calotype::cudnn {

/// A program at given shapes, in memory of a device that is
///
///   struct Device {
///     template <class Kernel> void each(Index count, const Kernel& kernel);  // kernel(0) .. kernel(count - 1)
///     template <class T> bool convolve(std::size_t step, const T* in, const T* weights, T* out);  // false: it cannot
///   };
///
/// The tests have a device of their own, on the processor.
template <class T, class Device>
struct Run {
  const network::Program& program;
  const Constants& layout;
  const Plan& plan;
  const std::uint8_t* constants;  ///< a copy of the constants' bytes
  const std::uint8_t* tables;     ///< a copy of the plan's
  std::uint8_t* memory;           ///< plan.total bytes, with the inputs in place
  Device& device;

  const network::Shape& shape(int value) const { return plan.shapes[static_cast<std::size_t>(value)]; }
  Sides sides(int value) const { return sides_of(shape(value)); }
  T* at(int value) const { return reinterpret_cast<T*>(memory + plan.offsets[static_cast<std::size_t>(value)]); }
  /// Elements and runs of eight channels.
  Index count(int value) const { return static_cast<Index>(padded_elements(shape(value))); }
  Index groups(int value) const { return count(value) / kLanes; }

  template <class Number>
  const Number* constant(std::size_t place) const {
    return reinterpret_cast<const Number*>(constants + place);
  }
  template <class Entry>
  const Entry* table(std::size_t step) const {
    return reinterpret_cast<const Entry*>(tables + plan.tables[step]);
  }
  template <class Entry>
  Entry* scratch() const {
    return reinterpret_cast<Entry*>(memory + plan.scratch);
  }
};

}  // namespace calotype::cudnn
