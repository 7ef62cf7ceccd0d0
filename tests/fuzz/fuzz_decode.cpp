// SPDX-License-Identifier: Apache-2.0
// Every decoder. The first byte chooses: 0 by content, n the nth by name; and whether damage is forgiven.
#include <opencv2/core.hpp>
#include <tiff_files.hpp>

#include "calotype/calotype.hpp"
#include "fuzz_target.hpp"

using namespace calotype;

namespace {

constexpr std::int64_t max_pixels = 1 << 18;

std::vector<std::string> names(Kind kind) {
  std::vector<std::string> found;
  for (const Item& item : Registry::global().items())
    if (item.element.kind == kind) found.push_back(item.element.name);
  return found;
}

void decode_as(const std::string& format, const Bytes& bytes) {
  Registry& registry = Registry::global();
  const auto decoder = registry.decoder(format);
  const ImageInfo info = decoder->probe(bytes);
  if (std::int64_t(info.width) * info.height > max_pixels) return;
  decoder->decode(bytes, Params::validated(registry.describe(Kind::decoder, format).element.params, {}, format));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> decoders = names(Kind::decoder);
  if (size == 0) return 0;
  const Bytes bytes(data + 1, data + size);
  const std::size_t choice = data[0] % (decoders.size() + 1);
  Rules rules;
  rules.max_pixels = max_pixels;
  rules.lenient = data[0] >= 128;
  try {
    if (choice == 0)
      decode(bytes, "", {}, rules);
    else
      decode_as(decoders[choice - 1], bytes);
  } catch (const Error&) {
  }
  return 0;
}

std::vector<Bytes> fuzz_seeds() {
  std::vector<Bytes> seeds;
  for (const std::string& format : names(Kind::encoder))
    for (const int type : {CV_8UC1, CV_8UC3, CV_16UC4}) {
      Image image;
      image.pixels.create(9, 14, type);
      cv::randu(image.pixels, 0, 200);
      image.meta.text = {{"Comment", "seed"}};
      image.meta.exif = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0};
      image.meta.iptc = {0x1C, 2, 120, 0, 1, 'c'};
      image.meta.density = {300, 300};
      Bytes bytes = encode(image, format);
      bytes.insert(bytes.begin(), 0);
      seeds.push_back(std::move(bytes));
    }
  for (Bytes& bytes : odd_tiffs()) {
    bytes.insert(bytes.begin(), 0);
    seeds.push_back(std::move(bytes));
  }
  return seeds;
}
