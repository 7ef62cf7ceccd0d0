// SPDX-License-Identifier: Apache-2.0
// A model.ini from a stranger.
#include "calotype/calotype.hpp"
#include "directory.hpp"
#include "fuzz_target.hpp"

using namespace calotype;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory directory("manifest");
  write_file((directory.path / "model.ini").string(), Bytes(data, data + size), true);
  try {
    const Model model = Model::open(directory.path.string());
    for (const auto& [part, file] : model.manifest().parts) model.read(part);
  } catch (const Error&) {
  }
  return 0;
}

std::vector<Bytes> fuzz_seeds() {
  const std::string text =
      "[model]\nid=m\ntask=codec\nversion=1\nlicense=Apache-2.0\nsource=none\n\n[part]\nanalysis=a.onnx\n"
      "analysis_xxh128=0123456789abcdef0123456789abcdef\n\n"
      "[tile]\nmultiple=16\nhalo=64\nsize=1024\n\n[engine]\nprecision=fp32,bf16\n";
  const std::string network =
      "[model]\nid=n\ntask=image\n\n[part]\nnetwork=n.onnx\n\n[input]\nname=x\nsize=64x48\nfit=crop\nchannels=bgr\n"
      "layout=nhwc\nrange=-1..1\nmean=0.5,0.4,0.3\nstd=2\n\n[output]\npicture=y\nscale=2\nrange=0..255\n\n"
      "[tile]\nhalo=8\nmemory=100\n";
  return {Bytes(text.begin(), text.end()), Bytes(network.begin(), network.end())};
}
