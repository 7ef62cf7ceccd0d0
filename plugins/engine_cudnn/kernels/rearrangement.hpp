// SPDX-License-Identifier: Apache-2.0
// Elements in other places.
#pragma once
#include "../layout.hpp"

namespace calotype::cudnn {

/// One operand of a concatenation; once per pixel of it and written channel.
template <class T>
struct CopyPart {
  const T* in;
  T* out;
  Sides from, to;
  int written;  ///< channels: zeros behind those that there are
  Place first;  ///< of the operand in the result

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Index pixel = i / static_cast<Index>(written), line = pixel / static_cast<Index>(from.width);
    const int c = static_cast<int>(i % static_cast<Index>(written));
    const int x = static_cast<int>(pixel % static_cast<Index>(from.width));
    const int y = static_cast<int>(line % static_cast<Index>(from.height));
    const Index n = line / static_cast<Index>(from.height);
    out[to.element(n, first.y + y, first.x + x, first.c + c)] =
        c < from.channels ? in[pixel * from.row() + static_cast<Index>(c)] : static_cast<T>(0.f);
  }
};

/// DepthToSpace and SpaceToDepth; once per element of the result.
template <class T>
struct Shuffle {
  const T* in;
  T* out;
  Sides from, to;
  int block;
  bool to_space, columns_first;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Place at = to.place(i, 1);
    if (at.c >= to.channels) {
      out[i] = static_cast<T>(0.f);
      return;
    }
    if (to_space) {
      const int part = at.y % block * block + at.x % block;
      const int channel = columns_first ? at.c * block * block + part : part * to.channels + at.c;
      out[i] = in[from.element(at.n, at.y / block, at.x / block, channel)];
    } else {
      const int part = at.c / from.channels;
      out[i] = in[from.element(at.n, at.y * block + part / block, at.x * block + part % block, at.c % from.channels)];
    }
  }
};

/// Whole images, channels, rows and columns of another tensor, or one value; once per element of the result.
template <class T>
struct Pick {
  const T* in;
  T* out;
  Sides from, to;
  const int *images, *channels, *rows, *columns;  ///< where each comes from; -1: it is the value
  float value;

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Place at = to.place(i, 1);
    if (at.c >= to.channels) {
      out[i] = static_cast<T>(0.f);
      return;
    }
    const int n = images[at.n], c = channels[at.c], y = rows[at.y], x = columns[at.x];
    const bool outside = n < 0 || c < 0 || y < 0 || x < 0;
    out[i] = outside ? static_cast<T>(value) : in[from.element(static_cast<Index>(n), y, x, c)];
  }
};

/// Elements counted in another order (network::Step::rearrange); once per element of the result.
template <class T>
struct Rearrangement {
  static constexpr int kMost = 8;

  const T* in;
  T* out;
  Sides from, to;
  int count;  ///< of dimensions
  Index dims[kMost], strides[kMost];

  CALOTYPE_DEVICE void operator()(Index i) const {
    const Place at = to.place(i, 1);
    if (at.c >= to.channels) {
      out[i] = static_cast<T>(0.f);
      return;
    }
    // In the order N, C, H, W.
    Index left = ((at.n * static_cast<Index>(to.channels) + static_cast<Index>(at.c)) * static_cast<Index>(to.height) +
                  static_cast<Index>(at.y)) *
                     static_cast<Index>(to.width) +
                 static_cast<Index>(at.x);
    Index source = 0;
    for (int d = count - 1; d >= 0; --d) {
      source += left % dims[d] * strides[d];
      left /= dims[d];
    }
    const Index width = static_cast<Index>(from.width), height = static_cast<Index>(from.height),
                channels = static_cast<Index>(from.channels), line = source / width, plane = line / height;
    out[i] = in[from.element(plane / channels, static_cast<int>(line % height), static_cast<int>(source % width),
                             static_cast<int>(plane % channels))];
  }
};

}  // namespace calotype::cudnn
