// SPDX-License-Identifier: Apache-2.0
#include "encoder.hpp"

#include <cstring>
#include <new>
#include <opencv2/core.hpp>
#include <vector>

#include "../common/density.hpp"
#include "../common/photoshop.hpp"
#include "../common/samples.hpp"
#include "../common/text.hpp"
#include "guard.hpp"
#include "keywords.hpp"
#include "photograph.hpp"
#include "raw_profile.hpp"

namespace calotype {
namespace {

/// Owns libpng's writer and the growing file.
struct Writer {
  PngErrors errors{ErrorCode::unsupported, "write it without its metadata or to another format"};
  png_structp png = nullptr;
  png_infop info = nullptr;
  Bytes file;

  Writer() {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &errors, png_on_error, png_on_warning);
    info = png ? png_create_info_struct(png) : nullptr;
    if (!info) {
      png_destroy_write_struct(&png, nullptr);
      throw Error(ErrorCode::limit, "PNG: out of memory", "use a smaller picture, or free some memory");
    }
    png_set_write_fn(
        png, this,
        [](png_structp writer, png_bytep data, std::size_t count) {
          Bytes& to = static_cast<Writer*>(png_get_io_ptr(writer))->file;
          bool grown = true;
          try {
            to.insert(to.end(), data, data + count);
          } catch (const std::bad_alloc&) {  // must not travel through libpng
            grown = false;
          }
          if (!grown) png_error(writer, "out of memory");
        },
        [](png_structp) {});
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_benign_errors(png, 1);  // metadata that libpng finds wanting is left out with a warning
  }
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
};

int colour_type(int channels) {
  constexpr int kTypes[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                            PNG_COLOR_TYPE_RGB_ALPHA};
  return kTypes[channels - 1];
}

/// PNG keywords are 1 to 79 characters without space at either end; we write the ASCII ones.
bool is_keyword(const std::string& keyword) {
  return !keyword.empty() && keyword.size() < 80 && is_ascii(keyword) && keyword.front() > ' ' && keyword.back() > ' ';
}

bool holds_nul(const std::string& text) { return text.find('\0') != text.npos; }

/// Points into its arguments.
png_text text_chunk(const std::string& keyword, const std::string& value, int compression) {
  png_text chunk{};
  chunk.key = const_cast<char*>(keyword.c_str());  // libpng reads only
  chunk.text = const_cast<char*>(value.c_str());
  chunk.compression = compression;
  return chunk;
}

/// Plain text where that is enough, UTF-8 otherwise.
int text_compression(const std::string& value) {
  return is_ascii(value) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
}

/// libpng's own texts are C strings.
std::vector<png_text> texts_of(const std::vector<std::pair<std::string, std::string>>& texts, Losses& lost) {
  std::vector<png_text> chunks;
  for (const auto& [keyword, value] : texts) {
    if (is_keyword(keyword) && !holds_nul(value))
      chunks.push_back(text_chunk(keyword, value, text_compression(value)));
    else
      lost.add(LossKind::text,
               "a text is left out, for its keyword \"" + keyword + "\" or a sign in it is not for PNG");
  }
  return chunks;
}

void set_metadata(Writer& writer, const Metadata& meta, Losses& lost) {
  const std::string xmp_key = xmp_keyword, xmp(meta.xmp.begin(), meta.xmp.end());
  const std::string iptc_key = std::string(raw_profile_keyword) + "iptc",
                    iptc = to_raw_profile("iptc", iptc_resource(meta.iptc));
  std::vector<png_text> texts = texts_of(meta.text, lost);
  if (!meta.iptc.empty()) texts.push_back(text_chunk(iptc_key, iptc, PNG_TEXT_COMPRESSION_zTXt));
  if (holds_nul(xmp))
    lost.add(LossKind::xmp, "XMP that is not in UTF-8 is left out");
  else if (!xmp.empty())
    texts.push_back(text_chunk(xmp_key, xmp, PNG_ITXT_COMPRESSION_NONE));
  guarded(writer.errors, [&] {
    if (!meta.icc.empty())
      png_set_iCCP(writer.png, writer.info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, meta.icc.data(),
                   static_cast<png_uint_32>(meta.icc.size()));
    if (!meta.exif.empty())
      png_set_eXIf_1(writer.png, writer.info, static_cast<png_uint_32>(meta.exif.size()),
                     const_cast<png_bytep>(meta.exif.data()));
    if (meta.density.known())
      png_set_pHYs(writer.png, writer.info, per_metre(meta.density.x), per_metre(meta.density.y), PNG_RESOLUTION_METER);
    if (!texts.empty()) png_set_text(writer.png, writer.info, texts.data(), static_cast<int>(texts.size()));
  });
  if (!meta.icc.empty() && !png_get_valid(writer.png, writer.info, PNG_INFO_iCCP))
    lost.add(LossKind::icc, "libpng finds the colour profile unsound, and it is left out");
}

/// The rest of a file, rows compressed already. Frees what is written, so that nothing large is held twice.
void write_compressed(png_structp png, std::vector<Bytes>& stream) {
  static const png_byte data[] = "IDAT", end[] = "IEND";
  for (Bytes& piece : stream) {
    png_write_chunk(png, data, piece.data(), piece.size());
    Bytes().swap(piece);
  }
  png_write_chunk(png, end, nullptr, 0);
}

/// Whether pixels that equal their left neighbour are rare: then there is little for a search of repetitions to find.
bool is_photograph(const cv::Mat& pixels) {
  const std::size_t size = pixels.elemSize();
  std::int64_t equal = 0, all = 0;
  for (int y = 0; y < pixels.rows; y += 16)
    for (int x = 1; x < pixels.cols; ++x, ++all)
      equal += std::memcmp(pixels.ptr(y, x), pixels.ptr(y, x - 1), size) == 0;
  return equal * 3 < all;
}

}  // namespace

std::vector<ParamSpec> PngEncoder::params() {
  return {{"compression",
           std::int64_t(4),
           "Effort: 0 stores, 9 is the smallest and slowest. Left out, photographs are searched quickly, on all cores: "
           "much faster, and little larger.",
           0,
           9,
           {}}};
}

Bytes PngEncoder::encode(const Image& image, const Params& params, Losses& lost) {
  const cv::Mat pixels = image.pixels.depth() == CV_32F ? with_depth(image.pixels, CV_16U, lost) : image.pixels;
  std::vector<png_bytep> rows(static_cast<std::size_t>(pixels.rows));
  for (int y = 0; y < pixels.rows; ++y) rows[static_cast<std::size_t>(y)] = const_cast<png_bytep>(pixels.ptr(y));
  const bool deep = pixels.depth() == CV_16U;
  const int compression = params.get<int>("compression");
  std::vector<Bytes> stream;
  if (!params.given("compression") && is_photograph(pixels)) stream = compress_photograph(pixels);

  Writer writer;
  guarded(writer.errors, [&] {
    png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(pixels.cols), static_cast<png_uint_32>(pixels.rows),
                 deep ? 16 : 8, colour_type(pixels.channels()), PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(writer.png, compression);
  });
  set_metadata(writer, image.meta, lost);
  guarded(writer.errors, [&] {
    png_write_info(writer.png, writer.info);
    if (!stream.empty()) return write_compressed(writer.png, stream);
    png_set_bgr(writer.png);
    if (deep) png_set_swap(writer.png);  // PNG is big-endian
    png_write_image(writer.png, rows.data());
    png_write_end(writer.png, nullptr);
  });
  return std::move(writer.file);
}

}  // namespace calotype
