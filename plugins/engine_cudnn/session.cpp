// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <opencv2/core.hpp>

#include "attempts.hpp"
#include "calotype/log.hpp"
#include "network/inputs.hpp"
#include "steps.hpp"

namespace calotype::cudnn {
namespace {

constexpr std::size_t kMostPrepared = 16;  // a tiled picture has at most nine sizes of tiles

std::size_t place(std::vector<Port>& ports) {
  constexpr std::size_t kBoundary = 256;
  std::size_t end = 0;
  for (Port& port : ports) {
    port.place = end;
    end += (port.bytes() + kBoundary - 1) / kBoundary * kBoundary;
  }
  return end;
}

Samples samples_of(const Port& port) {
  return {CV_MAT_DEPTH(port.form.type) == CV_16U, CV_MAT_CN(port.form.type) == 1};
}

Index plane_of(const Port& port) { return static_cast<Index>(port.shape[2]) * static_cast<Index>(port.shape[3]); }

void add_form(std::vector<int>& key, const Form& form) {
  key.push_back(form.type);
  key.push_back(form.channels_last);
}

FloatLayout layout_of(const Port& port) { return {port.shape[1], plane_of(port), port.form.channels_last}; }

Index groups_of(const Port& port) { return static_cast<Index>(padded_elements(port.shape) / kLanes); }

}  // namespace

template <class T>
CudnnSession<T>::CudnnSession(std::shared_ptr<const CudnnNetwork<T>> network) : network_(std::move(network)) {
  const CurrentDevice current(network_->device());
  current.check();
  stream_ = make_stream();
  const std::lock_guard<std::mutex> lock(capture_mutex());
  handle_ = make<Handle>(cudnnCreate, "cudnnCreate");
  check(cudnnSetStream(handle_.get(), stream_.get()), "cudnnSetStream");
}

template <class T>
CudnnSession<T>::~CudnnSession() {
  const CurrentDevice current(network_->device());
  prepared_.clear();
  memory_.release();
  {
    const std::lock_guard<std::mutex> lock(capture_mutex());
    handle_.reset();
  }
  stream_.reset();
}

template <class T>
void CudnnSession<T>::run(const TensorMap& in, TensorMap& out) {
  const CurrentDevice current(network_->device());
  current.check();
  Prepared& prepared = prepare(in, out);
  const network::Program& program = network_->program();
  for (std::size_t i = 0; i < program.inputs.size(); ++i)
    take_in(prepared.inputs[i], in.at(program.inputs[i].first), memory_.host_in.data());
  try {
    execute(prepared);
  } catch (...) {
    cudaStreamSynchronize(stream_.get());  // part of it may be under way, in memory that the next run fills
    throw;
  }
  check(cudaStreamSynchronize(stream_.get()), "running the network");
  prepared.has_run = true;
  for (std::size_t i = 0; i < program.outputs.size(); ++i)
    deliver(program.outputs[i].first, prepared.outputs[i], memory_.host_out.data(), out[program.outputs[i].first]);
}

template <class T>
typename CudnnSession<T>::Prepared& CudnnSession<T>::prepare(const TensorMap& in, const TensorMap& out) {
  const network::Program& program = network_->program();
  const std::vector<network::Shape> shapes = network::input_shapes(program, in);
  std::vector<Port> inputs;
  std::vector<int> key;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    inputs.push_back(input_port(in.at(program.inputs[i].first), shapes[i]));
    add_form(key, inputs.back().form);
    key.insert(key.end(), shapes[i].begin(), shapes[i].end());
  }
  std::vector<Form> forms;
  for (const auto& output : program.outputs) {
    const auto found = out.find(output.first);
    forms.push_back(found == out.end() ? Form() : requested_form(found->second));
    add_form(key, forms.back());
  }

  const auto known = prepared_.find(key);
  if (known != prepared_.end()) {
    reserve(known->second);
    return known->second;
  }
  Prepared fresh;
  fresh.plan = plan(program, shapes, sizeof(T));
  fresh.inputs = std::move(inputs);
  for (std::size_t i = 0; i < forms.size(); ++i) {
    const auto& [name, value] = program.outputs[i];
    fresh.outputs.push_back(
        output_port(name, forms[i], fresh.plan.shapes[static_cast<std::size_t>(value)], program.ranks[i]));
  }
  fresh.input_bytes = place(fresh.inputs);
  fresh.output_bytes = place(fresh.outputs);
  fresh.convolutions.resize(program.steps.size());
  fresh.tables = upload(fresh.plan.table_bytes, stream_.get());
  reserve(fresh);
  if (prepared_.size() >= kMostPrepared) prepared_.clear();
  return prepared_.emplace(std::move(key), std::move(fresh)).first->second;
}

template <class T>
void CudnnSession<T>::reserve(const Prepared& prepared) {
  const std::size_t needed = prepared.plan.total + prepared.input_bytes + prepared.output_bytes;
  if (needed > memory_.device_bytes()) {
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    check_room(needed, free + memory_.device_bytes());
  }
  if (!memory_.values.try_reserve(prepared.plan.total)) {
    memory_.workspace.release();  // convolutions find their way with less
    memory_.values.reserve(prepared.plan.total);
  }
  memory_.device_in.reserve(prepared.input_bytes);
  memory_.host_in.reserve(prepared.input_bytes);
  memory_.device_out.reserve(prepared.output_bytes);
  memory_.host_out.reserve(prepared.output_bytes);
}

template <class T>
void CudnnSession<T>::execute(Prepared& prepared) {
  if (prepared.graph_memory != memory_.state()) prepared.graph.reset();
  // The first run chooses algorithms and makes room for them, which cannot be captured.
  const bool graph = prepared.graph || (prepared.has_run && prepared.can_be_captured && capture(prepared));
  if (graph)
    check(cudaGraphLaunch(prepared.graph.get(), stream_.get()), "cudaGraphLaunch");
  else
    enqueue(prepared);
}

template <class T>
bool CudnnSession<T>::capture(Prepared& prepared) {
  const auto text = [](cudaError_t status) {
    if (status == cudaSuccess) return std::string();
    cudaGetLastError();  // the program that we are part of would take it for one of its own
    return std::string(cudaGetErrorString(status));
  };
  const std::lock_guard<std::mutex> lock(capture_mutex());
  Graph graph;
  // Thread-local: other threads may allocate meanwhile.
  std::string failure =
      captured([&] { return text(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal)); },
               [&] { enqueue(prepared); },
               [&] {
                 cudaGraph_t made = nullptr;
                 const cudaError_t status = cudaStreamEndCapture(stream_.get(), &made);
                 graph.reset(made);
                 return text(status);
               });
  cudaGraphExec_t executable = nullptr;
  if (failure.empty()) failure = text(cudaGraphInstantiate(&executable, graph.get(), 0));
  if (failure.empty()) {
    prepared.graph.reset(executable);
    prepared.graph_memory = memory_.state();
    return true;
  }
  log(LogLevel::debug, "engine cudnn: no CUDA graph, so a little slower: " + failure);
  prepared.can_be_captured = false;
  return false;
}

template <class T>
void CudnnSession<T>::enqueue(Prepared& prepared) {
  const network::Program& program = network_->program();
  check(cudaMemcpyAsync(memory_.device_in.data(), memory_.host_in.data(), prepared.input_bytes, cudaMemcpyHostToDevice,
                        stream_.get()),
        "cudaMemcpyAsync");
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    const Port& port = prepared.inputs[i];
    T* const to = value(prepared.plan, program.inputs[i].second);
    const std::uint8_t* const from = memory_.device_in.data() + port.place;
    if (port.is_picture())
      each(plane_of(port), FromPicture<T>{from, to, samples_of(port)});
    else
      each(groups_of(port), FromFloats<T>{reinterpret_cast<const float*>(from), to, layout_of(port)});
  }
  running_ = &prepared;
  run_steps(Run<T, CudnnSession>{program, network_->layout(), prepared.plan, network_->constants(),
                                 prepared.tables->data(), memory_.values.data(), *this});
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    const Port& port = prepared.outputs[i];
    const T* const from = value(prepared.plan, program.outputs[i].second);
    std::uint8_t* const to = memory_.device_out.data() + port.place;
    if (port.is_picture())
      each(plane_of(port), ToPicture<T>{from, to, samples_of(port)});
    else
      each(groups_of(port), ToFloats<T>{from, reinterpret_cast<float*>(to), layout_of(port)});
  }
  check(cudaMemcpyAsync(memory_.host_out.data(), memory_.device_out.data(), prepared.output_bytes,
                        cudaMemcpyDeviceToHost, stream_.get()),
        "cudaMemcpyAsync");
}

template <class T>
bool CudnnSession<T>::convolve(std::size_t i, const T* in, const T* weights, T* out) {
  const network::Step& step = network_->program().steps[i];
  auto& convolution = running_->convolutions[i];
  if (!convolution) {
    const auto& shapes = running_->plan.shapes;
    convolution = std::make_unique<LibraryConvolution>(step, shapes[static_cast<std::size_t>(step.in[0])],
                                                       shapes[static_cast<std::size_t>(step.out)], Element<T>::type);
  }
  const bool done = convolution->run(handle_.get(), in, weights, out, memory_.workspace);
  if (!done && !running_->has_run)
    log(LogLevel::debug,
        "engine cudnn: cuDNN has no algorithm, or no memory, for node \"" + step.name + "\"; running it plainly");
  return done;
}

template <class T>
T* CudnnSession<T>::value(const Plan& plan, int number) const {
  return reinterpret_cast<T*>(memory_.values.data() + plan.offsets[static_cast<std::size_t>(number)]);
}

template class CudnnSession<float>;
template class CudnnSession<__half>;
template class CudnnSession<__nv_bfloat16>;

}  // namespace calotype::cudnn
