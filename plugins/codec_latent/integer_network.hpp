// SPDX-License-Identifier: Apache-2.0
// The networks whose output picks entropy-coding tables. Integers only, so that every machine picks the same: int16
// weights and activations, int32 sums whose range the exporter has proved, power-of-two rescaling. (After Ballé,
// Johnston and Minnen, "Integer networks for data compression with latent-variable models", ICLR 2019; 16 bits after
// Koyuncu et al. 2023.)
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "records.hpp"

namespace calotype::latent {

/// Leaves a vector's new numbers undefined: all threads fill them, and zeros first would be one thread's work.
template <class T>
struct Undefined : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = Undefined<U>;
  };
  template <class U>
  void construct(U*) noexcept {}
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
};

/// rows x columns positions of `channels` values each, channels innermost. New ones are undefined.
struct Activations {
  int rows = 0, columns = 0, channels = 0;
  std::vector<std::int16_t, Undefined<std::int16_t>> values;

  Activations() = default;
  Activations(int r, int c, int n) { create(r, c, n); }
  void create(int r, int c, int n) {
    rows = r;
    columns = c;
    channels = n;
    values.resize(std::size_t(r) * c * n);
  }
  std::int16_t* at(int row, int column) { return &values[(std::size_t(row) * columns + column) * channels]; }
  const std::int16_t* at(int row, int column) const {
    return &values[(std::size_t(row) * columns + column) * channels];
  }
};

/// A stack of 1x1 and 3x3 convolutions (zero padding) with optional ReLU and pixel shuffle by 2. Immutable, shareable.
class IntegerNetwork {
 public:
  IntegerNetwork() = default;
  /// Reads "<name>.<i>.weight|bias|spec" for i = 0, 1, ... Throws corrupt when a sum could leave int32.
  IntegerNetwork(const Records& records, const std::string& name, int input_channels, int input_limit);
  /// Not in place: `out` is another than `in`.
  void run(const Activations& in, Activations& out) const;
  /// Positions that it makes of one, each way.
  int scale() const { return scale_; }
  int output_channels() const { return layers_.back().outputs / (layers_.back().shuffle * layers_.back().shuffle); }

 private:
  struct Layer {
    int inputs, outputs, side;  // side of the kernel: 1 or 3
    int shuffle, shift, limit;
    bool relu;
    int length;  // of a patch: dot_length(side * side * inputs)
    int padded;  // dot_outputs(outputs)
    std::shared_ptr<const std::int16_t> weights;
    std::vector<std::int32_t> bias;  // padded
  };
  static void apply(const Layer& layer, const Activations& in, Activations& out);
  std::vector<Layer> layers_;
  int scale_ = 1;
};

}  // namespace calotype::latent
