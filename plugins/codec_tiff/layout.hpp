// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "source.hpp"

namespace calotype {

/// How a page stores its samples, and the picture that they become.
struct Layout {
  enum class Colour {
    grey,
    inverted_grey,  ///< 0 is white
    rgb,
    palette,
    cmyk,
    lab,        ///< CIE L*a*b*, a* and b* signed
    icc_lab,    ///< the same with an offset, as ICC profiles have it
    luminance,  ///< SGI's logarithms, which libtiff hands out as floats
    xyz,
    rendered  ///< only libtiff knows how to make RGB of it
  };
  enum class Alpha {
    none,
    straight,
    premultiplied,
    unspecified  ///< one more sample than the colours need, of which the file does not say that it is alpha
  };

  int width = 0, height = 0;
  Colour colour = Colour::grey;
  Alpha alpha = Alpha::none;
  bool tiled = false;
  bool planar = false;    ///< one plane per sample
  bool real = false;      ///< samples are floats
  int bits = 0;           ///< per sample
  int samples = 0;        ///< per pixel
  std::vector<int> kept;  ///< which of them make up the picture: colours, then alpha
  int stored_depth = 0;   ///< of OpenCV, that holds such a sample
  int depth = 0;          ///< of the decoded picture
  int palette_shift = 0;  ///< from the palette's values, which have 16 bits, to this depth
  std::string compression;

  int channels() const;
  bool has_alpha() const { return alpha != Alpha::none; }
};

/// Sets libtiff up so that samples come as described. Throws corrupt, unsupported, and limit for strips and tiles that
/// are far larger than the picture.
Layout layout_of(TiffSource& source);

const char* to_string(Layout::Colour colour);

}  // namespace calotype
