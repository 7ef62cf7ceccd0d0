// SPDX-License-Identifier: Apache-2.0
#include "winograd_space.hpp"

namespace calotype::onednn::kernels {

std::size_t space_bytes(const Convolution& k) {
  if (k.winograd) return WinogradSpace::bytes(k);
  return k.absolute ? std::size_t(kBlock * k.in_pixel + 128 + 63) / 64 * 64 : 0;
}

}  // namespace calotype::onednn::kernels
