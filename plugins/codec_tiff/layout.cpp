// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#include <algorithm>
#include <limits>
#include <opencv2/core.hpp>

namespace calotype {
namespace {

using Colour = Layout::Colour;
using Alpha = Layout::Alpha;

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::corrupt, "TIFF: " + what, "fetch the file again from its source");
}

[[noreturn]] void refuse(const std::string& what,
                         const std::string& hint = "save it as plain RGB with the program that wrote it") {
  throw Error(ErrorCode::unsupported, "TIFF: unsupported: " + what, hint);
}

int side(std::uint32_t length) {
  if (length == 0 || length > std::uint32_t(std::numeric_limits<int>::max())) fail("impossible picture size");
  return static_cast<int>(length);
}

std::string compression_of(const TiffSource& source) {
  const auto scheme = source.value<std::uint16_t>(TIFFTAG_COMPRESSION);
  const TIFFCodec* codec = TIFFFindCODEC(scheme);
  if (!TIFFIsCODECConfigured(scheme))
    refuse("compression " + (codec ? std::string(codec->name) : std::to_string(scheme)),
           "save it with LZW or Deflate with the program that wrote it");
  return codec->name;
}

std::uint16_t photometric_of(const TiffSource& source, int samples) {
  std::uint16_t photometric = 0;
  if (TIFFGetField(source.get(), TIFFTAG_PHOTOMETRIC, &photometric)) return photometric;
  if (samples >= 3) return PHOTOMETRIC_RGB;
  const auto scheme = source.value<std::uint16_t>(TIFFTAG_COMPRESSION);
  const bool fax = scheme >= COMPRESSION_CCITTRLE && scheme <= COMPRESSION_CCITTFAX4;
  return fax ? PHOTOMETRIC_MINISWHITE : PHOTOMETRIC_MINISBLACK;
}

/// And has libtiff convert what it can.
Colour colour_of(const TiffSource& source, std::uint16_t photometric, int samples, bool planar) {
  const auto scheme = source.value<std::uint16_t>(TIFFTAG_COMPRESSION);
  const bool logarithms = scheme == COMPRESSION_SGILOG || scheme == COMPRESSION_SGILOG24;
  if (logarithms) TIFFSetField(source.get(), TIFFTAG_SGILOGDATAFMT, SGILOGDATAFMT_FLOAT);
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
      return Colour::inverted_grey;
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MASK:
      return Colour::grey;
    case PHOTOMETRIC_RGB:
      return Colour::rgb;
    case PHOTOMETRIC_PALETTE:
      return Colour::palette;
    case PHOTOMETRIC_SEPARATED:
      if (source.value<std::uint16_t>(TIFFTAG_INKSET) != INKSET_CMYK) refuse("inks other than those of CMYK");
      return Colour::cmyk;
    case PHOTOMETRIC_YCBCR:
      if (scheme != COMPRESSION_JPEG || planar || samples != 3) return Colour::rendered;
      TIFFSetField(source.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      return Colour::rgb;
    case PHOTOMETRIC_CIELAB:
      return Colour::lab;
    case PHOTOMETRIC_ICCLAB:
      return Colour::icc_lab;
    case PHOTOMETRIC_LOGL:
      if (logarithms) return Colour::luminance;
      break;
    case PHOTOMETRIC_LOGLUV:
      if (logarithms) return Colour::xyz;
      break;
    case PHOTOMETRIC_CFA:
    case 34892:  // linear, of DNG
      refuse("a camera's raw picture", "develop it with a program for that");
  }
  refuse("photometric interpretation " + std::to_string(photometric));
}

int colours_in(Colour colour) {
  switch (colour) {
    case Colour::grey:
    case Colour::inverted_grey:
    case Colour::palette:
    case Colour::luminance:
      return 1;
    case Colour::cmyk:
      return 4;
    default:
      return 3;
  }
}

/// Chooses the samples that make up the picture.
void choose_samples(const TiffSource& source, Layout& layout) {
  const int colours = colours_in(layout.colour), extra = layout.samples - colours;
  if (extra < 0) fail("fewer samples than colours");
  for (int i = 0; i < colours; ++i) layout.kept.push_back(i);
  std::uint16_t count = 0, *types = nullptr;
  TIFFGetFieldDefaulted(source.get(), TIFFTAG_EXTRASAMPLES, &count, &types);
  const auto* end = types + std::min<int>(count, extra);
  const auto* alpha = std::find_if(static_cast<const std::uint16_t*>(types), end, [](std::uint16_t type) {
    return type == EXTRASAMPLE_ASSOCALPHA || type == EXTRASAMPLE_UNASSALPHA;
  });
  const bool plain = layout.colour == Colour::grey || layout.colour == Colour::rgb;
  if (alpha != end) {
    layout.alpha = *alpha == EXTRASAMPLE_ASSOCALPHA ? Alpha::premultiplied : Alpha::straight;
    layout.kept.push_back(colours + static_cast<int>(alpha - types));
  } else if (extra == 1 && plain) {
    layout.alpha = Alpha::unspecified;
    layout.kept.push_back(colours);
  }
}

/// Of whole numbers up to 32 bits and of floats.
void choose_depth(const TiffSource& source, Layout& layout) {
  const auto format = source.value<std::uint16_t>(TIFFTAG_SAMPLEFORMAT);
  const int bits = layout.bits;
  layout.real = format == SAMPLEFORMAT_IEEEFP;
  const bool whole = (format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID) && bits >= 1 && bits <= 32;
  if (!whole && !(layout.real && (bits == 16 || bits == 32 || bits == 64)))
    refuse("samples of " + std::to_string(bits) + " bits that are " +
           (layout.real                   ? "floats"
            : format == SAMPLEFORMAT_INT  ? "signed numbers"
            : format == SAMPLEFORMAT_UINT ? "whole numbers"
                                          : "no numbers"));
  layout.stored_depth = layout.real ? CV_32F : bits <= 8 ? CV_8U : CV_16U;
  layout.depth = layout.stored_depth;
  const bool byte_or_word = whole && (bits == 8 || bits == 16);
  if (layout.colour == Colour::cmyk && (layout.real || bits > 16)) refuse("inks of more than 16 bits");
  if ((layout.colour == Colour::lab || layout.colour == Colour::icc_lab) && !byte_or_word)
    refuse("L*a*b* of other than 8 or 16 bits");
}

/// libtiff decodes whole strips or tiles.
void check_pieces(const TiffSource& source, const Layout& layout) {
  constexpr std::uint64_t kAlwaysFine = 16 << 20, kTimes = 16;
  const std::uint64_t pixels = std::uint64_t(layout.width) * std::uint64_t(layout.height);
  const std::uint64_t picture = pixels * std::uint64_t(layout.channels()) *
                                (layout.depth == CV_8U    ? 1
                                 : layout.depth == CV_16U ? 2
                                                          : 4);
  if (std::uint64_t(layout.width) * std::uint64_t(layout.samples) > std::uint64_t(std::numeric_limits<int>::max()))
    throw Error(ErrorCode::limit, "TIFF: more samples per row than can be counted", "save it in separate pieces");
  const std::uint64_t piece = layout.tiled ? TIFFTileSize64(source.get()) : TIFFStripSize64(source.get());
  if (piece > std::max(kAlwaysFine, kTimes * picture))
    throw Error(ErrorCode::limit,
                std::string("TIFF: ") + (layout.tiled ? "tiles" : "strips") + " are far larger than the picture",
                "save it with smaller ones with the program that wrote it");
}

/// Palettes have 16 bits per colour, but most writers put 8 there, in either half or in both.
void choose_palette_depth(const TiffSource& source, Layout& layout) {
  if (layout.real || (layout.bits > 8 && layout.bits != 16))
    refuse("a palette for samples of " + std::to_string(layout.bits) + " bits");
  std::uint16_t* maps[3] = {};
  if (!TIFFGetField(source.get(), TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2])) fail("the palette is missing");
  bool wide = false, deep = false;
  for (const std::uint16_t* map : maps)
    for (std::size_t i = 0; i < std::size_t(1) << layout.bits; ++i) {
      wide |= map[i] > 255;
      deep |= map[i] % 256 != 0 && map[i] % 256 != map[i] / 256;
    }
  layout.depth = wide && deep ? CV_16U : CV_8U;
  layout.palette_shift = wide && !deep ? 8 : 0;
}

}  // namespace

int Layout::channels() const {
  const bool single = colour == Colour::grey || colour == Colour::inverted_grey || colour == Colour::luminance;
  return (single ? 1 : 3) + has_alpha();
}

Layout layout_of(TiffSource& source) {
  Layout layout;
  layout.width = side(source.value<std::uint32_t>(TIFFTAG_IMAGEWIDTH));
  layout.height = side(source.value<std::uint32_t>(TIFFTAG_IMAGELENGTH));
  if (source.value<std::uint32_t>(TIFFTAG_IMAGEDEPTH) > 1) refuse("a picture in three dimensions");
  layout.compression = compression_of(source);
  layout.samples = source.value<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL);
  layout.planar = layout.samples > 1 && source.value<std::uint16_t>(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
  layout.tiled = TIFFIsTiled(source.get());
  layout.colour = colour_of(source, photometric_of(source, layout.samples), layout.samples, layout.planar);
  layout.samples = source.value<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL);
  layout.bits = source.value<std::uint16_t>(TIFFTAG_BITSPERSAMPLE);
  if (layout.colour == Colour::rendered) {
    char reason[1024] = "";
    if (layout.bits != 8) refuse("YCbCr of other than 8 bits");
    if (!TIFFRGBAImageOK(source.get(), reason)) refuse(reason);
    layout.depth = layout.stored_depth = CV_8U;
  } else {
    choose_samples(source, layout);
    choose_depth(source, layout);
  }
  if (layout.colour == Colour::palette) choose_palette_depth(source, layout);
  check_pieces(source, layout);
  return layout;
}

const char* to_string(Layout::Colour colour) {
  switch (colour) {
    case Colour::grey:
    case Colour::inverted_grey:
      return "grey";
    case Colour::rgb:
      return "RGB";
    case Colour::palette:
      return "palette";
    case Colour::cmyk:
      return "CMYK";
    case Colour::lab:
    case Colour::icc_lab:
      return "L*a*b*";
    case Colour::luminance:
      return "logarithm of luminance";
    case Colour::xyz:
      return "logarithms of XYZ";
    case Colour::rendered:
      break;
  }
  return "YCbCr";
}

}  // namespace calotype
