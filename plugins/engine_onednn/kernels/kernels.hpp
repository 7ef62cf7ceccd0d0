// SPDX-License-Identifier: Apache-2.0
// Convolutions in bf16, on tile registers (Intel Architecture Instruction Set Extensions Programming Reference, "Intel
// AMX") or on vectors (AVX512_BF16), and in fp32 on any vectors. Why beside oneDNN: its transposed convolutions are
// several times slower, making its kernels takes longer than running them once, its threads wait actively, and release
// 2.6 dies of an illegal instruction in virtual machines that leave CPUID leaf 0x1d empty.
#pragma once
#include <cstddef>
#include <cstdint>

namespace calotype::onednn::kernels {

/// What multiplies bf16: the best that this CPU and its operating system offer. Asks once. The environment variable
/// ONEDNN_MAX_CPU_ISA holds it back as it does oneDNN: AVX512_CORE_BF16 rules out tiles, lesser values vectors too.
enum class Unit { none, vectors, tiles };
Unit unit();
/// And fp32; AVX2 rules out longer vectors, SSE41 all but those that every CPU has.
enum class FloatUnit { portable, avx2, avx512 };
FloatUnit float_unit();

/// Blocks are of `kBlock` pixels and outputs. A tile of weights is for kHalf outputs and depth<Element>() inputs.
constexpr int kBlock = 32, kHalf = 16;
constexpr int kTileBytes = 1024;
template <class Element>
constexpr int depth() {
  return kTileBytes / kHalf / int(sizeof(Element));
}
/// A block's operands may be read this far beyond the last pixel of a row.
constexpr int kOverread = 32;

enum class Binary { none, add, subtract, subtract_from, multiply, divide, divide_into };

/// x < 0 ? slope x : x, and no more than `limit`.
struct Activation {
  bool is_there = false;
  float slope = 0, limit = __builtin_inff();
};

/// Where results go, or operands come from. Distances in bytes.
struct Target {
  char* data = nullptr;  ///< of output 0,0 of image 0
  std::ptrdiff_t pixel = 0, row = 0, image = 0;
  bool is_float = false;
};

/// depth() inputs times a tile of weights, or halves() tiles side by side.
struct Product {
  std::ptrdiff_t in, weights;  ///< where, in bytes: from the first tap of an output; in a block of weights
  int inputs;                  ///< the weights of all after so many are zero
};

/// A convolution as matrix products: output pixel (n, y, x) is the sum over `products` of depth() inputs, found from
/// in + n in_image + y in_row + x in_pixel on, times a tile of weights; then
/// x = act(x + bias), x = factor x + summand, x = x binary operand, x = act(x).
///
/// Rows may be joined: the pixels of several, and what lies between them in memory, are then one long row, so that
/// blocks are full although rows are short.
struct Convolution {
  const char* in;
  std::ptrdiff_t in_pixel, in_row, in_image;
  bool absolute;  ///< inputs without their signs; for 1x1 convolutions alone
  const Product* products;
  int count;                   ///< of products
  const char* weights;         ///< blocks of tiles: rows of kHalf outputs' weights of an input, in bf16 of two inputs
  std::ptrdiff_t block_bytes;  ///< from one block's weights to the next
  const float* bias;           ///< one per output, blocks filled up
  int outputs;
  int images, rows, columns;

  int joined = 1;  ///< rows; more than one only at stride 1
  int groups = 1;  ///< of outputs, which are made by themselves where there are few pixels

  Activation first, last;
  float factor = 1, summand = 0;
  Binary binary = Binary::none;
  Target operand;
  Target out;
  bool pad = false;  ///< pixels of the result are whole blocks; what is beyond `outputs` becomes zero
  /// In fp32: 3x3 taps at stride 1, of kWinogradTile x kWinogradTile outputs at a time (winograd_fp32.hpp). Products
  /// say where inputs are, for all pixels of a patch; the weights lie one after another, those for the first pixel
  /// first.
  bool winograd = false;
  const std::int32_t* scatter = nullptr;  ///< element of out.data at which each output of a pixel lies; floats only
};

/// Tiles side by side in a block of weights.
constexpr int halves(int outputs, bool pad) { return outputs <= kHalf && !pad ? 1 : 2; }

constexpr int kWinogradTile = 4, kWinogradPatch = kWinogradTile + 2;
constexpr int kWinogradPixels = kWinogradPatch * kWinogradPatch;
constexpr int winograd_tiles(int side) { return (side + kWinogradTile - 1) / kWinogradTile; }
inline int winograd_tiles(const Convolution& k) {
  return k.images * winograd_tiles(k.rows) * winograd_tiles(k.columns);
}
/// Tiles that are worked on together: fewer where there would be little for many threads.
inline int winograd_block(const Convolution& k) { return winograd_tiles(k) > 8 * kBlock ? kBlock : kBlock / 2; }

/// Of an image: rows, or as many as are joined.
inline int lines(const Convolution& k) { return (k.rows + k.joined - 1) / k.joined; }
/// Pieces of a convolution that are made by themselves: the lines of all images for a group of outputs, or blocks of
/// tiles.
inline int pieces(const Convolution& k) {
  return k.winograd ? (winograd_tiles(k) + winograd_block(k) - 1) / winograd_block(k) : k.groups * k.images * lines(k);
}
/// Room that one call of convolve_*() works in.
std::size_t space_bytes(const Convolution& k);
/// Pieces `begin` to `end`, on unit(), respectively float_unit(). `space`: of space_bytes(), at a multiple of 64.
void convolve_bf16(const Convolution& convolution, int begin, int end, char* space);
void convolve_fp32(const Convolution& convolution, int begin, int end, char* space);

/// One input's weights for the kHalf outputs of a tile: data[places[output]], 0 where that is negative or there is no
/// data. May be read one element beyond.
template <class Element>
struct Weights {
  const Element* data;
  const std::int32_t* places;
};

/// Puts depth() inputs' weights into a tile, for the outputs whose bit is set in `lanes`.
void fill_tile(const Weights<std::uint16_t>* weights, std::uint16_t lanes, std::uint16_t* tile);
void fill_tile(const Weights<float>* weights, std::uint16_t lanes, float* tile);

/// One input's 3x3 weights for the outputs of a tile as they are multiplied with transformed patches: of pixel i the
/// weights of all kHalf outputs go to rows + i * step bytes. `places`: by tap and output, negative where there is none.
void fill_winograd_rows(const float* data, const std::int32_t* places, float* rows, std::ptrdiff_t step);

/// Half precision to bf16, to the nearest; `rest`, if given: what rounding left, rounded again.
void narrow(const std::uint8_t* halves, std::size_t count, std::uint16_t* rounded, std::uint16_t* rest);

/// Each channel by itself. Weights are floats, taps x channels (filled up to kBlock); for bf16, of each kBlock channels
/// those with even numbers come first, and so they do in `bias`.
struct Depthwise {
  const char* in;
  std::ptrdiff_t in_pixel, in_row, in_image;
  const std::ptrdiff_t* offsets;
  int taps;
  const float *weights, *bias;
  int channels;
  int images, rows, columns;
  Activation activation;
  Target out;
  bool pad = false;  ///< pixels of the result are whole blocks
};

void convolve_bf16(const Depthwise& convolution, int begin, int end);
void convolve_fp32(const Depthwise& convolution, int begin, int end);

}  // namespace calotype::onednn::kernels
