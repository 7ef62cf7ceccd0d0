// SPDX-License-Identifier: Apache-2.0
#include "packed_convolution.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "elementwise.hpp"
#include "parallel.hpp"

namespace calotype::onednn {
namespace {

using network::Step;

int chunks(const PackedConvolution& c, int inputs) { return (inputs + c.depth() - 1) / c.depth(); }

/// What every stride-th pixel of every stride-th row makes up is one of stride^2 inputs of a convolution of stride 1.
int planes(const PackedConvolution& c) { return c.stride[0] * c.stride[1]; }

int count_steps(const PackedConvolution& c) {
  if (c.winograd) return kernels::kWinogradPixels * planes(c) * chunks(c, c.inputs);
  return is_dense(c.inputs) ? c.kernel[0] * chunks(c, c.kernel[1] * c.inputs)
                            : c.kernel[0] * c.kernel[1] * chunks(c, c.inputs);
}

int tiles_across(const PackedConvolution& c) { return kernels::halves(c.outputs, c.pad); }

/// Calls set(k, y, x, input) for what step `at` reads in its place k, or clear(k) where it reads nothing, and then
/// done(at); for all steps that read inputs from `first` to `end`.
template <class Set, class Clear, class Done>
void for_each_step(const PackedConvolution& c, int first, int end, Set set, Clear clear, Done done) {
  const int depth = c.depth();
  if (is_dense(c.inputs)) {  // a row of the kernel at a time
    const int row = c.kernel[1] * c.inputs;
    for (int y = 0; y < c.kernel[0]; ++y)
      for (int chunk = 0; chunk < chunks(c, row); ++chunk) {
        for (int k = 0; k < depth; ++k)
          if (const int i = chunk * depth + k; i < row)
            set(k, y, i / c.inputs, i % c.inputs);
          else
            clear(k);
        done(y * chunks(c, row) + chunk);
      }
    return;
  }
  for (int input = first; input < end; input += depth)
    for (int y = 0; y < c.kernel[0]; ++y)
      for (int x = 0; x < c.kernel[1]; ++x) {
        for (int k = 0; k < depth; ++k)
          if (input + k < end)
            set(k, y, x, input + k);
          else
            clear(k);
        done((input / depth * c.kernel[0] + y) * c.kernel[1] + x);
      }
}

/// Which weights of a kernel in the file are which taps of the packed one.
struct Tap {
  std::array<int, 2> packed;
  std::ptrdiff_t stored;
};
using Taps = std::vector<Tap>;

/// Some outputs and inputs of a step: channels `first` to `end` of each.
struct Piece {
  int first_output, end_output, first_input, end_input;
  int outputs() const { return end_output - first_output; }
  int inputs() const { return end_input - first_input; }
};

/// Weights of a piece, outputs x inputs x kernel, in the order of the file; and what rounding left of them.
template <class Element>
struct Rounded {
  std::vector<Element> weights, rest;
};

/// `count` of a step's weights from `first` on.
void round(const Step& step, std::size_t first, std::size_t count, float* weights, float*) {
  step.weights.copy(first, count, weights);
}
void round(const Step& step, std::size_t first, std::size_t count, bf16* weights, bf16* rest) {
  if (step.weights.halves) return kernels::narrow(step.weights.halves.get() + 2 * first, count, weights, rest);
  std::vector<float> wide(count);
  step.weights.copy(first, count, wide.data());
  narrow(wide.data(), weights, int(count));
  if (!rest) return;
  for (std::size_t i = 0; i < count; ++i) wide[i] -= widened(weights[i]);
  narrow(wide.data(), rest, int(count));
}

/// Whether rounding leaves nothing of any of the numbers.
bool is_bf16(const network::Constant& numbers) {
  std::size_t total = 1;
  for (const int d : numbers.dims) total *= std::size_t(d);
  std::array<float, 4096> some;
  for (std::size_t first = 0; first < total; first += some.size()) {
    const std::size_t count = std::min(some.size(), total - first);
    numbers.copy(first, count, some.data());
    std::uint32_t left = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t bits;
      std::memcpy(&bits, &some[i], sizeof bits);
      left |= bits & 0xFFFF;
    }
    if (left) return false;
  }
  return true;
}

/// In the file, inputs come before outputs where convolutions are transposed.
template <class Element>
void round(const Step& step, const Piece& piece, bool with_rest, Rounded<Element>& to) {
  const bool transposed = step.kind == Step::Kind::transposed_convolution;
  const std::size_t area = std::size_t(step.kernel[0]) * std::size_t(step.kernel[1]);
  const std::size_t across = std::size_t(step.weights.dims[1]);
  const int rows = transposed ? piece.inputs() : piece.outputs(),
            first_row = transposed ? piece.first_input : piece.first_output;
  const int columns = transposed ? piece.outputs() : piece.inputs(),
            first_column = transposed ? piece.first_output : piece.first_input;
  const std::size_t run = std::size_t(columns) * area, size = std::size_t(rows) * run + 1;  // see kernels::Weights
  to.weights.resize(size);
  to.rest.resize(with_rest ? size : 0);
  for (int row = 0; row < rows; ++row) {
    const std::size_t first = (std::size_t(first_row + row) * across + std::size_t(first_column)) * area;
    const std::size_t at = std::size_t(row) * run;
    round(step, first, run, &to.weights[at], with_rest ? &to.rest[at] : nullptr);
  }
}

/// What is packed from the weights of a step. Its output p * step.outputs + o is made by the step's output o and the
/// taps at p: of an ordinary convolution there is one such set, of a phase one per position.
struct Part {
  PackedConvolution packed;
  std::vector<Taps> taps;
};

/// The tiles of kHalf outputs, `first` and those after it.
template <class Element>
void fill(Part& part, const Step& step, const Piece& piece, const Rounded<Element>& rounded, int first) {
  PackedConvolution& c = part.packed;
  const bool transposed = step.kind == Step::Kind::transposed_convolution;
  const int halves = tiles_across(c), width = halves * kernels::kHalf;
  const int area = step.kernel[0] * step.kernel[1];
  const std::ptrdiff_t per_input = area * (transposed ? piece.outputs() : 1);
  const int per_output = area * (transposed ? 1 : piece.inputs());

  // By tap of the packed kernel and by output: where in the piece the weights of its first input begin.
  std::vector<std::int32_t> places(std::size_t(c.kernel[0] * c.kernel[1] * kernels::kHalf), -1);
  std::uint16_t lanes = 0;
  for (int lane = 0; lane < kernels::kHalf && first + lane < c.outputs; ++lane) {
    const int output = (first + lane) % step.outputs;
    if (output < piece.first_output || output >= piece.end_output) continue;
    lanes = std::uint16_t(lanes | 1 << lane);
    for (const Tap& tap : part.taps[std::size_t((first + lane) / step.outputs)])
      places[std::size_t((tap.packed[0] * c.kernel[1] + tap.packed[1]) * kernels::kHalf + lane)] =
          (output - piece.first_output) * per_output + int(tap.stored);
  }

  char* const tiles =
      c.tiles.get() + first / width * c.block_bytes() + first % width / kernels::kHalf * kernels::kTileBytes;
  if constexpr (std::is_same_v<Element, float>)
    if (c.winograd) {  // all lanes that exist are of this piece: tiles of several positions have few outputs
      const std::ptrdiff_t pair = halves * kernels::kTileBytes;
      for (int input = piece.first_input; input < piece.end_input; ++input)
        for (int plane = 0; plane < planes(c); ++plane)
          kernels::fill_winograd_rows(
              &rounded.weights[std::size_t((input - piece.first_input) * per_input)],
              &places[std::size_t(plane * 9 * kernels::kHalf)],
              reinterpret_cast<float*>(tiles + (plane * chunks(c, c.inputs) + input / c.depth()) * pair) +
                  input % c.depth() * kernels::kHalf,
              planes(c) * chunks(c, c.inputs) * pair);
      return;
    }
  kernels::Weights<Element> weights[kernels::depth<Element>()], rest[kernels::depth<Element>()];
  const auto fill_step = [&](int at) {
    const auto tile = [&](int i) {
      return reinterpret_cast<Element*>(tiles + std::ptrdiff_t(i) * halves * kernels::kTileBytes);
    };
    kernels::fill_tile(weights, lanes, tile(at));
    if (c.rest) kernels::fill_tile(rest, lanes, tile(c.tile_steps / 2 + at));
  };
  const auto set = [&](int k, int y, int x, int input) {
    const std::ptrdiff_t from = (input - piece.first_input) * per_input;
    const std::int32_t* const at = &places[std::size_t((y * c.kernel[1] + x) * kernels::kHalf)];
    weights[k] = {&rounded.weights[std::size_t(from)], at};
    rest[k] = {c.rest ? &rounded.rest[std::size_t(from)] : nullptr, at};
  };
  for_each_step(
      c, piece.first_input, piece.end_input, set, [&](int k) { weights[k] = rest[k] = {}; }, fill_step);
}

template <class Element>
void fill(std::vector<Part>& parts, const Step& step) {
  const int inputs = parts[0].packed.inputs, area = step.kernel[0] * step.kernel[1];
  // So much at a time stays in the first caches.
  constexpr int least = kernels::depth<Element>();
  const int depth = std::max(least, int(2048 / sizeof(Element)) / area / least * least);
  const int across = (inputs + depth - 1) / depth, down = (step.outputs + kernels::kHalf - 1) / kernels::kHalf;
  parallel(across * down, [&](int begin, int end) {
    Rounded<Element> rounded;
    for (int i = begin; i < end; ++i) {
      Piece piece;
      piece.first_output = i / across * kernels::kHalf;
      piece.end_output = std::min(piece.first_output + kernels::kHalf, step.outputs);
      piece.first_input = i % across * depth;
      piece.end_input = std::min(piece.first_input + depth, inputs);
      round(step, piece, parts[0].packed.rest, rounded);
      for (Part& part : parts) {
        const bool whole = part.taps.size() > 1;  // outputs of all positions lie between each other
        const int last = whole ? part.packed.outputs : piece.end_output;
        for (int first = whole ? 0 : piece.first_output; first < last; first += kernels::kHalf)
          fill(part, step, piece, rounded, first);
      }
    }
  });
}

void fill(std::vector<Part>& parts, const Step& step, bool is_float) {
  is_float ? fill<float>(parts, step) : fill<bf16>(parts, step);
}

/// Room for the tiles and the bias filled up. `taps`: of the kernel that have weights. Tiles that these do not fill are
/// cleared.
void allocate(PackedConvolution& c, std::size_t taps) {
  c.tile_steps = count_steps(c) * (c.rest ? 2 : 1);
  const int width = tiles_across(c) * kernels::kHalf, blocks = (c.outputs + width - 1) / width;
  c.bias.resize(std::size_t(blocks) * width, 0.f);
  const std::size_t bytes = c.tiles_bytes();
  c.tiles = aligned_bytes(bytes);
  const bool all_taps = c.winograd || taps == std::size_t(c.kernel[0]) * std::size_t(c.kernel[1]);
  const bool full = !is_dense(c.inputs) && c.inputs % c.depth() == 0 && c.outputs % width == 0 && all_taps;
  if (!full) std::memset(c.tiles.get(), 0, bytes);
}

/// Where in the packed kernel a tap of an ordinary convolution lies: those that read one plane come together.
std::array<int, 2> packed_tap(const PackedConvolution& c, int y, int x) {
  if (!c.winograd) return {y, x};
  const int plane = y % c.stride[0] * c.stride[1] + x % c.stride[1];
  const int at = plane * 9 + y / c.stride[0] * 3 + x / c.stride[1];
  return {at / c.kernel[1], at % c.kernel[1]};
}

}  // namespace

std::size_t PackedConvolution::tiles_bytes() const {
  const int width = tiles_across(*this) * kernels::kHalf;
  return std::size_t((outputs + width - 1) / width * block_bytes());
}

std::ptrdiff_t PackedConvolution::block_bytes() const {
  return std::ptrdiff_t(tile_steps) * tiles_across(*this) * kernels::kTileBytes;
}

bool PackedConvolution::suits_winograd() const {
  constexpr int outputs_of_tile = kernels::kWinogradTile * kernels::kWinogradTile;
  const int products = kernels::kWinogradPixels * planes(*this);
  return is_float && !is_dense(inputs) && outputs > kernels::kHalf && dilation == std::array<int, 2>{1, 1} &&
         kernel[0] <= 3 * stride[0] && kernel[1] <= 3 * stride[1] &&
         3 * products <= 2 * kernel[0] * kernel[1] * outputs_of_tile;
}

std::vector<kernels::Product> PackedConvolution::products(const View& in, const std::vector<bool>& inexact) const {
  const std::ptrdiff_t left = pitch(inputs, element());  // behind the rounded inputs
  std::vector<kernels::Product> result;
  if (winograd) {
    for (int y = 0; y < stride[0]; ++y)
      for (int x = 0; x < stride[1]; ++x)
        for (int input = 0; input < inputs; input += depth())
          result.push_back({y * in.row + x * in.pixel + input * element(), 0, depth()});
    return result;
  }
  std::ptrdiff_t offset = 0;
  int count = 0;
  bool more = false;
  for_each_step(
      *this, 0, inputs,
      [&](int k, int y, int x, int input) {
        count = k + 1;
        if (k) return;
        offset = y * dilation[0] * in.row + x * dilation[1] * in.pixel + input * element();
        more = split && inexact[std::size_t(input / depth())];
      },
      [](int) {},
      [&](int step) {
        const std::ptrdiff_t at = std::ptrdiff_t(step) * tiles_across(*this) * kernels::kTileBytes;
        result.push_back({offset, at, count});
        if (!more) return;
        result.push_back({offset + left, at, count});
        if (rest) result.push_back({offset, block_bytes() / 2 + at, count});
      });
  return result;
}

PackedConvolution pack(const Step& step, bool is_float, bool pad, bool filter) {
  if (is_dense(step.weights.dims[1]) && step.dilation[1] != 1) refuse(step, "few dilated channels");
  if (step.absolute && step.kernel != std::array<int, 2>{1, 1}) refuse(step, "a large kernel on magnitudes");
  if (step.absolute && step.stride != std::array<int, 2>{1, 1}) refuse(step, "a stride on magnitudes");
  std::vector<Part> parts(1);
  PackedConvolution& p = parts[0].packed;
  p.is_float = is_float;
  p.kernel = step.kernel;
  p.stride = step.stride;
  p.dilation = step.dilation;
  p.before = {step.pad[0], step.pad[1]};
  p.inputs = step.weights.dims[1];
  p.outputs = step.outputs;
  p.pad = pad;
  p.winograd = filter && p.suits_winograd();
  p.bias = step.bias;
  if (p.winograd) p.kernel = {3 * p.stride[0], 3 * p.stride[1]};
  Taps taps;
  for (int y = 0; y < step.kernel[0]; ++y)
    for (int x = 0; x < step.kernel[1]; ++x) taps.push_back({packed_tap(p, y, x), y * step.kernel[1] + x});
  allocate(p, taps.size());
  parts[0].taps.push_back(std::move(taps));
  fill(parts, step, is_float);
  return std::move(p);
}

std::vector<PackedConvolution> pack_phases(const Step& step, const std::vector<Phase>& phases, bool is_float, bool pad,
                                           bool split, bool filter) {
  std::vector<Part> parts(phases.size());
  const bool rest = split && !is_bf16(step.weights);
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const Phase& phase = phases[i];
    PackedConvolution& p = parts[i].packed;
    p.is_float = is_float;
    p.kernel = phase.kernel;
    p.stride = p.dilation = {1, 1};
    p.before = phase.before;
    p.inputs = step.weights.dims[0];
    p.outputs = step.outputs * int(phase.positions.size());
    p.pad = pad;
    p.split = split;
    p.rest = rest;
    p.positions = phase.positions;
    p.winograd = filter && p.suits_winograd();
    if (p.winograd) p.kernel = {3, 3};
    std::size_t fewest = SIZE_MAX;
    for (const auto& position : phase.positions) {
      p.bias.insert(p.bias.end(), step.bias.begin(), step.bias.end());
      Taps taps;
      for (int y = 0; y < phase.kernel[0]; ++y)
        for (int x = 0; x < phase.kernel[1]; ++x) {
          const int tap = phase.tap(step, position, y, x);
          if (tap >= 0) taps.push_back({{y, x}, tap});
        }
      fewest = std::min(fewest, taps.size());
      parts[i].taps.push_back(std::move(taps));
    }
    allocate(p, fewest);
  }
  fill(parts, step, is_float);
  std::vector<PackedConvolution> packed;
  for (Part& part : parts) packed.push_back(std::move(part.packed));
  return packed;
}

PackedDepthwise pack_depthwise(const Step& step, bool is_float) {
  if (step.group != step.outputs || step.weights.dims[1] != 1 || is_dense(step.outputs) || step.absolute)
    refuse(step, "groups other than single channels");
  const std::size_t channels = std::size_t(step.outputs), padded = std::size_t(onednn::padded(step.outputs));
  const std::size_t taps = std::size_t(step.kernel[0]) * std::size_t(step.kernel[1]);
  const auto place = [is_float](std::size_t c) {
    return is_float ? c : c / kernels::kBlock * kernels::kBlock + c % 2 * kernels::kHalf + c % kernels::kBlock / 2;
  };
  PackedDepthwise d;
  const std::vector<float> weights = step.weights.floats();
  d.weights.assign(taps * padded, 0.f);
  d.bias.assign(padded, 0.f);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t t = 0; t < taps; ++t) d.weights[t * padded + place(c)] = weights[c * taps + t];
    d.bias[place(c)] = step.bias[c];
  }
  return d;
}

}  // namespace calotype::onednn
