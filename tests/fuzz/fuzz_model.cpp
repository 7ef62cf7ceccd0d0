// SPDX-License-Identifier: Apache-2.0
// Models whose networks are well-formed, but of other shapes than their task's: each three bytes choose a network and
// what is wrong with it.
#include <opencv2/core.hpp>

#include "calotype/calotype.hpp"
#include "directory.hpp"
#include "fuzz_target.hpp"
#include "networks/model_writer.hpp"

using namespace calotype;

namespace {

Image picture() {
  Image image;
  image.pixels.create(20, 33, CV_8UC3);
  cv::randu(image.pixels, 0, 256);
  return image;
}

NetworkShape changed(NetworkShape shape, unsigned what, unsigned how) {
  const int number = int(how % 40) + 1;
  switch (what % 8) {
    case 0:
      shape.outputs = number;
      break;
    case 1:
      shape.inputs = number;
      break;
    case 2:
      shape.kernel = number;
      break;
    case 3:
      shape.op = shape.op == "Conv" ? "ConvTranspose" : "Conv";
      break;
    case 4:
      shape.output = "z";
      break;
    default:
      break;
  }
  return shape;
}

/// Restores a picture with the model of a folder, or codes it, `slow` with the gradient.
void use(const std::string& folder, bool codec, bool slow, const std::string& engine) {
  const RawParams raw = {{"model", folder}, {"engine", engine}, {"threads", "1"}};
  if (codec) {
    RawParams way = raw;
    way["effort"] = slow ? "2" : "1";
    decode(encode(picture(), "calo", way), "calo", raw);
    return;
  }
  Registry& registry = Registry::global();
  const auto specs = registry.describe(Kind::backbone, "denoise").element.params;
  registry.backbone("denoise")->run(picture(), Params::validated(specs, raw, "denoise"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory directory("model");
  static int number = 0;  // the library knows networks that it has loaded by their files
  if (size < 2) return 0;
  const bool codec = data[0] % 2;
  std::map<std::string, NetworkShape> networks = {{"restore", {"Conv", 4, 3, 1}}};
  ModelParts parts;
  if (codec) {
    networks = tiny_codec_networks();
    parts = tiny_codec();
  }
  for (std::size_t i = 2; i + 3 <= size; i += 3) {
    const auto chosen = std::next(networks.begin(), std::ptrdiff_t(data[i] % networks.size()));
    chosen->second = changed(chosen->second, data[i + 1], data[i + 2]);
  }
  for (const auto& [part, shape] : networks) parts[part] = tiny_network(shape);
  const auto folder = directory.path / std::to_string(number++);
  write_model(folder, codec ? "codec" : "restore", parts);
  try {
    use(folder.string(), codec, data[1] & 2, data[1] & 1 ? "onednn" : "opencv");
  } catch (const Error&) {
  }
  std::filesystem::remove_all(folder);
  return 0;
}

std::vector<Bytes> fuzz_seeds() {
  std::vector<Bytes> seeds;
  for (std::uint8_t task = 0; task < 2; ++task)
    for (std::uint8_t way = 0; way < 4; ++way) {
      seeds.push_back({task, way});  // nothing is wrong
      for (std::uint8_t part = 0; part < 7; ++part) seeds.push_back({task, way, part, part, 7});
    }
  return seeds;
}
