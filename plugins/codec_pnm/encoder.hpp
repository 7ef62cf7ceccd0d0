// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "calotype/codec.hpp"

namespace calotype {

/// What a file holds; `any`: grey or colour, as the picture is.
enum class PnmKind { bitmap, grey, colour, any };

Bytes pnm_file(const Image& image, PnmKind kind, Losses& lost);

template <PnmKind kind>
class PnmEncoder : public Encoder {
 public:
  Bytes encode(const Image& image, const Params&, Losses& lost) override { return pnm_file(image, kind, lost); }
};

}  // namespace calotype
