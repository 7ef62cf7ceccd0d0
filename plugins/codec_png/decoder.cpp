// SPDX-License-Identifier: Apache-2.0
#include "decoder.hpp"

#include <opencv2/core.hpp>
#include <vector>

#include "../common/text.hpp"
#include "guard.hpp"
#include "image_data.hpp"
#include "keywords.hpp"

namespace calotype {
namespace {

constexpr png_uint_32 max_side = 1'000'000;
/// Bounds what compressed profiles and texts may grow to, each and together.
constexpr png_alloc_size_t max_chunk_bytes = 8 << 20;
constexpr png_uint_32 max_kept_chunks = 64;

/// Owns libpng's reader of one file.
struct Reader {
  PngErrors errors{ErrorCode::corrupt, "the file is damaged or cut short; fetch it again from its source"};
  png_structp png = nullptr;
  png_infop info = nullptr;
  StoredImageData file;

  Reader(const Bytes& bytes, bool keep_metadata) : file(bytes) {
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
    png_set_user_limits(png, max_side, max_side);
    png_set_chunk_malloc_max(png, max_chunk_bytes);
    png_set_chunk_cache_max(png, max_kept_chunks);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
    if (!keep_metadata) {
      static const png_byte names[] = "iCCP\0tEXt\0zTXt\0iTXt\0eXIf\0sPLT";
      png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
    }
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Up to the pixels.
  void read_header() {
    guarded(errors, [&] { png_read_info(png, info); });
  }
  /// After set_transforms(); and all that follows. Only within guarded().
  void read_pixels(png_bytepp rows) {
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_ERROR_QUIT);  // `file` has checked them
    png_read_image(png, rows);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    file.leave();
    png_read_end(png, info);  // metadata may follow the pixels
  }
  bool has_alpha() const {
    return (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS);
  }
  int channels() const {
    const bool colour = png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR;
    return (colour ? 3 : 1) + has_alpha();
  }
  int bit_depth() const { return png_get_bit_depth(png, info) == 16 ? 16 : 8; }
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
  png_set_interlace_handling(png);
  png_read_update_info(png, reader.info);
}

Metadata metadata_of(Reader& reader) {
  Metadata meta;
  png_charp name = nullptr;
  int compression = 0;
  png_bytep profile = nullptr;
  png_uint_32 size = 0;
  if (png_get_iCCP(reader.png, reader.info, &name, &compression, &profile, &size))
    meta.icc.assign(profile, profile + size);
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(reader.png, reader.info, &size, &exif)) meta.exif.assign(exif, exif + size);
  png_textp texts = nullptr;
  int count = 0;
  png_get_text(reader.png, reader.info, &texts, &count);
  for (int i = 0; i < count; ++i) {
    const std::string keyword = texts[i].key;
    const bool international = texts[i].compression >= PNG_ITXT_COMPRESSION_NONE;
    const std::string value(texts[i].text, international ? texts[i].itxt_length : texts[i].text_length);
    if (keyword == xmp_keyword)
      meta.xmp.assign(value.begin(), value.end());
    else
      meta.text.emplace_back(utf8_from_latin1(keyword), international ? value : utf8_from_latin1(value));
  }
  return meta;
}

}  // namespace

ImageInfo PngDecoder::probe(const Bytes& bytes) const {
  Reader reader(bytes, false);
  reader.read_header();
  ImageInfo info;
  info.format = "png";
  info.width = static_cast<int>(png_get_image_width(reader.png, reader.info));
  info.height = static_cast<int>(png_get_image_height(reader.png, reader.info));
  info.channels = reader.channels();
  info.bit_depth = reader.bit_depth();
  info.details.emplace_back("colour", colour_name(png_get_color_type(reader.png, reader.info)));
  info.details.emplace_back("stored bits", std::to_string(png_get_bit_depth(reader.png, reader.info)));
  if (png_get_interlace_type(reader.png, reader.info) != PNG_INTERLACE_NONE)
    info.details.emplace_back("interlace", "Adam7");
  return info;
}

Image PngDecoder::decode(const Bytes& bytes, const Params&) {
  Reader reader(bytes, true);
  reader.read_header();
  Image image;
  image.pixels.create(static_cast<int>(png_get_image_height(reader.png, reader.info)),
                      static_cast<int>(png_get_image_width(reader.png, reader.info)),
                      CV_MAKETYPE(reader.bit_depth() == 16 ? CV_16U : CV_8U, reader.channels()));
  std::vector<png_bytep> rows(static_cast<std::size_t>(image.pixels.rows));
  for (int y = 0; y < image.pixels.rows; ++y) rows[static_cast<std::size_t>(y)] = image.pixels.ptr(y);
  guarded(reader.errors, [&] {
    set_transforms(reader);
    if (png_get_rowbytes(reader.png, reader.info) != image.pixels.cols * image.pixels.elemSize())
      png_error(reader.png, "row size differs from the header's");
    reader.read_pixels(rows.data());
  });
  image.meta = metadata_of(reader);
  return image;
}

}  // namespace calotype
