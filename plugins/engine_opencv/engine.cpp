// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <algorithm>
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
#include "initializers.hpp"
#include "network/checked.hpp"
#include "network/inputs.hpp"

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
        blobs_[i].copyTo(to);  // the net reuses its own
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
  OpencvNetwork(const std::filesystem::path& onnx, std::string device)
      : program_(network::checked_program(onnx)),
        file_(onnx.string()),
        onnx_(with_inline_fp32_weights(onnx)),
        device_(std::move(device)) {
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
  return std::make_shared<OpencvNetwork>(onnx, device);
}

}  // namespace calotype
