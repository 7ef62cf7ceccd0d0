// SPDX-License-Identifier: Apache-2.0
#include "encoder.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "../common/samples.hpp"
#include "guard.hpp"
#include "markers.hpp"

namespace calotype {
namespace {

/// Owns libjpeg's compressor, its error handler and the growing file.
struct Compressor {
  JpegErrors errors;
  jpeg_compress_struct codec{};
  unsigned char* file = nullptr;
  unsigned long file_size = 0;

  Compressor() {
    codec.err = &errors;
    guarded(errors, codec, [&] {
      jpeg_create_compress(&codec);
      jpeg_mem_dest(&codec, &file, &file_size);
    });
  }
  ~Compressor() {
    jpeg_destroy_compress(&codec);
    std::free(file);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
};

/// Chroma at full resolution where quality is asked for, as most photo programs do.
int chroma_step(const std::string& subsampling, int quality, bool vertical) {
  if (subsampling == "auto") return quality >= 90 ? 1 : 2;
  return subsampling == "444" || (vertical && subsampling == "422") ? 1 : 2;
}

/// Writes prefix + payload as one segment, or says that it does not fit.
void write_segment(Compressor& jpeg, int marker, std::string_view prefix, std::string_view payload, Losses& lost,
                   LossKind kind) {
  if (payload.empty()) return;
  if (prefix.size() + payload.size() > max_segment)
    return lost.add(kind, std::string(to_string(kind)) + " larger than 64 KiB is left out, JPEG has no room for it");
  const std::string segment = std::string(prefix).append(payload);
  guarded(jpeg.errors, jpeg.codec, [&] {
    jpeg_write_marker(&jpeg.codec, marker, reinterpret_cast<const JOCTET*>(segment.data()),
                      static_cast<unsigned int>(segment.size()));
  });
}

std::string_view view(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

void write_metadata(Compressor& jpeg, const Metadata& meta, Losses& lost) {
  write_segment(jpeg, JPEG_APP0 + 1, exif_prefix, view(meta.exif), lost, LossKind::exif);
  write_segment(jpeg, JPEG_APP0 + 1, xmp_prefix, view(meta.xmp), lost, LossKind::xmp);
  if (meta.icc.size() > max_icc_profile)
    lost.add(LossKind::icc, "the colour profile is larger than the 16 MiB that JPEG has room for");
  else if (!meta.icc.empty())
    guarded(jpeg.errors, jpeg.codec,
            [&] { jpeg_write_icc_profile(&jpeg.codec, meta.icc.data(), static_cast<unsigned int>(meta.icc.size())); });
  for (const auto& [keyword, value] : meta.text)  // a JPEG comment has no keyword of its own
    write_segment(jpeg, JPEG_COM, keyword == "Comment" ? "" : keyword + ": ", value, lost, LossKind::text);
}

}  // namespace

std::vector<ParamSpec> JpegEncoder::params() {
  return {{"quality", std::int64_t(90), "Quality; 100 is the best and largest.", 1, 100, {}},
          {"progressive", true, "Refine over several scans: smaller, and shown early while loading.", {}, {}, {}},
          {"subsampling",
           std::string("auto"),
           "Chroma resolution; auto is 444 from quality 90 and 420 below.",
           {},
           {},
           {"auto", "444", "422", "420"}}};
}

Bytes JpegEncoder::encode(const Image& image, const Params& params, Losses& lost) {
  if (std::max(image.pixels.cols, image.pixels.rows) > JPEG_MAX_DIMENSION)
    throw Error(ErrorCode::unsupported, "JPEG: a side is longer than " + std::to_string(JPEG_MAX_DIMENSION) + " pixels",
                "resize the picture or write PNG");
  const cv::Mat pixels = without_alpha(with_depth(image.pixels, CV_8U, lost), lost);
  const int quality = params.get<int>("quality");
  const bool progressive = params.get<bool>("progressive");
  const std::string subsampling = params.get<std::string>("subsampling");
  const bool grey = pixels.channels() == 1;
  const int h = chroma_step(subsampling, quality, false);
  const int v = chroma_step(subsampling, quality, true);

  Compressor jpeg;
  auto& codec = jpeg.codec;
  guarded(jpeg.errors, codec, [&] {
    codec.image_width = static_cast<JDIMENSION>(pixels.cols);
    codec.image_height = static_cast<JDIMENSION>(pixels.rows);
    codec.input_components = pixels.channels();
    codec.in_color_space = grey ? JCS_GRAYSCALE : JCS_EXT_BGR;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, quality, TRUE);
    codec.optimize_coding = TRUE;
    if (progressive) jpeg_simple_progression(&codec);
    if (!grey) {
      codec.comp_info[0].h_samp_factor = h;
      codec.comp_info[0].v_samp_factor = v;
    }
    jpeg_start_compress(&codec, TRUE);
  });
  write_metadata(jpeg, image.meta, lost);
  guarded(jpeg.errors, codec, [&] {
    while (codec.next_scanline < codec.image_height) {
      // libjpeg reads the row only; its type lacks the const.
      JSAMPROW row = const_cast<JSAMPROW>(pixels.ptr(static_cast<int>(codec.next_scanline)));
      jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
  });
  return Bytes(jpeg.file, jpeg.file + jpeg.file_size);
}

}  // namespace calotype
