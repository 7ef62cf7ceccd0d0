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
    clamp,        ///< between numbers[0] and numbers[1]
    power,        ///< x^numbers[0]
    elu,          ///< x < 0 ? numbers[0] (e^x - 1) : x
    abs,
    sigmoid,
    tanh,
    erf,
    exp,
    log,
    sqrt,
    reciprocal,
    softplus,       ///< log(1 + e^x)
    keep,           ///< x, which is remembered
    times_kept,     ///< x times what was remembered last
    add,            ///< x + other
    subtract,       ///< x - other
    subtract_from,  ///< other - x
    multiply,       ///< x other
    divide,         ///< x / other
    divide_into,    ///< other / x
  };
  Kind kind;
  std::vector<float> numbers = {};
  int operand = -1;
  bool repeated = false;  ///< the operand has sides of 1, along which it repeats
};

/// How a resized picture is sampled (https://onnx.ai/onnx/operators/onnx__Resize.html).
struct Resize {
  enum class Coordinates {
    half_pixel,
    half_pixel_symmetric,
    pytorch_half_pixel,
    align_corners,
    asymmetric,
    tf_half_pixel
  };
  enum class Rounding { prefer_floor, prefer_ceil, floor, ceil };
  bool linear = false;
  Coordinates coordinates = Coordinates::half_pixel;
  Rounding rounding = Rounding::prefer_floor;
  std::array<float, 2> scale{1, 1};
  std::array<int, 2> size{0, 0};  ///< of the result, where the file gives that; 0: by scale
};

struct Step {
  enum class Kind {
    convolution,
    transposed_convolution,
    pointwise,  ///< post operations alone
    concatenate,
    depth_to_space,
    space_to_depth,
    pooling,
    softmax,                 ///< over channels
    instance_normalisation,  ///< numbers: epsilon, then a factor per channel, then a summand per channel
    response_normalisation,  ///< over neighbouring channels; numbers: alpha, beta, bias, size
    resize,
    padding,  ///< numbers: the value outside, for Border::constant
    slice,
    rearrange,
  };
  enum class Border { constant, reflect, edge };
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

  int axis = 1;  ///< of concatenate

  // Pooling; kernel, stride, dilation and pad are those above.
  bool average = false, counts_padding = false, rounds_up = false;
  bool whole = false;  ///< the kernel is as large as the picture

  std::vector<float> numbers;
  Resize resize;
  Border border = Border::constant;
  std::array<int, 8> around{};  ///< padding: before, then after N, C, H and W; negative ones cut off

  std::array<int, 4> first{}, step{1, 1, 1, 1}, count{};  ///< slice, along N, C, H and W; a count of 0: all

  /// rearrange: element i of `dims`, counted in their order, is the one at the sum of its coordinates times `strides`,
  /// counted in the order N,C,H,W. The result is that list, in the shape `shape`.
  std::vector<int> dims;
  std::vector<std::int64_t> strides;
  std::array<int, 4> shape{};
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
  std::vector<std::size_t> ranks;  ///< of the outputs: of two dimensions are those that have two in the file, else four
  std::vector<Step> steps;
  int values = 0;

  /// Of every value. Throws engine where they do not fit together, limit where one would be too large.
  std::vector<Shape> shapes(const std::vector<Shape>& inputs) const;
  /// Once an engine has packed them. Their dimensions stay.
  void drop_weights();
};

/// What a resized side is made of: result i is (1 - weight) times element `low` plus weight times element `high`.
struct Sample {
  int low, high;
  float weight;
};
/// `axis`: 0 for rows, 1 for columns, of `in` and `out` elements.
std::vector<Sample> samples(const Resize& resize, std::size_t axis, int in, int out);
/// The element that one `at` places from the first comes from where a side is padded, -1 for one outside.
int padded_from(Step::Border border, int at, int side);

/// Where each value may lie in one block of memory: values of which one is dead before the other is made share room.
struct MemoryPlan {
  std::vector<std::size_t> offsets;  ///< of each value, multiples of 64 bytes
  std::size_t total = 0;
};
/// `bytes` per value; 0 for those that live elsewhere. `in_place`: by step, the value whose place its result takes, one
/// of the step's inputs or operands without a later reader; -1 for none. Throws limit where no machine has so much.
MemoryPlan plan_memory(const Program& program, const std::vector<std::size_t>& bytes,
                       const std::vector<int>& in_place = {});

/// Of a graph that was folded. Throws, naming operator and node, unsupported for what no engine of ours runs, corrupt
/// for what makes no sense.
Program fuse(Graph graph);

/// Refuses a step that an engine cannot run.
[[noreturn]] void refuse(const Step& step, const std::string& why);

}  // namespace calotype::network
