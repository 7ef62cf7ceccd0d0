// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <mutex>
#include <optional>
#include <sstream>

#include "calotype/error.hpp"
#include "runtime.hpp"
#include "tensors.hpp"

namespace calotype::openvino {
namespace {

Error wrong_inputs(const std::string& what) {
  return Error(ErrorCode::engine, what, "check names and shapes of the inputs");
}

template <class T>
std::string text(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

class CompiledNetwork : public Network, public std::enable_shared_from_this<CompiledNetwork> {
 public:
  CompiledNetwork(ov::CompiledModel compiled, ModelFile read, Compile compile, NetworkInfo info)
      : as_declared_(std::move(compiled)),
        read_(std::move(read)),
        compile_(std::move(compile)),
        info_(std::move(info)) {}

  std::unique_ptr<Session> session() const override;
  NetworkInfo info() const override { return info_; }

  const Ports& ports() const { return read_.ports; }
  ov::PartialShape declared(std::size_t input) const { return read_.model->input(input).get_partial_shape(); }
  bool declares(const std::vector<Input>& inputs) const {
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (!declared(i).compatible(inputs[i].tensor.get_shape())) return false;
    return true;
  }
  ov::InferRequest request() const { return ov::CompiledModel(as_declared_).create_infer_request(); }
  /// For sizes that the file does not allow.
  ov::InferRequest free_request() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!free_) {
      const auto model = read_.model->clone();
      std::map<std::size_t, ov::PartialShape> shapes;
      for (std::size_t i = 0; i < model->inputs().size(); ++i)
        shapes[i] = with_free_sizes(declared(i), read_.ports.channels_last);
      model->reshape(shapes);
      free_ = compile_(model);
    }
    return free_->create_infer_request();
  }

 private:
  ov::CompiledModel as_declared_;
  ModelFile read_;
  Compile compile_;
  NetworkInfo info_;
  mutable std::mutex mutex_;
  mutable std::optional<ov::CompiledModel> free_;
};

class RequestSession : public Session {
 public:
  explicit RequestSession(std::shared_ptr<const CompiledNetwork> network)
      : network_(std::move(network)), as_declared_(network_->request()) {}

  void run(const TensorMap& in, TensorMap& out) override {
    const Ports& ports = network_->ports();
    if (in.size() != ports.inputs.size())
      throw wrong_inputs("the network has " + std::to_string(ports.inputs.size()) + " inputs, got " +
                         std::to_string(in.size()));
    std::vector<Input> inputs;
    for (std::size_t i = 0; i < ports.inputs.size(); ++i) inputs.push_back(input(i, in));
    try {
      ov::InferRequest& request = request_for(inputs);
      for (std::size_t i = 0; i < inputs.size(); ++i) request.set_input_tensor(i, inputs[i].tensor);
      inputs_.swap(inputs);
      request.infer();
      for (std::size_t i = 0; i < ports.outputs.size(); ++i)
        hand_over(request.get_output_tensor(i), ports.channels_last, out[ports.outputs[i]]);
    } catch (const ov::Exception& e) {
      throw Error(ErrorCode::engine, "OpenVINO failed to run the network: " + reason(e),
                  "check names and shapes of the inputs, or choose another engine");
    }
  }

 private:
  Input input(std::size_t i, const TensorMap& in) const {
    const std::string& name = network_->ports().inputs[i];
    const auto given = in.find(name);
    if (given == in.end()) throw wrong_inputs("input \"" + name + "\" is missing");
    const bool channels_last = network_->ports().channels_last;
    const ov::PartialShape takes = with_free_sizes(network_->declared(i), channels_last);
    Input input = as_input(given->second, takes, channels_last);
    if (!takes.compatible(input.tensor.get_shape()))
      throw wrong_inputs("input \"" + name + "\" is " + text(input.tensor.get_shape()) + ", the network takes " +
                         text(takes));
    return input;
  }
  ov::InferRequest& request_for(const std::vector<Input>& inputs) {
    if (network_->declares(inputs)) return as_declared_;
    if (!free_) free_ = network_->free_request();
    return *free_;
  }

  std::shared_ptr<const CompiledNetwork> network_;
  ov::InferRequest as_declared_;
  std::optional<ov::InferRequest> free_;
  std::vector<Input> inputs_;  // of the last run: its request points to them
};

std::unique_ptr<Session> CompiledNetwork::session() const {
  return std::make_unique<RequestSession>(shared_from_this());
}

}  // namespace

std::shared_ptr<Network> make_network(ov::CompiledModel compiled, ModelFile read, Compile compile, NetworkInfo info) {
  return std::make_shared<CompiledNetwork>(std::move(compiled), std::move(read), std::move(compile), std::move(info));
}

}  // namespace calotype::openvino
