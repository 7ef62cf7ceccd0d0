// SPDX-License-Identifier: Apache-2.0
#include "encoder.hpp"

#include <algorithm>
#include <array>

#include "../common/samples.hpp"
#include "guard.hpp"
#include "metadata.hpp"
// clang-format off
#include <jerror.h>  // needs jpeglib.h
// clang-format on

namespace calotype {
namespace {

/// Where libjpeg leaves the file, in pieces of a buffer. No exception may travel through libjpeg.
struct Destination : jpeg_destination_mgr {
  Destination() : jpeg_destination_mgr() {
    init_destination = [](j_compress_ptr codec) { of(codec).rewind(); };
    empty_output_buffer = [](j_compress_ptr codec) -> boolean {
      Destination& self = of(codec);
      self.keep(codec, self.buffer.size());
      self.rewind();
      return TRUE;
    };
    term_destination = [](j_compress_ptr codec) {
      Destination& self = of(codec);
      self.keep(codec, self.buffer.size() - self.free_in_buffer);
    };
  }
  Bytes file;

 private:
  static Destination& of(j_compress_ptr codec) { return *static_cast<Destination*>(codec->dest); }
  void rewind() {
    next_output_byte = buffer.data();
    free_in_buffer = buffer.size();
  }
  void keep(j_compress_ptr codec, std::size_t count) {
    bool kept = true;
    try {
      file.insert(file.end(), buffer.begin(), buffer.begin() + std::ptrdiff_t(count));
    } catch (const std::exception&) {
      kept = false;
    }
    if (!kept) ERREXIT1(codec, JERR_OUT_OF_MEMORY, 0);
  }
  std::array<JOCTET, 1 << 16> buffer;
};

/// Owns libjpeg's compressor, its error handler and the growing file.
struct Compressor {
  JpegErrors errors;
  Destination destination;
  jpeg_compress_struct codec{};

  Compressor() {
    codec.err = &errors;
    guarded(errors, codec, [&] { jpeg_create_compress(&codec); });
    codec.dest = &destination;
  }
  ~Compressor() { jpeg_destroy_compress(&codec); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
};

/// Chroma at full resolution where quality is asked for, as most photo programs do.
int chroma_step(const std::string& subsampling, int quality, bool vertical) {
  if (subsampling == "auto") return quality >= 90 ? 1 : 2;
  return subsampling == "444" || (vertical && subsampling == "422") ? 1 : 2;
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
  const JfifDensity density = jfif_density(image.meta.density, lost);
  const std::vector<MarkerSegment> segments = metadata_segments(image.meta, lost);

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
    codec.density_unit = static_cast<UINT8>(density.unit);
    codec.X_density = static_cast<UINT16>(density.x);
    codec.Y_density = static_cast<UINT16>(density.y);
    jpeg_start_compress(&codec, TRUE);
    for (const auto& [marker, data] : segments)
      jpeg_write_marker(&codec, marker, reinterpret_cast<const JOCTET*>(data.data()),
                        static_cast<unsigned int>(data.size()));
    while (codec.next_scanline < codec.image_height) {
      // libjpeg reads the row only; its type lacks the const.
      JSAMPROW row = const_cast<JSAMPROW>(pixels.ptr(static_cast<int>(codec.next_scanline)));
      jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
  });
  return std::move(jpeg.destination.file);
}

}  // namespace calotype
