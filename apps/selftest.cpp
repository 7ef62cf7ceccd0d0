// SPDX-License-Identifier: Apache-2.0
#include "selftest.hpp"

#include <calotype/calotype.hpp>
#include <functional>
#include <opencv2/core.hpp>

#include "common/console.hpp"
#include "common/elements.hpp"
#include "common/sample.hpp"

using namespace calotype;

namespace {

const char* const kReinstall = "install its plugin and models again, or report it";

/// Runs checks one by one and keeps the score.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  /// `body` returns a remark and throws when the check fails.
  void check(const std::string& subject, const std::function<std::string()>& body) {
    std::string result = "ok", remark;
    try {
      remark = body();
    } catch (...) {
      result = "FAILED";
      remark = current_error("the check").full_text();
      ++failures_;
    }
    ++checks_;
    if (json_)
      print_json(Json::object({{"check", subject}, {"ok", result == "ok"}, {"remark", remark}}));
    else
      print(result + std::string(8 - result.size(), ' ') + subject + (remark.empty() ? "" : ": " + remark));
  }

  int finish() const {
    report(std::to_string(checks_ - failures_) + " of " + std::to_string(checks_) + " checks passed");
    return failures_ == 0 ? 0 : exit_status(ErrorCode::plugin);
  }

 private:
  bool json_;
  int checks_ = 0, failures_ = 0;
};

/// `engine` is empty for codecs without networks.
std::string round_trip(const std::string& codec, const std::string& engine) {
  constexpr double kSaneDecibels = 25;
  const RawParams params = engine.empty() ? RawParams() : RawParams{{"engine", engine}};
  const Image original = sample_picture();
  const Bytes bytes = encode(original, codec, params);
  cv::Mat decoded = decode(bytes, codec, params, {}, codec).pixels;
  if (decoded.size() == original.pixels.size() && decoded.channels() == 1)
    return std::to_string(bytes.size()) + " bytes, without colour";
  if (decoded.size() != original.pixels.size() || decoded.channels() != 3)
    throw Error(ErrorCode::plugin, "the picture came back in another shape", kReinstall);
  const double scale = decoded.depth() == CV_8U ? 1 : decoded.depth() == CV_16U ? 1 / 257.0 : 255;
  decoded.convertTo(decoded, CV_8U, scale);
  const double decibels = psnr(original.pixels, decoded);
  if (decibels < kSaneDecibels)
    throw Error(ErrorCode::plugin, "PSNR is only " + fixed(decibels, 1) + " dB", kReinstall);
  return std::to_string(bytes.size()) + " bytes, " + fixed(decibels, 1) + " dB";
}

/// Makes the element once, which runs its plugin's code.
std::string instantiate(const Item& item) {
  Registry& registry = Registry::global();
  switch (item.element.kind) {
    case Kind::decoder:
      registry.decoder(item.element.name);
      break;
    case Kind::encoder:
      registry.encoder(item.element.name);
      break;
    case Kind::backbone:
      registry.backbone(item.element.name);
      break;
    case Kind::engine:
      return registry.engine(item.element.name)->version();
  }
  return {};
}

}  // namespace

int selftest(bool json) {
  Report report(json);
  Registry& registry = Registry::global();
  std::vector<std::string> engines, codecs;
  for (const Item& item : registry.items()) {
    const std::string name = item.element.name;
    report.check(std::string(to_string(item.element.kind)) + " " + name, [&] { return instantiate(item); });
    if (item.element.kind == Kind::encoder) codecs.push_back(name);
    if (item.element.kind != Kind::engine) continue;
    report.check("devices of " + name, [&] {
      std::string devices;
      for (const Device& device : registry.engine(name)->devices())
        devices += (devices.empty() ? "" : ", ") + device.name;
      if (!devices.empty()) engines.push_back(name);
      return devices.empty() ? "none on this machine; skipped" : devices;
    });
  }
  for (const LoadFailure& failure : registry.failures(true))
    report.check("plugin " + failure.file.string(),
                 [&]() -> std::string { throw Error(ErrorCode::plugin, failure.reason); });
  for (const std::string& id : Model::list())
    report.check("model " + id, [&]() -> std::string {
      const Model model = Model::open(id);
      // Ours run on every engine, those of others need one that can.
      const bool foreign = !output_meanings(model.manifest().task).empty();
      for (const auto& [name, part] : model.manifest().parts) {
        if (foreign && name == "network") model.network(name, {});
        if (foreign || part.file.extension() != ".onnx") {
          model.read(name);
          continue;
        }
        for (const std::string& engine : engines) model.network(name, {engine})->session();
      }
      return std::to_string(model.manifest().parts.size()) + " parts";
    });
  for (const std::string& codec : codecs) {
    bool networks = false;
    report.check("parameters of " + codec, [&]() -> std::string {
      const Item item = registry.describe(Kind::encoder, codec);
      networks = runs_networks(item.element);
      return std::to_string(item.element.params.size());
    });
    for (const std::string& engine : networks ? engines : std::vector<std::string>{""})
      report.check("round trip " + codec + (engine.empty() ? "" : " on " + engine),
                   [&] { return round_trip(codec, engine); });
  }
  return report.finish();
}
