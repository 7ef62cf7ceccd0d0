// SPDX-License-Identifier: Apache-2.0
// What a block of tiles is worked on in: products of a patch's pixels, sums, transformed patches. Places that would be
// powers of two apart, and drive each other out of the first cache, are kept a cache line further away.
#pragma once
#include "kernels.hpp"

namespace calotype::onednn::kernels {
namespace {

class WinogradSpace {
 public:
  WinogradSpace(const Convolution& k, char* space)
      : products(reinterpret_cast<const Product*>(space)),
        sums_(space + products_bytes(k)),
        patches_(sums_ + kWinogradPixels * kSumsStep),
        tile_step_(tile_step(k)) {
    for (int p = 0; p < k.count; ++p)
      reinterpret_cast<Product*>(space)[p] = {p * 64, p * 2 * kTileBytes, depth<float>()};
  }
  static std::size_t bytes(const Convolution& k) {
    return std::size_t(products_bytes(k) + kWinogradPixels * (kSumsStep + kBlock * tile_step(k) + 64));
  }

  /// Bytes from a tile's inputs to the next one's, and from those of one pixel of the patches to the next.
  std::ptrdiff_t tile_step() const { return tile_step_; }
  std::ptrdiff_t patch_step() const { return kBlock * tile_step_ + 64; }
  char* patch(int pixel, int tile) const { return patches_ + pixel * patch_step() + tile * tile_step_; }
  float* sums(int pixel) const { return reinterpret_cast<float*>(sums_ + pixel * kSumsStep); }

  const Product* const products;

 private:
  static constexpr std::ptrdiff_t kSumsStep = kBlock * kBlock * 4 + 64;
  static std::ptrdiff_t products_bytes(const Convolution& k) {
    return (k.count * std::ptrdiff_t(sizeof(Product)) + 63) / 64 * 64;
  }
  static std::ptrdiff_t tile_step(const Convolution& k) {
    const std::ptrdiff_t inputs = k.count * 64;
    return inputs % 1024 ? inputs : inputs + 64;
  }

  char *const sums_, *const patches_;
  const std::ptrdiff_t tile_step_;
};

}  // namespace
}  // namespace calotype::onednn::kernels
