// SPDX-License-Identifier: Apache-2.0
#include "calotype/loss.hpp"

#include <algorithm>

namespace calotype {

const char* to_string(LossKind kind) noexcept {
  switch (kind) {
    case LossKind::pixels:
      return "pixels";
    case LossKind::colour:
      return "colour";
    case LossKind::alpha:
      return "alpha";
    case LossKind::depth:
      return "depth";
    case LossKind::frames:
      return "frames";
    case LossKind::icc:
      return "icc";
    case LossKind::exif:
      return "exif";
    case LossKind::xmp:
      return "xmp";
    case LossKind::iptc:
      return "iptc";
    case LossKind::text:
      return "text";
    case LossKind::density:
      return "density";
    case LossKind::thumbnail:
      return "thumbnail";
    case LossKind::extra:
      break;
  }
  return "extra";
}

void Losses::add(LossKind kind, const std::string& detail) {
  const auto same = [&](const Loss& loss) { return loss.kind == kind; };
  const auto known = std::find_if(losses_.begin(), losses_.end(), same);
  if (known == losses_.end())
    losses_.push_back({kind, detail});
  else if (known->detail.find(detail) == std::string::npos)
    known->detail += "; " + detail;
}

void Losses::add(const Losses& others) {
  for (const Loss& loss : others) add(loss.kind, loss.detail);
}

bool Losses::has(LossKind kind) const {
  return std::any_of(losses_.begin(), losses_.end(), [&](const Loss& loss) { return loss.kind == kind; });
}

}  // namespace calotype
