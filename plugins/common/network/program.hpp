// SPDX-License-Identifier: Apache-2.0
// A graph turned into few large steps: elementwise operations ride on the step that makes their operand.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph.hpp"

namespace calotype::network {

/// Applied to each element of a step's result, in order. `other` is the element of value `operand` at the same place.
struct PostOp {
  enum class Kind {
    leaky_relu,   ///< x < 0 ? slope x : x, with one slope (ReLU: 0) or one per channel in `numbers`
    affine,       ///< x numbers[0] + numbers[1]
    per_channel,  ///< x numbers[c] + numbers[channels + c]
    abs,
    sigmoid,
    add,            ///< x + other
    subtract,       ///< x - other
    subtract_from,  ///< other - x
    multiply,       ///< x other
    divide,         ///< x / other
    divide_into,    ///< other / x
  };
  Kind kind;
  std::vector<float> numbers;
  int operand = -1;
};

struct Step {
  enum class Kind {
    convolution,
    transposed_convolution,
    pointwise,  ///< post operations alone
    concatenate,
    depth_to_space,
    space_to_depth,
  };
  Kind kind;
  std::string op, name;  ///< of the ONNX node that it started from, for messages
  std::vector<int> in;   ///< values; operands of post operations are not among them
  int out = -1;
  std::vector<PostOp> post;

  // Convolutions. Weights as in ONNX: O, I / group, kh, kw; transposed: I, O / group, kh, kw.
  Constant weights;
  std::vector<float> bias;  ///< O of them
  int outputs = 0, group = 1;
  std::array<int, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1}, output_padding{0, 0};
  std::array<int, 4> pad{0, 0, 0, 0};  ///< top, left, bottom, right
  bool absolute = false;               ///< reads the magnitude of its input

  int block = 1;               ///< of depth_to_space and space_to_depth
  bool columns_first = false;  ///< depth_to_space: ONNX mode CRD
};

/// N, C, H, W.
using Shape = std::array<int, 4>;

/// Shapes are no larger, so that what engines compute of them fits: counts of elements int, places in bytes 64 bits.
constexpr int kMostSide = 1 << 24;
constexpr std::int64_t kMostElements = INT32_MAX;

inline std::size_t elements(const Shape& s) {
  return static_cast<std::size_t>(s[0]) * static_cast<std::size_t>(s[1]) * static_cast<std::size_t>(s[2]) *
         static_cast<std::size_t>(s[3]);
}

/// Values are numbered: inputs first, then one per step, in the order in which they are made.
struct Program {
  std::vector<std::pair<std::string, int>> inputs, outputs;
  std::vector<Step> steps;
  int values = 0;

  /// Of every value. Throws engine where they do not fit together, limit where one would be too large.
  std::vector<Shape> shapes(const std::vector<Shape>& inputs) const;
  /// Once an engine has packed them. Their dimensions stay.
  void drop_weights();
};

/// Where each value may lie in one block of memory: values of which one is dead before the other is made share room.
struct MemoryPlan {
  std::vector<std::size_t> offsets;  ///< of each value, multiples of 64 bytes
  std::size_t total = 0;
};
/// `bytes` per value; 0 for those that live elsewhere. `in_place`: by step, the value whose place its result takes, one
/// of the step's inputs or operands without a later reader; -1 for none. Throws limit where no machine has so much.
MemoryPlan plan_memory(const Program& program, const std::vector<std::size_t>& bytes,
                       const std::vector<int>& in_place = {});

/// Throws, naming operator and node, unsupported for what no engine of ours runs, corrupt for what makes no sense.
Program fuse(Graph graph);

/// Refuses a step that an engine cannot run.
[[noreturn]] void refuse(const Step& step, const std::string& why);

}  // namespace calotype::network
