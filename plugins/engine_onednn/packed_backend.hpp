// SPDX-License-Identifier: Apache-2.0
// Activations in bf16 or fp32 with a border of zeros that convolutions read, sums in fp32. What goes into the network's
// outputs by addition stays fp32, and has no border.
#pragma once
#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "packed_convolution.hpp"
#include "session.hpp"

namespace calotype::onednn {

/// On kernels of our own: in fp32, or in bf16 on CPUs that multiply it (kernels::unit()). Takes the weights out of
/// `program`. Throws unsupported naming operator and node, and leaves them there.
std::shared_ptr<const Backend> make_packed_backend(std::shared_ptr<network::Program> program, bool in_fp32);

inline bool is_convolution(const network::Step& s) {
  return s.kind == network::Step::Kind::convolution || s.kind == network::Step::Kind::transposed_convolution;
}
inline bool reads(const network::Step& s, int value) {
  return std::count(s.in.begin(), s.in.end(), value) > 0 ||
         std::any_of(s.post.begin(), s.post.end(), [value](const network::PostOp& p) { return p.operand == value; });
}
/// Phases of few channels put single numbers here and there; as floats, which is what sums are.
inline bool scattered(const network::Step& s) {
  return s.kind == network::Step::Kind::transposed_convolution && is_dense(s.outputs);
}

/// How a value is kept; some in both ways.
struct Layout {
  bool is_plain = false;     ///< in fp32, without a border
  bool is_bordered = false;  ///< in the backend's precision, as convolutions read it
  bool is_split = false;     ///< in bf16 followed by what rounding left
};

class PackedBackend : public Backend, public std::enable_shared_from_this<PackedBackend> {
 public:
  PackedBackend(std::shared_ptr<const network::Program> program, bool in_fp32);
  std::unique_ptr<Plan> plan(const std::vector<network::Shape>& shapes, const std::vector<bool>& wanted) const override;
  bool uses_openmp() const override { return false; }

  const std::shared_ptr<const network::Program> program;
  const bool is_float;
  std::vector<Layout> layouts;             ///< by value
  std::vector<PackedDepthwise> depthwise;  ///< by step
  std::size_t intake = 0;  ///< the first so many steps are done while their inputs are loaded, which are not kept

  /// What makes a result of this shape out of a step's inputs: by minimal filtering where that suits and there are
  /// enough pixels to be worth its weights, which are many and are packed when they are wanted first.
  const std::vector<PackedConvolution>& convolutions(std::size_t index, const network::Shape& result) const;

 private:
  struct Filtered {
    std::once_flag once;
    network::Step step;  // with weights
    std::vector<PackedConvolution> packed;
  };

  Layout& layout(int value) { return layouts[std::size_t(value)]; }
  bool takes_in(const network::Step& step);
  void choose(const network::Step& step);
  bool is_linear(int value) const;
  void prepare(const network::Step& step, std::size_t index);
  void gather();
  std::vector<PackedConvolution> pack_step(const network::Step& step, bool filter) const;

  std::vector<std::vector<PackedConvolution>> packed_;  // by step
  std::vector<std::unique_ptr<Filtered>> filtered_;     // by step, where any part suits
};

}  // namespace calotype::onednn
