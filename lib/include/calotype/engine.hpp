// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "calotype/export.hpp"

namespace calotype {

/// Tensors are N-dimensional CV_32F cv::Mat in NCHW order, keyed by the ONNX input or output name. A Mat of two
/// dimensions is a picture, CV_8U or CV_16U with 1 or 3 (BGR) channels, and stands for the tensor 1,3,h,w of its
/// samples, RGB from 0 to 1, grey three times: engines convert on the way, so that pixels cross to a device as they
/// are. A CV_32F Mat of three dimensions h,w,C stands for the tensor 1,C,h,w: with channels innermost, as engines
/// compute, it need not be turned; one of two, N,C, for N,C,1,1. Tensors are continuous. Where an engine reads other
/// formats than ONNX, they have the names and the layout that the file gives them.
using TensorMap = std::map<std::string, cv::Mat>;

struct Device {
  std::string name;         ///< "cpu", "cuda:0"
  std::string description;  ///< for people: model, memory, versions
};

struct EngineOptions {
  std::string device = "auto";
  /// Of fp32, bf16 and fp16 those that the model and the caller accept; the engine takes its fastest on that device.
  std::vector<std::string> precisions = {"fp32"};
  /// 0: all cores. Not for an engine that can only set what belongs to the whole process: it leaves that alone.
  int threads = 0;
};

/// What really runs, for -v and JSON.
struct NetworkInfo {
  std::string engine, device, precision;
};

/// One thread at a time. Keeps its buffers between runs: equal shapes are cheap.
class CALOTYPE_API Session {
 public:
  virtual ~Session();
  /// `in` holds every network input. `out` is filled with every output; Mats already in `out` may be reused when they
  /// fit. A picture in `out` asks for a picture of its type: clipped and rounded, grey as the mean of the three
  /// channels. Three dimensions in `out`, of whatever size, ask for three; N must
  /// be 1 then.
  virtual void run(const TensorMap& in, TensorMap& out) = 0;
};

/// Immutable after load; may be shared between threads.
class CALOTYPE_API Network {
 public:
  virtual ~Network();
  virtual std::unique_ptr<Session> session() const = 0;
  virtual NetworkInfo info() const = 0;
};

/// Runs networks on some hardware.
class CALOTYPE_API Engine {
 public:
  virtual ~Engine();
  /// Empty when the hardware or its driver is missing: the engine stays loaded and says so.
  virtual std::vector<Device> devices() const = 0;
  /// Library versions, compiled against and running, for `inspect`.
  virtual std::string version() const = 0;
  /// Throws unsupported naming operator and node, engine when the device is unavailable, corrupt for a broken file.
  virtual std::shared_ptr<Network> load(const std::filesystem::path& onnx, const EngineOptions& options) = 0;
};

}  // namespace calotype
