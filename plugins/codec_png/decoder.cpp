// SPDX-License-Identifier: Apache-2.0
#include "decoder.hpp"

#include <opencv2/core.hpp>

#include "guard.hpp"
#include "image_data.hpp"
#include "metadata.hpp"

namespace calotype {
namespace {

/// Owns libpng's reader of one file, which sees the picture alone: the other chunks are read by metadata.cpp.
struct Reader {
  PngErrors errors{
      ErrorCode::corrupt,
      "the file is damaged or cut short; fetch it again from its source, or add --lenient for what there is"};
  png_structp png = nullptr;
  png_infop info = nullptr;
  StoredImageData file;
  const bool lenient;
  int passes = 1, pass = 0, row = 0;  ///< of Adam7; of what is read next

  Reader(const Bytes& bytes, bool forgiving) : file(bytes, forgiving), lenient(forgiving) {
    refuse_apples(bytes);
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &errors, png_on_error, png_on_warning);
    info = png ? png_create_info_struct(png) : nullptr;
    if (!info) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      throw Error(ErrorCode::limit, "PNG: out of memory", "use a smaller picture, or free some memory");
    }
    png_set_read_fn(png, this, [](png_structp reader, png_bytep to, std::size_t count) {
      const char* failure = static_cast<Reader*>(png_get_io_ptr(reader))->file.read(to, count);
      if (failure) png_error(reader, failure);
    });
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the host has limits of its own
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
    png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Up to the pixels.
  void read_header() {
    guarded(errors, [&] { png_read_info(png, info); });
  }
  /// After set_transforms(); and all that follows. Only within guarded().
  void read_pixels(cv::Mat& pixels) {
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_WARN_DISCARD);  // `file` has checked them
    for (; pass < passes; ++pass, row = 0)
      for (; row < pixels.rows; ++row) {
        png_bytep to = pixels.ptr(row);
        // Of a picture that may end after any pass, each shows all of it, if coarsely.
        lenient ? png_read_row(png, nullptr, to) : png_read_row(png, to, nullptr);
      }
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
    file.leave();
    png_read_end(png, info);
  }
  bool has_alpha() const {
    return (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS);
  }
  int channels() const {
    const bool colour = png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR;
    return (colour ? 3 : 1) + has_alpha();
  }
  int bit_depth() const { return png_get_bit_depth(png, info) == 16 ? 16 : 8; }

 private:
  static void refuse_apples(const Bytes& bytes) {
    PngChunk first;
    if (PngChunks(bytes).next(first) && first.name == "CgBI")
      throw Error(ErrorCode::unsupported, "PNG: optimised for the iPhone, which no other program reads",
                  "turn it back with \"xcrun pngcrush -revert-iphone-optimizations\", or save it again");
  }
};

const char* colour_name(int type) {
  switch (type) {
    case PNG_COLOR_TYPE_GRAY:
      return "grey";
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      return "grey and alpha";
    case PNG_COLOR_TYPE_PALETTE:
      return "palette";
    case PNG_COLOR_TYPE_RGB:
      return "RGB";
    default:
      return "RGB and alpha";
  }
}

/// Asks libpng for 8 or 16 bits, in BGR(A) order where there are colours.
void set_transforms(Reader& reader) {
  const png_structp png = reader.png;
  png_set_expand(png);  // palettes, fewer than 8 bits, transparent colours
  if (reader.bit_depth() == 16) png_set_swap(png);
  png_set_bgr(png);
  reader.passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader.info);
}

/// What is missing of a picture with which libpng came no further.
void lose_pixels(const Reader& reader, int rows, Losses& lost) {
  if (reader.pass == reader.passes)
    lost.add(LossKind::extra, "the end of the file is missing");
  else if (reader.passes > 1)
    lost.add(LossKind::pixels, "it ends in pass " + std::to_string(reader.pass + 1) + " of " +
                                   std::to_string(reader.passes) + ", and is coarse");
  else
    lost.add(LossKind::pixels, std::to_string(rows - reader.row) + " of " + std::to_string(rows) + " rows are missing");
}

}  // namespace

ImageInfo PngDecoder::probe(const Bytes& bytes) const {
  Reader reader(bytes, true);  // whether the pixels are sound is not asked
  reader.read_header();
  ImageInfo info;
  info.format = "png";
  info.width = static_cast<int>(png_get_image_width(reader.png, reader.info));
  info.height = static_cast<int>(png_get_image_height(reader.png, reader.info));
  info.channels = reader.channels();
  info.bit_depth = reader.bit_depth();
  info.orientation = exif_orientation(read_png_exif(bytes));
  info.details.emplace_back("colour", colour_name(png_get_color_type(reader.png, reader.info)));
  info.details.emplace_back("stored bits", std::to_string(png_get_bit_depth(reader.png, reader.info)));
  if (png_get_interlace_type(reader.png, reader.info) != PNG_INTERLACE_NONE)
    info.details.emplace_back("interlace", "Adam7");
  return info;
}

std::vector<ParamSpec> PngDecoder::params() {
  return {{"lenient", false, "Of a damaged file, take the rows that are there."}};
}

Image PngDecoder::decode(const Bytes& bytes, const Params& params) {
  const bool lenient = params.get<bool>("lenient");
  Reader reader(bytes, lenient);
  reader.read_header();
  Image image;
  image.meta = read_png_metadata(bytes, lenient, image.lost);
  cv::Mat& pixels = image.pixels;
  pixels.create(static_cast<int>(png_get_image_height(reader.png, reader.info)),
                static_cast<int>(png_get_image_width(reader.png, reader.info)),
                CV_MAKETYPE(reader.bit_depth() == 16 ? CV_16U : CV_8U, reader.channels()));
  if (lenient) pixels.setTo(0);  // black or transparent where no row comes
  try {
    guarded(reader.errors, [&] {
      set_transforms(reader);
      if (png_get_rowbytes(reader.png, reader.info) != pixels.cols * pixels.elemSize())
        png_error(reader.png, "row size differs from the header's");
      reader.read_pixels(pixels);
    });
  } catch (const Error& e) {
    const bool nothing = reader.pass == 0 && reader.row == 0;
    if (!lenient || nothing || e.code() != ErrorCode::corrupt) throw;
    lose_pixels(reader, pixels.rows, image.lost);
  }
  if (reader.file.doubtful()) image.lost.add(LossKind::pixels, "a checksum is wrong, and so may be pixels");
  return image;
}

}  // namespace calotype
