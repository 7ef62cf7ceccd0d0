// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <new>
#include <opencv2/core/cuda.hpp>
#include <opencv2/dnn.hpp>
#include <optional>
#include <regex>

#include "../common/channels_last.hpp"
#include "../common/pictures.hpp"
#include "calotype/error.hpp"
#include "folded_onnx.hpp"
#include "initializers.hpp"
#include "network/checked.hpp"
#include "network/inputs.hpp"
#include "network/sized.hpp"

namespace calotype {
namespace {

constexpr char cuda_prefix[] = "cuda:";

int cuda_devices() {
  if (cv::dnn::getAvailableTargets(cv::dnn::DNN_BACKEND_CUDA).empty()) return 0;
  return std::max(0, cv::cuda::getCudaEnabledDeviceCount());
}

/// Makes a GPU the thread's current one, and then again what the caller had; -1: nothing.
class CurrentDevice {
 public:
  explicit CurrentDevice(int device) : before_(device < 0 ? -1 : cv::cuda::getDevice()) {
    if (device >= 0) cv::cuda::setDevice(device);
  }
  ~CurrentDevice() {
    if (before_ >= 0) cv::cuda::setDevice(before_);
  }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int before_;
};

/// What OpenCV's importer complained about: "Node [Op@domain]:(onnx_node!name) parse error: ...".
Error import_error(const std::string& file, const cv::Exception& e) {
  const std::regex node(R"(\[(\w+)@[^\]]*\]:\((?:onnx_node!|onnx_node_output_\d+!)?([^)]*)\))");
  std::smatch match;
  const std::string text = e.what();
  if (std::regex_search(text, match, node))
    return Error(ErrorCode::unsupported,
                 file + ": OpenCV cannot run operator " + match.str(1) + " of node \"" + match.str(2) + "\"",
                 "choose another engine or export the model with plainer operators");
  if (e.code == cv::Error::StsNotImplemented || e.code == cv::Error::StsUnsupportedFormat)
    return Error(ErrorCode::unsupported, file + ": OpenCV cannot read this model: " + e.err, "choose another engine");
  return Error(ErrorCode::corrupt, file + ": no ONNX model: " + e.err, "install the model again");
}

/// `fuse`: whether OpenCV may merge layers.
cv::dnn::Net import(const std::string& file, const Bytes& onnx, const std::string& device, bool fuse) {
  try {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(onnx.data()), onnx.size());
    // Layers are made when first asked for; an unknown one must fail now.
    for (const std::string& layer : net.getLayerNames()) net.getLayer(net.getLayerId(layer));
    const bool cuda = device != "cpu";
    net.setPreferableBackend(cuda ? cv::dnn::DNN_BACKEND_CUDA : cv::dnn::DNN_BACKEND_OPENCV);
    net.enableFusion(fuse);
    net.setPreferableTarget(cuda ? cv::dnn::DNN_TARGET_CUDA : cv::dnn::DNN_TARGET_CPU);
    return net;
  } catch (const cv::Exception& e) {
    if (std::strstr(e.what(), "Insufficient memory")) throw std::bad_alloc();  // wrapped in complaints about nodes
    throw import_error(file, e);
  }
}

/// Whether OpenCV resizes as the file says: it knows few of the ways to place samples, and measures uneven scales
/// again.
bool resizes(const network::Resize& r) {
  using C = network::Resize::Coordinates;
  if (r.linear && r.coordinates == C::align_corners) return true;
  const auto grows = [](float scale) { return scale >= 1 && scale == std::floor(scale); };
  if (!grows(r.scale[0]) || !grows(r.scale[1])) return false;
  const bool centres = r.coordinates == C::half_pixel || r.coordinates == C::pytorch_half_pixel;
  if (r.linear) return centres || r.coordinates == C::asymmetric;
  return (centres && r.rounding == network::Resize::Rounding::prefer_floor) ||
         (r.coordinates == C::asymmetric && r.rounding == network::Resize::Rounding::floor);
}

/// Refuses what OpenCV reads but computes otherwise.
void check_meanings(const network::Program& program) {
  for (const network::Step& step : program.steps) {
    const auto no_pads = std::array<int, 4>{};
    if (step.kind == network::Step::Kind::resize && !resizes(step.resize))
      network::refuse(step, "OpenCV takes its samples elsewhere");
    if (step.kind != network::Step::Kind::pooling) continue;
    if (step.average && step.counts_padding && step.pad != no_pads)
      network::refuse(step, "OpenCV does not count zeros around pictures");
    if (step.dilation != std::array<int, 2>{1, 1}) network::refuse(step, "OpenCV does not dilate it");
  }
}

/// Whether what OpenCV merges stays right: into transposed convolutions it multiplies a scale once more whenever sizes
/// change.
bool may_be_fused(const network::Program* program) {
  using Kind = network::PostOp::Kind;
  const auto scales = [](const network::PostOp& p) { return p.kind == Kind::affine || p.kind == Kind::per_channel; };
  return program && std::none_of(program->steps.begin(), program->steps.end(), [&](const network::Step& step) {
           return step.op == "ConvTranspose" && std::any_of(step.post.begin(), step.post.end(), scales);
         });
}

class OpencvSession : public Session {
 public:
  OpencvSession(std::shared_ptr<const network::Program> program, cv::dnn::Net net, int cuda_device)
      : program_(std::move(program)),
        net_(std::move(net)),
        outputs_(net_.getUnconnectedOutLayersNames()),
        cuda_device_(cuda_device) {}

  void run(const TensorMap& in, TensorMap& out) override {
    const network::Step* const low = program_ ? check_shapes(in) : nullptr;
    try {
      const CurrentDevice device(cuda_device_);
      for (const auto& [name, given] : in) net_.setInput(blob(name, given), name);
      net_.forward(blobs_, outputs_);
    } catch (const cv::Exception& e) {
      if (e.code == cv::Error::StsNoMem) throw;
      throw Error(ErrorCode::engine, "OpenCV failed to run the network: " + e.err,
                  "check names and shapes of the inputs, or choose another engine");
    }
    // What it found was no number.
    if (low && !std::all_of(blobs_.begin(), blobs_.end(), [](const cv::Mat& m) { return cv::checkRange(m); }))
      throw Error(ErrorCode::engine,
                  "node \"" + low->name + "\": OpenCV reads beyond inputs that are lower than a grouped kernel",
                  "choose another engine");
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      cv::Mat& to = out[outputs_[i]];
      if (is_picture(to))
        to_picture(blobs_[i], to);
      else if (is_channels_last(to) && blobs_[i].dims == 4 && blobs_[i].size[0] == 1)
        to_channels_last(blobs_[i], to);
      else
        with_rank(outputs_[i], blobs_[i]).copyTo(to);  // the net reuses its own
    }
  }

 private:
  /// Throws engine where shapes do not fit. Returns the step, if there is one, whose input is lower than its grouped
  /// kernel: OpenCV then reads beyond it, and multiplies what it finds by 0.
  const network::Step* check_shapes(const TensorMap& in) const {
    const auto shapes = program_->shapes(network::input_shapes(*program_, in));
    const auto is_low = [&](const network::Step& step) {
      return step.kind == network::Step::Kind::convolution && step.group > 1 &&
             shapes[std::size_t(step.in[0])][2] < step.dilation[0] * (step.kernel[0] - 1) + 1;
    };
    const auto found = std::find_if(program_->steps.begin(), program_->steps.end(), is_low);
    return found == program_->steps.end() ? nullptr : &*found;
  }
  /// A result that has two dimensions in the file, and four since it was folded.
  cv::Mat with_rank(const std::string& name, const cv::Mat& blob) const {
    for (std::size_t i = 0; program_ && i < program_->outputs.size(); ++i)
      if (program_->outputs[i].first == name && program_->ranks[i] == 2 && blob.dims == 4)
        return blob.reshape(1, {blob.size[0], blob.size[1]});
    return blob;
  }
  static cv::Mat blob(const std::string& name, const cv::Mat& given) {
    const network::Shape shape = network::input_shape(name, given);
    if (is_picture(given)) return to_tensor(given);
    if (is_channels_last(given)) return channels_first(given);
    return cv::Mat(4, shape.data(), CV_32F, const_cast<uchar*>(given.data));
  }

  std::shared_ptr<const network::Program> program_;
  cv::dnn::Net net_;
  std::vector<std::string> outputs_;
  std::vector<cv::Mat> blobs_;
  int cuda_device_;
};

class OpencvNetwork : public Network {
 public:
  OpencvNetwork(std::shared_ptr<const network::Program> program, std::string file, Bytes onnx, std::string device)
      : program_(std::move(program)), file_(std::move(file)), onnx_(std::move(onnx)), device_(std::move(device)) {
    if (program_) check_meanings(*program_);
    first_ = imported();
  }

  /// cv::dnn::Net runs one thread at a time, so each session has its own.
  std::unique_ptr<Session> session() const override {
    std::optional<cv::dnn::Net> net;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      net.swap(first_);
    }
    if (!net) net = imported();
    const int cuda_device = device_ == "cpu" ? -1 : std::stoi(device_.substr(std::strlen(cuda_prefix)));
    return std::make_unique<OpencvSession>(program_, *std::move(net), cuda_device);
  }
  NetworkInfo info() const override { return {"opencv", device_, "fp32"}; }

 private:
  cv::dnn::Net imported() const { return import(file_, onnx_, device_, may_be_fused(program_.get())); }

  std::shared_ptr<const network::Program> program_;
  std::string file_;
  Bytes onnx_;
  std::string device_;
  mutable std::mutex mutex_;
  mutable std::optional<cv::dnn::Net> first_;  ///< imported while loading, for the first session
};

}  // namespace

std::vector<Device> OpencvEngine::devices() const {
  std::vector<Device> devices = {{"cpu", "OpenCV on " + std::to_string(cv::getNumberOfCPUs()) + " cores"}};
  for (int i = 0; i < cuda_devices(); ++i)
    devices.push_back({cuda_prefix + std::to_string(i), cv::cuda::DeviceInfo(i).name()});
  return devices;
}

std::string OpencvEngine::version() const {
  return "OpenCV " + cv::getVersionString() + ", compiled against " CV_VERSION;
}

std::shared_ptr<Network> OpencvEngine::load(const std::filesystem::path& onnx, const EngineOptions& options) {
  const auto& precisions = options.precisions;
  if (std::find(precisions.begin(), precisions.end(), "fp32") == precisions.end())
    throw Error(ErrorCode::unsupported, "engine opencv runs fp32 only", "use precision=fp32");
  std::string device = options.device == "auto" ? "cpu" : options.device;
  const auto known = devices();
  if (std::none_of(known.begin(), known.end(), [&](const Device& d) { return d.name == device; }))
    throw Error(ErrorCode::engine, "engine opencv has no device \"" + device + "\"", "use device=cpu");
  const std::string file = onnx.string();
  const auto as_it_is = network::checked_program(onnx);  // throws for what is no model
  try {
    return std::make_shared<OpencvNetwork>(as_it_is, file, with_inline_fp32_weights(onnx), device);
  } catch (const Error&) {
    const auto make = [=](network::Graph graph) -> std::shared_ptr<Network> {
      const Bytes folded = folded_onnx(graph);
      const auto program = std::make_shared<network::Program>(network::fuse(std::move(graph)));
      program->drop_weights();
      return std::make_shared<OpencvNetwork>(program, file, folded, device);
    };
    try {
      return network::load_folded(onnx, {"opencv", device, "fp32"}, make);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::corrupt) throw;
    }
    throw;
  }
}

}  // namespace calotype
