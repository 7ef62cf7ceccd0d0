// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

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

class RequestSession : public Session {
 public:
  RequestSession(ov::CompiledModel compiled, const Ports& ports)
      : compiled_(std::move(compiled)), request_(compiled_.create_infer_request()), ports_(ports) {}

  void run(const TensorMap& in, TensorMap& out) override {
    if (in.size() != ports_.inputs.size())
      throw wrong_inputs("the network has " + std::to_string(ports_.inputs.size()) + " inputs, got " +
                         std::to_string(in.size()));
    try {
      std::vector<Input> inputs;
      for (std::size_t i = 0; i < ports_.inputs.size(); ++i) {
        inputs.push_back(input(i, in));
        request_.set_input_tensor(i, inputs.back().tensor);
      }
      inputs_.swap(inputs);
      request_.infer();
      for (std::size_t i = 0; i < ports_.outputs.size(); ++i)
        hand_over(request_.get_output_tensor(i), ports_.channels_last, out[ports_.outputs[i]]);
    } catch (const ov::Exception& e) {
      throw Error(ErrorCode::engine, "OpenVINO failed to run the network: " + reason(e),
                  "check names and shapes of the inputs, or choose another engine");
    }
  }

 private:
  Input input(std::size_t i, const TensorMap& in) const {
    const std::string& name = ports_.inputs[i];
    const auto given = in.find(name);
    if (given == in.end()) throw wrong_inputs("input \"" + name + "\" is missing");
    const ov::PartialShape wanted = compiled_.input(i).get_partial_shape();
    Input input = as_input(given->second, wanted, ports_.channels_last);
    if (!wanted.compatible(input.tensor.get_shape()))
      throw wrong_inputs("input \"" + name + "\" is " + text(input.tensor.get_shape()) + ", the network takes " +
                         text(wanted));
    return input;
  }

  ov::CompiledModel compiled_;
  ov::InferRequest request_;
  Ports ports_;
  std::vector<Input> inputs_;  // of the last run: the request points to them
};

class CompiledNetwork : public Network {
 public:
  CompiledNetwork(ov::CompiledModel compiled, Ports ports, NetworkInfo info)
      : compiled_(std::move(compiled)), ports_(std::move(ports)), info_(std::move(info)) {}

  std::unique_ptr<Session> session() const override { return std::make_unique<RequestSession>(compiled_, ports_); }
  NetworkInfo info() const override { return info_; }

 private:
  ov::CompiledModel compiled_;
  Ports ports_;
  NetworkInfo info_;
};

}  // namespace

std::shared_ptr<Network> make_network(ov::CompiledModel compiled, Ports ports, NetworkInfo info) {
  return std::make_shared<CompiledNetwork>(std::move(compiled), std::move(ports), std::move(info));
}

}  // namespace calotype::openvino
