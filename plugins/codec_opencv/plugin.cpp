// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

#include "calotype/version.hpp"
#include "formats.hpp"
#include "imgcodecs.hpp"

namespace calotype {
namespace {

template <ImageInfo (*info)(const Bytes&), void (*finish)(const Bytes&, Image&),
          cv::Mat (*pixels)(const Bytes&, const ImageInfo&) = decode_with_imgcodecs>
class OpencvDecoder : public Decoder {
 public:
  ImageInfo probe(const Bytes& bytes) const override { return info(bytes); }
  Image decode(const Bytes& bytes, const Params&) override {
    Image image;
    image.pixels = pixels(bytes, info(bytes));
    finish(bytes, image);
    return image;
  }
};

template <Bytes (*write)(const Image&, const Params&, Losses&)>
class OpencvEncoder : public Encoder {
 public:
  Bytes encode(const Image& image, const Params& params, Losses& lost) override { return write(image, params, lost); }
};

}  // namespace
}  // namespace calotype

CALOTYPE_PLUGIN("codec_opencv", CALOTYPE_VERSION, "Apache-2.0", "WebP, BMP and JPEG 2000 through OpenCV") {
  using namespace calotype;
  const std::vector<std::string> webp = {"webp"}, bmp = {"bmp", "dib"}, jp2 = {"jp2", "j2k", "j2c"};

  r.add<OpencvDecoder<webp_info, webp_finish, webp_pixels>>(
      {Kind::decoder, "webp", "Reads WebP.", webp, {"52494646????????57454250"}, 0, {}});
  r.add<OpencvEncoder<webp_write>>({Kind::encoder, "webp", "Writes WebP, 8 bits.", webp, {}, 0, webp_params()});

  r.add<OpencvDecoder<bmp_info, bmp_finish>>({Kind::decoder, "bmp", "Reads BMP.", bmp, {"424d"}, 0, {}});
  r.add<OpencvEncoder<bmp_write>>({Kind::encoder, "bmp", "Writes BMP, lossless, 8 bits.", bmp, {}, 0, {}});

  r.add<OpencvDecoder<jp2_info, jp2_finish, jp2_pixels>>(
      {Kind::decoder, "jp2", "Reads JPEG 2000.", jp2, {"0000000c6a5020200d0a870a", "ff4fff51"}, 0, {}});
}
