// SPDX-License-Identifier: Apache-2.0
// Convolutions through oneDNN (https://oneapi-src.github.io/oneDNN/v2.6/), channels innermost, weights in the order
// that it asks for.
#include "onednn_backend.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "calotype/error.hpp"
#include "elementwise.hpp"
#include "phases.hpp"
#include "spatial.hpp"

namespace calotype::onednn {
namespace {

using dnnl::memory;
using network::PostOp;
using network::Program;
using network::Shape;
using network::Step;

const dnnl::engine& cpu() {
  static const dnnl::engine* const engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);  // never destroyed
  return *engine;
}

/// An ordinary convolution: a step, or a phase of a transposed one.
struct Convolution {
  memory::dims weights_dims;  // with groups in front where there are any
  const std::vector<float>* weights;
  std::vector<float> bias;
  memory::dims stride, dilation, before;
  int outputs;
  std::vector<std::array<int, 2>> positions;  // of a phase
};

memory::desc nhwc(const Shape& s) {
  return memory::desc({s[0], s[1], s[2], s[3]}, memory::data_type::f32, memory::format_tag::nhwc);
}

View dense_view(const Shape& s) {
  View view;
  view.pixel = s[1] * std::ptrdiff_t(sizeof(float));
  view.row = view.pixel * s[3];
  view.image = view.row * s[2];
  view.images = s[0];
  view.channels = s[1];
  view.rows = s[2];
  view.columns = s[3];
  return view;
}

std::size_t bytes_of(const Shape& s) { return sizeof(float) * network::elements(s); }

/// Whether oneDNN can do it on the way out of a convolution.
bool rides(const PostOp& post) {
  if (post.repeated) return false;
  switch (post.kind) {
    case PostOp::Kind::leaky_relu:
      return post.numbers.size() == 1;
    case PostOp::Kind::affine:
    case PostOp::Kind::abs:
    case PostOp::Kind::sigmoid:
    case PostOp::Kind::add:
    case PostOp::Kind::subtract:
    case PostOp::Kind::multiply:
    case PostOp::Kind::divide:
    case PostOp::Kind::divide_into:
      return true;
    default:
      return false;
  }
}

/// Release 2.6: of convolutions through gemm, and of depthwise ones with a single pixel.
bool misreads_operands(const std::string& implementation) {
  return implementation.find("gemm") != std::string::npos || implementation.find("brdgmm") != std::string::npos;
}

void append(dnnl::post_ops& ops, const PostOp& post, const memory::desc& operand) {
  using dnnl::algorithm;
  switch (post.kind) {
    case PostOp::Kind::leaky_relu:
      return ops.append_eltwise(1, algorithm::eltwise_relu, post.numbers[0], 0);
    case PostOp::Kind::affine:
      return ops.append_eltwise(1, algorithm::eltwise_linear, post.numbers[0], post.numbers[1]);
    case PostOp::Kind::abs:
      return ops.append_eltwise(1, algorithm::eltwise_abs, 0, 0);
    case PostOp::Kind::sigmoid:
      return ops.append_eltwise(1, algorithm::eltwise_logistic, 0, 0);
    case PostOp::Kind::add:
      return ops.append_binary(algorithm::binary_add, operand);
    case PostOp::Kind::subtract:
      return ops.append_binary(algorithm::binary_sub, operand);
    case PostOp::Kind::multiply:
      return ops.append_binary(algorithm::binary_mul, operand);
    case PostOp::Kind::divide_into:  // other times 1 / x
      ops.append_eltwise(1, algorithm::eltwise_pow, 1, -1);
      return ops.append_binary(algorithm::binary_mul, operand);
    default:
      return ops.append_binary(algorithm::binary_div, operand);
  }
}

/// Weights in the order that oneDNN wants, made once for all shapes that want the same.
class Weights {
 public:
  memory get(const Convolution& of, const memory::desc& wanted) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& versions = versions_[of.weights];
    for (const memory& m : versions)
      if (m.get_desc() == wanted) return m;
    using tag = memory::format_tag;
    const memory::desc plain(of.weights_dims, memory::data_type::f32,
                             of.weights_dims.size() == 5 ? tag::goihw : tag::oihw);
    memory from(plain, cpu(), const_cast<float*>(of.weights->data())), to(wanted, cpu());
    dnnl::stream stream(cpu());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    versions.push_back(to);
    return to;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const void*, std::vector<memory>> versions_;
};

class OnednnBackend : public Backend, public std::enable_shared_from_this<OnednnBackend> {
 public:
  explicit OnednnBackend(std::shared_ptr<const Program> p) : program(std::move(p)) {
    weights_of.resize(program->steps.size());
    phases_of.resize(program->steps.size());
    for (std::size_t i = 0; i < phases_of.size(); ++i) {
      const Step& step = program->steps[i];
      if (step.kind == Step::Kind::convolution) weights_of[i] = step.weights.floats();
      if (step.kind == Step::Kind::transposed_convolution)
        for (Phase& phase : phases(step)) {
          network::Constant values = onednn::weights(step, phase);
          phases_of[i].push_back({std::move(phase), std::move(values)});
        }
    }
  }
  std::unique_ptr<Plan> plan(const std::vector<Shape>& shapes, const std::vector<bool>& wanted) const override;
  bool uses_openmp() const override { return true; }

  const std::shared_ptr<const Program> program;
  struct PhaseWeights {
    Phase phase;
    network::Constant weights;
  };
  std::vector<std::vector<float>> weights_of;  // of ordinary convolutions
  std::vector<std::vector<PhaseWeights>> phases_of;
  mutable Weights weights;
};

class OnednnPlan : public Plan {
 public:
  OnednnPlan(std::shared_ptr<const OnednnBackend> backend, std::vector<Shape> shapes)
      : backend_(std::move(backend)), shapes_(std::move(shapes)), stream_(cpu()) {
    std::vector<std::size_t> sizes;
    for (const Shape& s : shapes_) {
      sizes.push_back(bytes_of(s));
      views.push_back(dense_view(s));
    }
    memory_ = plan_memory(*backend_->program, sizes);
    bytes = memory_.total;
    // Convolutions are compiled now, because their scratch space counts.
    const auto& steps = backend_->program->steps;
    compiled_.resize(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) compile(steps[i], i);
    bytes += scratch_ + staging_;
  }

  void place(char* base, const Results&) override {
    work_.clear();
    for (std::size_t v = 0; v < views.size(); ++v) views[v].data = base + memory_.offsets[v];
    char* const scratch = base + memory_.total;
    char* const staging = scratch + scratch_;
    const auto& steps = backend_->program->steps;
    for (std::size_t i = 0; i < steps.size(); ++i) place_step(steps[i], compiled_[i], scratch, staging);
  }

  void load(int value, const cv::Mat& tensor) const override { onednn::load(tensor, view(value)); }

  void run() override {
    for (const auto& work : work_) work();
  }

 private:
  struct Compiled {
    Convolution convolution;
    dnnl::convolution_forward::primitive_desc description;
    dnnl::convolution_forward primitive;
    memory weights, bias;
    Shape out;               // of this convolution; a phase makes part of the step's
    std::size_t riding = 0;  // post operations that oneDNN does
  };

  void stage(const Shape& s) { staging_ = std::max(staging_, (bytes_of(s) + 63) / 64 * 64); }
  const Shape& shape(int value) const { return shapes_[std::size_t(value)]; }
  const View& view(int value) const { return views[std::size_t(value)]; }

  void compile(const Step& step, std::size_t index) {
    if (step.kind == Step::Kind::convolution) {
      if (step.absolute) stage(shape(step.in[0]));
      Convolution c{{},
                    &backend_->weights_of[index],
                    step.bias,
                    {step.stride[0], step.stride[1]},
                    {step.dilation[0] - 1, step.dilation[1] - 1},
                    {step.pad[0], step.pad[1]},
                    step.outputs,
                    {}};
      const auto& d = step.weights.dims;
      c.weights_dims = step.group == 1 ? memory::dims{d[0], d[1], d[2], d[3]}
                                       : memory::dims{step.group, d[0] / step.group, d[1], d[2], d[3]};
      compile(step, index, std::move(c), shape(step.out), {step.pad[2], step.pad[3]}, true);
    } else if (step.kind == Step::Kind::transposed_convolution) {
      const Shape &in = shape(step.in[0]), &whole = shape(step.out);
      for (const auto& [phase, values] : backend_->phases_of[index]) {
        const auto& d = values.dims;
        Convolution c{
            {d[0], d[1], d[2], d[3]}, &values.values, {}, {1, 1}, {0, 0}, {phase.before[0], phase.before[1]}, d[0],
            phase.positions};
        for (std::size_t p = 0; p < phase.positions.size(); ++p)
          c.bias.insert(c.bias.end(), step.bias.begin(), step.bias.end());
        Shape out{in[0], d[0], 0, 0};
        memory::dims after;
        for (std::size_t k = 0; k < 2; ++k) {  // rows and columns: as many as the first position has
          out[2 + k] = (whole[2 + k] - phase.positions[0][k] + step.stride[k] - 1) / step.stride[k];
          after.push_back(out[2 + k] - 1 + phase.kernel[k] - phase.before[k] - in[2 + k]);
        }
        stage(out);
        compile(step, index, std::move(c), out, after, false);
      }
    }
  }

  void compile(const Step& step, std::size_t index, Convolution c, const Shape& out, const memory::dims& after,
               bool ride) {
    Compiled made;
    made.out = out;
    try {
      describe(step, c, after, ride, made);
      if (misreads_operands(made.description.impl_info_str())) describe(step, c, after, false, made);
      made.primitive = dnnl::convolution_forward(made.description);
      made.weights = backend_->weights.get(c, made.description.weights_desc());
    } catch (const dnnl::error& e) {
      throw Error(ErrorCode::engine, "oneDNN has no convolution for node \"" + step.name + "\": " + e.what(),
                  "choose another engine");
    }
    scratch_ = std::max(scratch_, (made.description.scratchpad_desc().get_size() + 63) / 64 * 64);
    made.convolution = std::move(c);
    compiled_[index].push_back(std::move(made));
  }
  /// `ride`: with as many of the step's post operations as oneDNN does.
  void describe(const Step& step, const Convolution& c, const memory::dims& after, bool ride, Compiled& made) const {
    dnnl::post_ops ops;
    for (made.riding = 0; ride && made.riding < step.post.size() && rides(step.post[made.riding]); ++made.riding)
      append(ops, step.post[made.riding], nhwc(made.out));
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(ops);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const memory::desc weights(c.weights_dims, memory::data_type::f32, memory::format_tag::any);
    const memory::desc bias({c.outputs}, memory::data_type::f32, memory::format_tag::x);
    made.description = dnnl::convolution_forward::primitive_desc(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, nhwc(shape(step.in[0])), weights,
         bias, nhwc(made.out), c.stride, c.dilation, c.before, after},
        attributes, cpu());
  }

  /// What is left of the post operations after the first `done`, in place.
  void rest(const Step& step, std::size_t done) {
    if (done == step.post.size()) return;
    work_.push_back([out = view(step.out), bound = bound_posts(step, done, views)] { pointwise(out, bound, out); });
  }

  void place_step(const Step& step, std::vector<Compiled>& convolutions, char* scratch, char* staging) {
    const View out = view(step.out), in = view(step.in[0]);
    switch (step.kind) {
      case Step::Kind::convolution:
      case Step::Kind::transposed_convolution: {
        const bool transposed = step.kind == Step::Kind::transposed_convolution;
        for (Compiled& c : convolutions) place_convolution(step, c, scratch, staging);
        return rest(step, transposed ? 0 : convolutions[0].riding);
      }
      case Step::Kind::pointwise:
        work_.push_back([=, bound = bound_posts(step, 0, views)] { pointwise(in, bound, out); });
        return;
      case Step::Kind::concatenate: {
        int before = 0;
        for (const int value : step.in) {
          work_.push_back(
              [from = view(value), part = part_of(out, step, before, view(value))] { concatenate({from}, part); });
          before += shape(value)[std::size_t(step.axis)];
        }
        break;
      }
      case Step::Kind::depth_to_space:
        work_.push_back([=, &step] { depth_to_space(in, step.block, step.columns_first, out); });
        break;
      case Step::Kind::space_to_depth:
        work_.push_back([=, &step] { space_to_depth(in, step.block, out); });
        break;
      default:
        work_.push_back([=, &step] { spatial(step, in, out); });
    }
    rest(step, 0);
  }

  void place_convolution(const Step& step, Compiled& c, char* scratch, char* staging) {
    char* const to = step.kind == Step::Kind::convolution ? view(step.out).data : staging;
    View in = view(step.in[0]);
    if (step.absolute) {
      View copy = in;  // oneDNN has no such operand: magnitudes are made first
      copy.data = staging;
      work_.push_back([=, magnitude = PostOp{PostOp::Kind::abs, {}, -1}] { pointwise(in, {{&magnitude, {}}}, copy); });
      in = copy;
    }
    c.bias = memory({{c.convolution.outputs}, memory::data_type::f32, memory::format_tag::x}, cpu(),
                    c.convolution.bias.data());
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, memory(c.description.src_desc(), cpu(), in.data)},
        {DNNL_ARG_WEIGHTS, c.weights},
        {DNNL_ARG_BIAS, c.bias},
        {DNNL_ARG_DST, memory(c.description.dst_desc(), cpu(), to)},
        {DNNL_ARG_SCRATCHPAD, memory(c.description.scratchpad_desc(), cpu(), scratch)}};
    int entry = 0;  // in oneDNN's list
    for (std::size_t i = 0; i < c.riding; ++i, ++entry) {
      if (step.post[i].kind == PostOp::Kind::divide_into) ++entry;
      if (step.post[i].operand >= 0)
        arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(entry) | DNNL_ARG_SRC_1,
                          memory(nhwc(c.out), cpu(), view(step.post[i].operand).data));
    }
    work_.push_back([this, &c, arguments = std::move(arguments)] {
      c.primitive.execute(stream_, arguments);
      stream_.wait();
    });
    if (c.convolution.positions.empty()) return;
    View part = dense_view(c.out);
    part.data = to;
    work_.push_back(
        [&step, &c, part, out = view(step.out)] { spread(part, c.convolution.positions, step.stride, out); });
  }

  /// Phase results to their places.
  static void spread(const View& part, const std::vector<std::array<int, 2>>& positions,
                     const std::array<int, 2>& stride, const View& out) {
    const std::ptrdiff_t size = out.channels * out.element();
    for (std::size_t p = 0; p < positions.size(); ++p) {
      View from = part, to = out;
      from.data += std::ptrdiff_t(p) * size;
      from.channels = out.channels;
      to.data = out.at(0, positions[p][0], positions[p][1]);
      to.pixel *= stride[1];
      to.row *= stride[0];
      to.rows = (out.rows - positions[p][0] + stride[0] - 1) / stride[0];
      to.columns = (out.columns - positions[p][1] + stride[1] - 1) / stride[1];
      concatenate({from}, to);
    }
  }

  std::shared_ptr<const OnednnBackend> backend_;
  std::vector<Shape> shapes_;
  dnnl::stream stream_;
  network::MemoryPlan memory_;
  std::vector<std::vector<Compiled>> compiled_;
  std::size_t scratch_ = 0, staging_ = 0;
  std::vector<std::function<void()>> work_;
};

std::unique_ptr<Plan> OnednnBackend::plan(const std::vector<Shape>& shapes, const std::vector<bool>&) const {
  return std::make_unique<OnednnPlan>(shared_from_this(), shapes);
}

}  // namespace

std::shared_ptr<const Backend> make_onednn_backend(std::shared_ptr<Program> program) {
  auto backend = std::make_shared<OnednnBackend>(program);
  program->drop_weights();
  return backend;
}

}  // namespace calotype::onednn
