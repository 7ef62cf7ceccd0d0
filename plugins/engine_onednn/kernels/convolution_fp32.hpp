// SPDX-License-Identifier: Apache-2.0
// Convolutions in fp32, for the widest vectors that the including file is compiled for.
#pragma once
#include "products_fp32.hpp"
#include "winograd_fp32.hpp"

namespace calotype::onednn::kernels {
namespace {

template <Binary op>
void convolve_floats(const Convolution& k, int begin, int end, char* space) {
  if (k.winograd)
    winograd_blocks<op>(k, begin, end, space);
  else if (halves(k.outputs, k.pad) == 1)
    rows<FloatProducts, FloatBlocks<1, op>>(k, begin, end, space);
  else
    rows<FloatProducts, FloatBlocks<2, op>>(k, begin, end, space);
}

void convolve_floats(const Convolution& k, int begin, int end, char* space) {
  switch (k.binary) {
    case Binary::none:
      return convolve_floats<Binary::none>(k, begin, end, space);
    case Binary::add:
      return convolve_floats<Binary::add>(k, begin, end, space);
    case Binary::subtract:
      return convolve_floats<Binary::subtract>(k, begin, end, space);
    case Binary::subtract_from:
      return convolve_floats<Binary::subtract_from>(k, begin, end, space);
    case Binary::multiply:
      return convolve_floats<Binary::multiply>(k, begin, end, space);
    case Binary::divide:
      return convolve_floats<Binary::divide>(k, begin, end, space);
    case Binary::divide_into:
      return convolve_floats<Binary::divide_into>(k, begin, end, space);
  }
}

void convolve_floats(const Depthwise& k, int begin, int end) {
  const int padded = (k.channels + kBlock - 1) / kBlock * kBlock;
  for (int i = begin; i < end; ++i) {
    const int image = i / k.rows, row = i % k.rows;
    const char* in = k.in + image * k.in_image + row * k.in_row;
    char* out = k.out.data + image * k.out.image + row * k.out.row;
    for (int x = 0; x < k.columns; ++x, in += k.in_pixel, out += k.out.pixel)
      for (int c = 0; c < padded; c += kLanes) {
        Vector v = load(k.bias + c);
        for (int t = 0; t < k.taps; ++t) v += load(k.weights + t * padded + c) * load(in + k.offsets[t] + 4 * c);
        if (k.activate) v = activated(v, k.slope);
        store(v, out + 4 * c);
      }
  }
}

}  // namespace
}  // namespace calotype::onednn::kernels
