// SPDX-License-Identifier: Apache-2.0
#include "latent_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <list>
#include <sstream>
#include <tuple>

#include "calotype/error.hpp"
#include "container.hpp"
#include "signatures.hpp"

namespace calotype::latent {
namespace {

namespace fs = std::filesystem;

std::string hex(std::uint32_t value) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

constexpr int kMostAnchors = 65536 / kRateSteps;  // files have 16 bits for the rate
constexpr int kMostChannels = 1 << 13;            // a group of them needs hundreds of megabytes

/// Of a model's decoding parts, without reading any of them: the manifest holds their checksums.
std::uint32_t hash_of(const Manifest& manifest) {
  std::uint32_t hash = 0;
  for (const auto& [name, part] : manifest.parts)
    if (name != "analysis" && name != "hyper_analysis" && name != "synthesis_gradient")
      hash = crc32(hash, part.xxh128.data(), part.xxh128.size());
  return hash;
}

SymbolTables symbol_tables(const Records& records, const std::string& name) {
  std::vector<int> dims;
  const std::vector<std::int32_t> frequencies = records.i32(name, {-1, -1}, &dims);
  return SymbolTables(frequencies.data(), dims[0], dims[1]);
}

EngineChoice choice_for(Arithmetic arithmetic, const Model& model, EngineChoice choice) {
  const std::vector<std::string>& allowed = model.manifest().precisions;
  if (arithmetic == Arithmetic::fp32 && std::find(allowed.begin(), allowed.end(), "fp32") != allowed.end())
    choice.precision = "fp32";
  return choice;
}

using HowToRun = std::tuple<std::string, std::string, std::string, int>;

HowToRun tied(const EngineChoice& c) { return {c.engine, c.device, c.precision, c.threads}; }

/// Another text where the model in that folder is another.
std::string identity_of(const Manifest& manifest) {
  std::ostringstream text;
  for (const auto& [name, part] : manifest.parts) {
    text << name << ' ' << part.file << ' ' << part.xxh128 << '\n';
    if (name != "entropy") continue;
    for (const fs::path& file : {part.file, part.file.parent_path() / "model.ini"}) {
      std::error_code missing;
      text << fs::file_size(file, missing) << ' ' << fs::last_write_time(file, missing).time_since_epoch().count()
           << '\n';
    }
  }
  return text.str();
}

constexpr std::size_t kModels = 8;     // that stay open though nobody uses them
constexpr std::size_t kLoadings = 64;  // whose end is remembered

/// Networks on their way into memory.
struct Loading {
  std::weak_ptr<Background> work;
  std::shared_ptr<std::atomic<bool>> done;  // all of them are there
};

/// What this process shares. Never destroyed: sessions would outlive what they use.
struct Shared {
  struct Opened {
    std::string identity;
    HowToRun how;
    std::shared_ptr<LatentModel> model;
  };

  std::mutex mutex;
  std::list<Opened> models;  // last used first
  std::map<std::tuple<std::string, HowToRun, LatentModel::Parts>, Loading> loadings;

  void drop_unused() {
    for (auto opened = models.end(); opened != models.begin() && models.size() > kModels;)
      if ((--opened)->model.use_count() == 1) opened = models.erase(opened);
  }
};

Shared& shared() {
  static Shared* const instance = new Shared;
  return *instance;
}

}  // namespace

EntropyTables::EntropyTables(const Records& records) {
  std::vector<int> dims;
  scale_bias = records.i32("scale_bias", {-1, -1}, &dims);
  anchors = dims[0];
  channels = dims[1];
  for (std::int32_t& b : scale_bias) b = std::clamp(b, -4096, 4096);
  hyper_symbols = symbol_tables(records, "hyper.freq");
  hyper_channels = hyper_symbols.rows();
  symbols = symbol_tables(records, "symbol.freq");
  symbol_shift = records.i32("symbol.shift", {kTables});
  skip = records.i32("symbol.skip", {1})[0];
  const std::vector<std::int16_t> magnitudes = records.i16("magnitude", {256});
  magnitude.assign(magnitudes.begin(), magnitudes.end());
  const std::vector<std::int16_t> fills = records.i16("fill", {kFillMax - kFillMin + 1});
  fill.assign(fills.begin(), fills.end());
  predict_scale = records.i32("predict.scale", {-1});
  predict_weight = records.i32("predict.weight", {predicted(), 4});
  hyper = IntegerNetwork(records, "hyper", hyper_channels, 127);
  for (int k = 1; k < kSteps; ++k)
    context[k - 1] = IntegerNetwork(records, "context" + std::to_string(k), 2 * channels, kBaseMax);

  bool valid = anchors >= 2 && anchors <= kMostAnchors && symbols.rows() == kTables && skip >= 0;
  valid = valid && std::max(channels, hyper_channels) <= kMostChannels;
  valid = valid && hyper.output_channels() == channels && hyper.scale() == kHyperCell;
  for (const IntegerNetwork& network : context)
    valid = valid && network.output_channels() == channels && network.scale() == 1;
  valid = valid && predicted() <= channels;
  for (const int weight : predict_weight) valid = valid && weight >= -512 && weight <= 512;
  for (const int scale : predict_scale) valid = valid && scale >= -kBaseMax && scale <= kBaseMax;
  for (const int shift : symbol_shift) valid = valid && shift >= 0 && shift <= 12;
  for (const auto* table : {&magnitude, &fill})
    for (const int value : *table) valid = valid && value >= 0 && value <= kBaseMax;
  if (!valid)
    throw Error(ErrorCode::corrupt, "the model's entropy tables contradict each other", "reinstall the model");
  first_correction.assign(predict_scale.begin(), predict_scale.end());
  first_correction.resize(std::size_t(channels), 0);
}

std::vector<std::int32_t> EntropyTables::bias_at(int rate) const {
  const int anchor = std::min(rate / kRateSteps, anchors - 2), f = rate - anchor * kRateSteps;
  std::vector<std::int32_t> bias(std::size_t(channels), 0);
  for (int c = 0; c < channels; ++c) {
    const std::int32_t* a = &scale_bias[std::size_t(anchor) * channels + c];
    bias[c] = (a[0] * (kRateSteps - f) + a[channels] * f + kRateSteps / 2) >> 5;
  }
  return bias;
}

LatentModel::LatentModel(const Model& model, const EngineChoice& choice, const Records& records)
    : model_(model), choice_(choice), tables_(records), hash_(hash_of(model.manifest())) {
  const std::vector<int> shape = {tables_.anchors, tables_.channels};
  gain_ = records.f32("gain", shape);
  inverse_ = records.f32("inverse", shape);
  norm_ = records.f32("norm", shape);
  lambda_ = records.f32("lambda", {tables_.anchors});
  rounding_ = records.f32("mu", {1})[0];
}

std::shared_ptr<Background> LatentModel::prepare(const std::string& name, const EngineChoice& choice,
                                                 const Parts& parts) {
  const std::lock_guard<std::mutex> lock(shared().mutex);
  auto& loadings = shared().loadings;
  if (loadings.size() > kLoadings) loadings.clear();  // which costs no more than a look at what is loaded
  Loading& loading = loadings[{name, tied(choice), parts}];
  if (auto running = loading.work.lock()) return running;
  if (loading.done && *loading.done) return {};
  const auto done = loading.done = std::make_shared<std::atomic<bool>>(false);
  auto work = std::make_shared<Background>([name, choice, parts, done](const std::atomic<bool>& stop) {
    try {
      const Model model = Model::open(name);
      for (const Part& part : parts) {
        if (stop) return;
        model.network(part.name, choice_for(part.arithmetic, model, choice));
      }
      *done = true;
    } catch (...) {  // whoever uses the network meets the same error, and can report it
    }
  });
  loading.work = work;
  return work;
}

std::shared_ptr<LatentModel> LatentModel::open(const std::string& name, const EngineChoice& choice) {
  const Model model = Model::open(name);
  if (model.manifest().task != "codec")
    throw Error(ErrorCode::usage, "model \"" + name + "\" is for " + model.manifest().task + ", not a codec",
                "give model=latent or the directory of a codec model");
  if (const int halo = model.manifest().tile.halo; halo % kLatentPixels)
    throw Error(ErrorCode::corrupt, "model \"" + name + "\" has a halo of " + std::to_string(halo) + " pixels",
                "a codec needs a multiple of " + std::to_string(kLatentPixels) + " as tile.halo");
  const std::string identity = identity_of(model.manifest());
  const HowToRun how = tied(choice);
  const std::lock_guard<std::mutex> lock(shared().mutex);
  auto& models = shared().models;
  const auto known = std::find_if(models.begin(), models.end(),
                                  [&](const auto& opened) { return opened.identity == identity && opened.how == how; });
  if (known != models.end()) {
    models.splice(models.begin(), models, known);
    return known->model;
  }
  std::shared_ptr<LatentModel> opened(new LatentModel(model, choice, Records(model.read("entropy"))));
  models.push_front({identity, how, opened});
  shared().drop_unused();
  return opened;
}

std::map<std::uint32_t, std::string> LatentModel::installed() {
  std::map<std::uint32_t, std::string> models;
  for (const std::string& id : Model::list()) {
    try {
      const Model model = Model::open(id);
      if (model.manifest().task == "codec") models.emplace(hash_of(model.manifest()), id);
    } catch (const Error& e) {  // a model that cannot be read is none of the others' business
      if (e.code() == ErrorCode::limit) throw;  // nor is it missing where there is no memory for it
    }
  }
  return models;
}

std::string LatentModel::find(std::uint32_t hash) {
  const auto models = installed();
  if (const auto found = models.find(hash); found != models.end()) return found->second;
  std::string known;
  for (const auto& [other, id] : models) known += (known.empty() ? "" : ", ") + id + " (" + hex(other) + ")";
  throw Error(
      ErrorCode::model_mismatch,
      "written with codec model " + hex(hash) + ", installed: " + (known.empty() ? "none" : known),
      "install that model and put its folder on the model path ($CALOTYPE_MODEL_PATH), or give model=DIRECTORY");
}

std::vector<float> LatentModel::interpolate(const std::vector<float>& anchors, int rate) const {
  const int anchor = std::min(rate / kRateSteps, tables_.anchors - 2);
  const float f = float(rate - anchor * kRateSteps) / kRateSteps;
  std::vector<float> out(std::size_t(tables_.channels), 0.f);
  for (int c = 0; c < tables_.channels; ++c) {
    const float* a = &anchors[std::size_t(anchor) * tables_.channels + c];
    out[c] = std::exp(a[0] + (a[tables_.channels] - a[0]) * f);
  }
  return out;
}

Gains LatentModel::gains(int rate) const {
  return {interpolate(gain_, rate), interpolate(inverse_, rate), interpolate(norm_, rate)};
}

float LatentModel::lambda(int rate) const {
  const int anchor = std::min(rate / kRateSteps, tables_.anchors - 2);
  const float f = float(rate - anchor * kRateSteps) / kRateSteps;
  return std::pow(lambda_[std::size_t(anchor)], 1 - f) * std::pow(lambda_[std::size_t(anchor) + 1], f);
}

bool LatentModel::Networks::is_fp32(const std::string& part) const {
  return owner_.model_.network(part, owner_.choice_)->info().precision == "fp32";
}

Session& LatentModel::Networks::session(const std::string& part, Arithmetic arithmetic) {
  auto& session = sessions_[{part, arithmetic}];
  if (!session) {
    const Signature signature = signature_of(part, owner_.tables_);
    try {
      session = owner_.model_.session(part, choice_for(arithmetic, owner_.model_, owner_.choice_), signature);
    } catch (const Error& e) {
      if (arithmetic == Arithmetic::chosen || e.code() != ErrorCode::unsupported) throw;
      session = owner_.model_.session(part, owner_.choice_, signature);  // of an engine without fp32
    }
  }
  return *session;
}

void LatentModel::Networks::run(const std::string& part, const cv::Mat& x, cv::Mat& y, Arithmetic arithmetic) {
  TensorMap out{{"y", y.empty() ? channels_last() : y}};
  session(part, arithmetic).run({{"x", x}}, out);
  y = out.at("y");
}

LatentModel::Lease LatentModel::lease(const std::shared_ptr<LatentModel>& model) {
  const std::lock_guard<std::mutex> lock(model->mutex_);
  std::unique_ptr<Networks> networks;
  if (model->idle_.empty()) {
    networks = std::make_unique<Networks>(*model);
  } else {
    networks = std::move(model->idle_.back());
    model->idle_.pop_back();
  }
  return Lease(networks.release(), [model](Networks* returned) {
    const std::lock_guard<std::mutex> again(model->mutex_);
    model->idle_.emplace_back(returned);
  });
}

}  // namespace calotype::latent
