// SPDX-License-Identifier: Apache-2.0
// One small element of each kind, and some that misbehave.
#include <opencv2/core.hpp>

#include "calotype/plugin.hpp"

using namespace calotype;

namespace {

/// "RAW!", width, height, then grey samples.
class RawDecoder : public Decoder {
 public:
  ImageInfo probe(const Bytes& bytes) const override {
    if (bytes.size() < 6) throw Error(ErrorCode::corrupt, "the header is cut short");
    ImageInfo info;
    info.width = bytes[4];
    info.height = bytes[5];
    info.channels = 1;
    return info;
  }
  Image decode(const Bytes& bytes, const Params& params) override {
    const ImageInfo info = probe(bytes);
    if (bytes.size() != 6 + std::size_t(info.width) * std::size_t(info.height))
      throw Error(ErrorCode::corrupt, "the samples are cut short");
    Image image;
    image.pixels = cv::Mat(info.height, info.width, CV_8U, const_cast<std::uint8_t*>(bytes.data() + 6)).clone();
    image.pixels += params.get<int>("add");
    return image;
  }
};

class RawEncoder : public Encoder {
 public:
  Bytes encode(const Image& image, const Params&, Losses&) override {
    if (image.pixels.type() != CV_8U) throw Error(ErrorCode::unsupported, "raw holds 8-bit grey only");
    Bytes bytes(6 + image.pixels.total());
    const std::uint8_t header[] = {
        'R', 'A', 'W', '!', std::uint8_t(image.pixels.cols), std::uint8_t(image.pixels.rows)};
    std::copy(std::begin(header), std::end(header), bytes.begin());
    std::copy(image.pixels.datastart, image.pixels.dataend, bytes.begin() + 6);
    return bytes;
  }
};

class Shade : public Backbone {
 public:
  Image run(Image image, const Params& params) override {
    image.pixels = image.pixels - params.get<double>("sigma");
    return image;
  }
};

/// Breaks its contract in the way asked for.
class Naughty : public Backbone {
 public:
  Image run(Image image, const Params& params) override {
    const std::string how = params.get<std::string>("how");
    if (how == "std") throw std::runtime_error("oh dear");
    if (how == "cv") CV_Error(cv::Error::StsBadArg, "oh dear");
    if (how == "memory") throw std::bad_alloc();
    if (how == "int") throw 42;
    if (how == "error") throw Error(ErrorCode::unsupported, "not today", "try tomorrow");
    image.pixels.release();
    return image;
  }
};

/// Outputs what it is given.
class Echo : public Session, public Network, public Engine {
 public:
  void run(const TensorMap& in, TensorMap& out) override { out["y"] = in.begin()->second; }
  std::unique_ptr<Session> session() const override { return std::make_unique<Echo>(); }
  NetworkInfo info() const override { return {"echo", "cpu", "fp32"}; }
  std::vector<Device> devices() const override { return {{"cpu", "no arithmetic at all"}}; }
  std::string version() const override { return "1"; }
  std::shared_ptr<Network> load(const std::filesystem::path&, const EngineOptions&) override {
    return std::make_shared<Echo>();
  }
};

/// Faster, had it the hardware.
class Absent : public Echo {
 public:
  std::shared_ptr<Network> load(const std::filesystem::path&, const EngineOptions&) override {
    throw Error(ErrorCode::engine, "there is no such device");
  }
};

/// For hardware that is nowhere.
class Deviceless : public Absent {
 public:
  std::vector<Device> devices() const override { return {}; }
};

ElementInfo codec() {
  ElementInfo info;
  info.name = "raw";
  info.doc = "Test pictures.";
  info.extensions = {"raw", "grey"};
  return info;
}

ElementInfo engine(const char* name, int priority) {
  ElementInfo info;
  info.name = name;
  info.priority = priority;
  return info;
}

}  // namespace

CALOTYPE_PLUGIN("fake", "1.0", "Apache-2.0 OR MIT", "elements for the unit tests") {
  ElementInfo decoder = codec();
  decoder.magics = {"524157", "5241??21"};
  decoder.params = {{"add", std::int64_t{0}, "Added to each sample.", 0, 255, {}}};
  r.add<RawDecoder>(decoder);
  r.add<RawEncoder>(codec());
  r.add<Shade>({Kind::backbone, "shade", "Darkens.", {}, {}, 0, {{"sigma", 25.0, "By how much.", 0, 75}}});
  r.add<Naughty>({Kind::backbone, "naughty", "Fails.", {}, {}, 0, {{"how", "empty", "In which way."}}});
  r.add<Echo>(engine("echo", 1000));
  r.add<Absent>(engine("absent", 2000));
  r.add<Deviceless>(engine("deviceless", 3000));
}
