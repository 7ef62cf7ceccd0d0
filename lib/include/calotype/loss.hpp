// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "calotype/export.hpp"

namespace calotype {

/// What of a picture can get lost between one file and another.
enum class LossKind {
  pixels,  ///< samples that are missing, damaged or no numbers
  colour,  ///< colours that are not what the file says
  alpha,   ///< transparency
  depth,   ///< bits per sample
  frames,  ///< further pictures or pages of the file
  icc,     ///< the colour profile
  exif,    ///< of these three, the block or a part of it
  xmp,
  iptc,
  text,       ///< comments, keywords with a text
  density,    ///< pixels per inch
  thumbnail,  ///< a small copy, which shows the picture as it was: never worth a warning
  extra       ///< anything else: a motion photo's video, a gain map, clipping paths
};

CALOTYPE_API const char* to_string(LossKind kind) noexcept;

struct Loss {
  LossKind kind;
  std::string detail;  ///< for people, to follow the file's name: "300 KB behind the picture are left out"
};

/// What was lost on the way of one picture, at most one entry per kind. Decoders and encoders only report; the library
/// makes warnings, or errors, of it.
class CALOTYPE_API Losses {
 public:
  /// Joins what it has of this kind already.
  void add(LossKind kind, const std::string& detail);
  void add(const Losses& others);
  bool has(LossKind kind) const;
  bool empty() const { return losses_.empty(); }
  std::vector<Loss>::const_iterator begin() const { return losses_.begin(); }
  std::vector<Loss>::const_iterator end() const { return losses_.end(); }

 private:
  std::vector<Loss> losses_;
};

}  // namespace calotype
