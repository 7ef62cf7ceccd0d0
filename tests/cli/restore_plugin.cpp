// SPDX-License-Identifier: Apache-2.0
// Stand-ins for the networks that restore pictures: quick, and as slow as a test wants.
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <opencv2/core.hpp>

#include "calotype/io.hpp"
#include "calotype/plugin.hpp"

using namespace calotype;

namespace {

/// The picture's negative. Where `gate` is given, each call adds a line to GATE.begun, and returns once the file GATE
/// exists.
class Denoise : public Backbone {
 public:
  Image run(Image image, const Params& params) override {
    if (busy_.exchange(true)) throw Error(ErrorCode::internal, "one object is used by two threads");
    if (const auto gate = params.get<std::string>("gate"); !gate.empty()) {
      std::ofstream(gate + ".begun", std::ios::app) << params.get<int>("threads") << std::endl;
      while (::access(gate.c_str(), F_OK) != 0) ::usleep(1000);
    }
    cv::bitwise_not(image.pixels, image.pixels);
    busy_ = false;
    return image;
  }

 private:
  std::atomic<bool> busy_ = false;
};

/// White where the mask is.
class Inpaint : public Backbone {
 public:
  Image run(Image image, const Params& params) override {
    const std::string mask = params.get<std::string>("mask");
    if (!mask.empty()) image.pixels.setTo(cv::Scalar::all(255), read_image(mask).pixels);
    return image;
  }
};

ElementInfo element(const char* name, ParamSpec own) {
  ElementInfo info;
  info.name = name;
  info.doc = "For tests.";
  info.params = engine_params();
  info.params.push_back(std::move(own));
  return info;
}

}  // namespace

CALOTYPE_PLUGIN("fake_restore", "1.0", "Apache-2.0", "Stand-ins for restoration") {
  r.add<Denoise>(element("denoise", {"gate", "", "A file to wait for.", {}, {}, {}}));
  r.add<Denoise>(element("deblock", {"gate", "", "A file to wait for.", {}, {}, {}}));
  r.add<Inpaint>(element("inpaint", {"mask", "", "A picture.", {}, {}, {}}));
}
