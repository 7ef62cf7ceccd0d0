// SPDX-License-Identifier: Apache-2.0
#include "packed_plan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>

#include "aligned.hpp"
#include "elementwise.hpp"
#include "parallel.hpp"
#include "spatial.hpp"

namespace calotype::onednn {
namespace {

using network::PostOp;
using network::Program;
using network::Shape;
using network::Step;

/// Memory of the calling thread, which keeps it: asking the system for it again would cost as much as a small layer.
char* scratch(std::size_t bytes) {
  thread_local AlignedBytes memory;
  thread_local std::size_t size = 0;
  if (bytes > size) {
    memory.reset();
    size = 0;
    memory = aligned_bytes(bytes);
    size = bytes;
  }
  return memory.get();
}

/// Zeros around a value, in pixels.
struct Border {
  int top = 0, left = 0, bottom = 0, right = 0;
};

class PackedPlan : public Plan {
 public:
  PackedPlan(std::shared_ptr<const PackedBackend> backend, std::vector<Shape> shapes, const std::vector<bool>& wanted)
      : backend_(std::move(backend)),
        shapes_(std::move(shapes)),
        borders_(shapes_.size()),
        bordered_(shapes_.size()),
        inexact_(shapes_.size()) {
    const auto& steps = program().steps;
    for (std::size_t i = 0; i < steps.size(); ++i)
      convolutions_.push_back(&backend_->convolutions(i, shapes_[std::size_t(steps[i].out)]));
    for (std::size_t i = 0; i < steps.size(); ++i) {
      for (const PackedConvolution& c : *convolutions_[i])
        widen_border(steps[i], c.kernel, c.stride, c.dilation, c.before, c.winograd ? kernels::kWinogradTile : 1);
      if (!backend_->depthwise[i].weights.empty())
        widen_border(steps[i], steps[i].kernel, steps[i].stride, steps[i].dilation, {steps[i].pad[0], steps[i].pad[1]},
                     1);
    }
    views.resize(shapes_.size());
    std::vector<int> in_place(steps.size(), -1);
    std::vector<bool> has_moved_in(shapes_.size(), false);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const int value = replaced_by(i);
      if (value < 0 || has_moved_in[std::size_t(value)]) continue;  // no chains: both must have the same border
      in_place[i] = value;
      has_moved_in[std::size_t(steps[i].out)] = true;
      Border &in = borders_[std::size_t(value)], &out = borders_[std::size_t(steps[i].out)];
      in = out = {std::max(in.top, out.top), std::max(in.left, out.left), std::max(in.bottom, out.bottom),
                  std::max(in.right, out.right)};
    }
    std::vector<std::size_t> sizes(shapes_.size(), 0);
    for (std::size_t v = 0; v < shapes_.size(); ++v) {
      const Layout& layout = backend_->layouts[v];
      if (layout.is_plain) sizes[v] += plain_bytes(v);
      if (layout.is_bordered) sizes[v] += bordered_bytes(v);
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const int value = program().outputs[i].second;
      const Layout& layout = backend_->layouts[std::size_t(value)];
      const bool shares = has_moved_in[std::size_t(value)] || std::count(in_place.begin(), in_place.end(), value) > 0;
      elsewhere_.push_back(wanted[i] && layout.is_plain && !layout.is_bordered && !shares);
      if (elsewhere_[i]) sizes[std::size_t(value)] = 0;
    }
    memory_ = plan_memory(program(), sizes, in_place);
    bytes = memory_.total;
  }

  void place(char* base, const Results& results) override {
    work_.clear();
    offsets_.clear();
    scatters_.clear();
    for (std::size_t v = 0; v < shapes_.size(); ++v) {
      const Layout& layout = backend_->layouts[v];
      char* at = base + memory_.offsets[v];
      if (layout.is_plain) {
        views[v] = plain_view(v, at);
        at += plain_bytes(v);
      }
      if (layout.is_bordered) bordered_[v] = bordered_view(v, at);
      if (!layout.is_plain) views[v] = bordered_[v];
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      const std::size_t v = std::size_t(program().outputs[i].second);
      if (elsewhere_[i]) views[v] = plain_view(v, reinterpret_cast<char*>(results[i]));
    }
    const auto& steps = program().steps;
    for (std::size_t i = 0; i < backend_->intake; ++i) views[std::size_t(steps[i].in[0])] = view(steps[i].out);
    for (const auto& input : program().inputs) {
      const std::size_t v = std::size_t(input.second);
      if (bordered_[v].data) clear(v);
      copy_if_both(v);
    }
    for (std::size_t i = 0; i < steps.size(); ++i) place_step(steps[i], i);
  }

  void load(int value, const cv::Mat& tensor) const override {
    const auto& steps = program().steps;
    std::vector<BoundPost> post;
    for (std::size_t i = 0; i < backend_->intake; ++i)
      if (steps[i].in[0] == value) post = bound_posts(steps[i], 0, views);
    onednn::load(tensor, view(value), post);
  }

  void run() override {
    for (const auto& work : work_) work();
  }

 private:
  const Program& program() const { return *backend_->program; }
  const View& view(int value) const { return views[std::size_t(value)]; }

  void widen_border(const Step& step, const std::array<int, 2>& kernel, const std::array<int, 2>& stride,
                    const std::array<int, 2>& dilation, const std::array<int, 2>& before, int together) {
    const Shape &in = shapes_[std::size_t(step.in[0])], &out = shapes_[std::size_t(step.out)];
    Border& border = borders_[std::size_t(step.in[0])];
    int after[2];
    for (std::size_t d = 0; d < 2; ++d) {
      const bool transposed = step.kind == Step::Kind::transposed_convolution;
      const int made = transposed ? (out[2 + d] + step.stride[d] - 1) / step.stride[d] : out[2 + d];
      const int count = (made + together - 1) / together * together;
      after[d] = (count - 1) * stride[d] + (kernel[d] - 1) * dilation[d] + 1 - before[d] - in[2 + d];
    }
    border.top = std::max(border.top, before[0]);
    border.left = std::max(border.left, before[1]);
    border.bottom = std::max(border.bottom, after[0]);
    border.right = std::max(border.right, after[1]);
  }

  /// The value whose place the result of a step may take, or -1: that of a product of magnitudes, which are copied
  /// before any result of their pixels is written (normalisations), or a sum with a float that has no border.
  int replaced_by(std::size_t index) const {
    const auto& steps = program().steps;
    const Step& step = steps[index];
    if (!is_convolution(step)) return -1;
    const bool sum = scattered(step) && step.post.size() == 1;
    const int value = step.absolute ? step.in[0] : sum ? step.post[0].operand : -1;
    if (value < 0 || shapes_[std::size_t(value)] != shapes_[std::size_t(step.out)]) return -1;
    // What a convolution does not do itself comes after all of its results; and few channels are read beyond the row.
    kernels::Convolution taken{};
    if (!sum && (is_dense(step.outputs) || take_along(step, taken) < step.post.size())) return -1;
    const Layout &from = backend_->layouts[std::size_t(value)], &to = backend_->layouts[std::size_t(step.out)];
    if (from.is_plain != sum || to.is_plain != sum || (sum && to.is_bordered)) return -1;
    const auto is_port = [value](const auto& port) { return port.second == value; };
    const auto is_reader = [value](const Step& s) { return reads(s, value); };
    const bool needed = std::any_of(program().inputs.begin(), program().inputs.end(), is_port) ||
                        std::any_of(program().outputs.begin(), program().outputs.end(), is_port) ||
                        std::any_of(steps.begin() + std::ptrdiff_t(index) + 1, steps.end(), is_reader) ||
                        (sum && std::count(step.in.begin(), step.in.end(), value));
    return needed ? -1 : value;
  }

  std::size_t plain_bytes(std::size_t v) const {
    return (sizeof(float) * network::elements(shapes_[v]) + 63) / 64 * 64;
  }
  View plain_view(std::size_t v, char* at) const {
    const Shape& s = shapes_[v];
    View view;
    view.data = at;
    view.pixel = s[1] * std::ptrdiff_t(sizeof(float));
    view.row = view.pixel * s[3];
    view.image = view.row * s[2];
    set_sides(view, s);
    return view;
  }
  static void set_sides(View& view, const Shape& s) {
    view.images = s[0];
    view.channels = s[1];
    view.rows = s[2];
    view.columns = s[3];
  }
  /// A view of nothing yet.
  View bordered_distances(std::size_t v) const {
    const Shape& s = shapes_[v];
    const Border& b = borders_[v];
    View view;
    view.is_float = backend_->is_float;
    view.pixel = pitch(s[1], view.element()) * (backend_->layouts[v].is_split ? 2 : 1);
    view.row = view.pixel * (b.left + s[3] + b.right);
    view.image = view.row * (b.top + s[2] + b.bottom);
    set_sides(view, s);
    return view;
  }
  View bordered_view(std::size_t v, char* at) const {
    View view = bordered_distances(v);
    view.data = at + borders_[v].top * view.row + borders_[v].left * view.pixel;
    return view;
  }
  std::size_t bordered_bytes(std::size_t v) const {
    // Operands are read in whole tiles: beyond the last pixel by as many as the largest stride makes of them.
    const View view = bordered_distances(v);
    int stride = 1;
    for (const Step& step : program().steps)
      if (step.kind == Step::Kind::convolution && step.in[0] == int(v)) stride = std::max(stride, step.stride[1]);
    return std::size_t(view.image * view.images + kernels::kOverread * std::ptrdiff_t(stride) * view.pixel + 2 * 64 +
                       63) /
           64 * 64;
  }

  /// Zeros into the border of a value and, unless its maker does so, into the channels that fill up its pixels.
  void clear(std::size_t v, bool filled_by_maker = false) {
    const View view = bordered_[v];
    const Border b = borders_[v];
    const std::ptrdiff_t used = view.channels * view.element();
    const std::ptrdiff_t filled = filled_by_maker ? used : padded(view.channels) * view.element();
    const std::ptrdiff_t half = backend_->layouts[v].is_split ? view.pixel / 2 : view.pixel;
    work_.push_back([=] {
      for (int n = 0; n < view.images; ++n) {
        const auto zero = [&](int y, int x, std::ptrdiff_t size) {
          if (size > 0) std::memset(view.at(n, y, x), 0, std::size_t(size));
        };
        zero(-b.top, -b.left, b.top * view.row);
        for (int y = 0; y < view.rows; ++y) {
          zero(y, -b.left, b.left * view.pixel);
          zero(y, view.columns, b.right * view.pixel);
          for (int x = 0; filled > used && x < view.columns; ++x)
            for (std::ptrdiff_t at = 0; at < view.pixel; at += half)
              std::memset(view.at(n, y, x) + at + used, 0, std::size_t(filled - used));
        }
        zero(view.rows, -b.left, b.bottom * view.row);
      }
      std::memset(view.at(view.images - 1, view.rows - 1 + b.bottom, view.columns + b.right), 0, 64);
    });
  }
  void copy_if_both(std::size_t v) {
    if (!backend_->layouts[v].is_plain || !backend_->layouts[v].is_bordered) return;
    work_.push_back([from = views[v], to = bordered_[v]] { pointwise(from, {}, to); });
    if (!backend_->layouts[v].is_split) return;
    View left = bordered_[v];
    left.data += left.pixel / 2;
    work_.push_back([from = views[v], rounded = bordered_[v], left, &inexact = inexact_[v]] {
      inexact = remainder(from, rounded, left);
    });
  }
  /// What is left of the post operations after the first `done`, in place; then the second copy.
  void rest(const Step& step, std::size_t done) {
    if (done < step.post.size())
      work_.push_back([out = view(step.out), bound = bound_posts(step, done, views)] { pointwise(out, bound, out); });
    copy_if_both(std::size_t(step.out));
  }

  void place_step(const Step& step, std::size_t index) {
    if (bordered_[std::size_t(step.out)].data)
      clear(std::size_t(step.out), is_convolution(step) && !backend_->layouts[std::size_t(step.out)].is_plain);
    if (index < backend_->intake) return;
    const View out = view(step.out);
    switch (step.kind) {
      case Step::Kind::convolution:
      case Step::Kind::transposed_convolution:
        if (convolutions_[index]->empty()) return place_depthwise(step, index);
        return place_convolution(step, index);
      case Step::Kind::pointwise:
        work_.push_back(
            [in = view(step.in[0]), bound = bound_posts(step, 0, views), out] { pointwise(in, bound, out); });
        return copy_if_both(std::size_t(step.out));
      case Step::Kind::concatenate: {
        int before = 0;
        for (const int value : step.in) {
          work_.push_back(
              [in = view(value), part = part_of(out, step, before, view(value))] { pointwise(in, {}, part); });
          before += shapes_[std::size_t(value)][std::size_t(step.axis)];
        }
        break;
      }
      case Step::Kind::depth_to_space:
        work_.push_back(
            [in = same_kind(step.in[0], out), &step, out] { depth_to_space(in, step.block, step.columns_first, out); });
        break;
      case Step::Kind::space_to_depth:
        work_.push_back([in = same_kind(step.in[0], out), &step, out] { space_to_depth(in, step.block, out); });
        break;
      default:
        work_.push_back([in = view(step.in[0]), &step, out] { spatial(step, in, out); });
    }
    rest(step, 0);
  }
  const View& same_kind(int value, const View& as) const {
    return as.is_float ? views[std::size_t(value)] : bordered_[std::size_t(value)];
  }

  static kernels::Target target(const View& v) { return {v.data, v.pixel, v.row, v.image, v.is_float}; }

  /// What kernels do of the post operations from `first` on as one activation; returns their number, 0 or 1.
  static std::size_t take_activation(const Step& step, std::size_t first, kernels::Activation& activation) {
    if (first >= step.post.size()) return 0;
    const PostOp& post = step.post[first];
    if (post.kind == PostOp::Kind::leaky_relu && post.numbers.size() == 1)
      activation = {true, post.numbers[0]};
    else if (post.kind == PostOp::Kind::clamp && post.numbers[0] == 0)
      activation = {true, 0, post.numbers[1]};
    return activation.is_there;
  }

  /// The post operations that a convolution does itself; returns their number.
  std::size_t take_along(const Step& step, kernels::Convolution& k) const {
    std::size_t i = take_activation(step, 0, k.first);
    const auto at = [&]() -> const PostOp* { return i < step.post.size() ? &step.post[i] : nullptr; };
    for (; at() && at()->kind == PostOp::Kind::affine; ++i) {
      k.factor *= at()->numbers[0];
      k.summand = k.summand * at()->numbers[0] + at()->numbers[1];
    }
    if (!at() || at()->operand < 0 || at()->repeated) return i;
    switch (at()->kind) {
      case PostOp::Kind::add:
        k.binary = kernels::Binary::add;
        break;
      case PostOp::Kind::subtract:
        k.binary = kernels::Binary::subtract;
        break;
      case PostOp::Kind::subtract_from:
        k.binary = kernels::Binary::subtract_from;
        break;
      case PostOp::Kind::multiply:
        k.binary = kernels::Binary::multiply;
        break;
      case PostOp::Kind::divide:
        k.binary = kernels::Binary::divide;
        break;
      default:
        k.binary = kernels::Binary::divide_into;
    }
    k.operand = target(view(step.post[i++].operand));
    return i + take_activation(step, i, k.last);
  }

  void place_convolution(const Step& step, std::size_t index) {
    View in = bordered_[std::size_t(step.in[0])];
    const View out = view(step.out);
    std::size_t done = 0;
    for (const PackedConvolution& c : *convolutions_[index]) {
      kernels::Convolution k{};
      k.in = in.at(0, -c.before[0], -c.before[1]);
      k.in_pixel = in.pixel * c.stride[1];
      k.in_row = in.row * c.stride[0];
      k.in_image = in.image;
      k.absolute = step.absolute;
      k.weights = c.tiles.get();
      k.block_bytes = c.block_bytes();
      k.bias = c.bias.data();
      k.outputs = c.outputs;
      k.images = out.images;
      k.rows = out.rows;
      k.columns = out.columns;
      k.factor = 1;
      k.pad = c.pad;
      k.winograd = c.winograd;
      k.out = target(out);
      done = take_along(step, k);
      if (!c.positions.empty()) place_phase(step, c, out, k);
      divide(c, in, k);
      if (c.split) {
        work_.push_back([k, in, &c, &inexact = inexact_[std::size_t(step.in[0])]] {
          convolve(k, c.products(in, blocks_with(inexact, c.inputs, c.depth())), c.is_float);
        });
      } else {
        work_.push_back([k, products = c.products(in, {}), is_float = c.is_float] { convolve(k, products, is_float); });
      }
    }
    rest(step, done);
  }
  /// Short rows together, few pixels in groups of outputs.
  static void divide(const PackedConvolution& c, const View& in, kernels::Convolution& k) {
    if (k.winograd || k.absolute || k.columns >= 2 * kernels::kBlock) return;
    const bool strides = k.in_pixel != in.pixel || k.in_row != in.row;
    const int columns = strides ? 0 : int(in.row / in.pixel);
    constexpr int together = 4 * kernels::kBlock, grain = kernels::kHalf;
    if (columns && columns <= (k.columns + grain - 1) / grain * grain) {
      k.joined = std::min(k.rows, std::max(1, together / columns));
      k.joined = (k.rows + kernels::lines(k) - 1) / kernels::lines(k);  // all alike
    }
    constexpr std::ptrdiff_t few = 1 << 16;
    constexpr int enough = 16;
    const int lines = k.images * kernels::lines(k), width = kernels::kHalf * kernels::halves(k.outputs, k.pad);
    const int blocks = (k.outputs + width - 1) / width;
    if (blocks * c.block_bytes() >= few) k.groups = std::min(blocks, std::max(1, enough / lines));
  }
  static void convolve(kernels::Convolution k, const std::vector<kernels::Product>& products, bool is_float) {
    k.products = products.data();
    k.count = int(products.size());
    parallel(kernels::pieces(k), [&](int begin, int end) {
      char* const space = scratch(kernels::space_bytes(k));
      is_float ? kernels::convolve_fp32(k, begin, end, space) : kernels::convolve_bf16(k, begin, end, space);
    });
  }
  /// Of each `depth` channels whether any pixel's are inexact.
  static std::vector<bool> blocks_with(const std::vector<std::uint8_t>& inexact, int channels, int depth) {
    std::vector<bool> blocks(std::size_t((channels + depth - 1) / depth), false);
    for (std::size_t i = 0; i < inexact.size(); ++i)
      if (inexact[i]) blocks[i % std::size_t(channels) / std::size_t(depth)] = true;
    return blocks;
  }
  /// Every stride-th pixel of every stride-th row.
  void place_phase(const Step& step, const PackedConvolution& c, const View& out, kernels::Convolution& k) {
    const auto& first = c.positions[0];
    k.rows = (out.rows - first[0] + step.stride[0] - 1) / step.stride[0];
    k.columns = (out.columns - first[1] + step.stride[1] - 1) / step.stride[1];
    for (kernels::Target* t : {&k.out, &k.operand}) {
      if (!t->data) continue;
      if (!scattered(step)) t->data += first[0] * t->row + first[1] * t->pixel;
      t->row *= step.stride[0];
      t->pixel *= step.stride[1];
    }
    if (!scattered(step)) return;
    std::vector<std::int32_t> elements;  // of an image, which has no more than network::kMostElements
    for (const auto& p : c.positions)
      for (int o = 0; o < step.outputs; ++o)
        elements.push_back(std::int32_t((p[0] * out.row + p[1] * out.pixel) / std::ptrdiff_t(sizeof(float))) + o);
    scatters_.push_back(std::move(elements));
    k.scatter = scatters_.back().data();
  }

  void place_depthwise(const Step& step, std::size_t index) {
    const PackedDepthwise& d = backend_->depthwise[index];
    const View &in = bordered_[std::size_t(step.in[0])], &out = view(step.out);
    std::vector<std::ptrdiff_t> offsets;
    for (int y = 0; y < step.kernel[0]; ++y)
      for (int x = 0; x < step.kernel[1]; ++x)
        offsets.push_back(y * step.dilation[0] * in.row + x * step.dilation[1] * in.pixel);
    kernels::Depthwise k{};
    k.in = in.at(0, -step.pad[0], -step.pad[1]);
    k.in_pixel = in.pixel * step.stride[1];
    k.in_row = in.row * step.stride[0];
    k.in_image = in.image;
    offsets_.push_back(std::move(offsets));
    k.offsets = offsets_.back().data();
    k.taps = int(offsets_.back().size());
    k.weights = d.weights.data();
    k.bias = d.bias.data();
    k.channels = out.channels;
    k.images = out.images;
    k.rows = out.rows;
    k.columns = out.columns;
    k.out = target(out);
    k.pad = !backend_->layouts[std::size_t(step.out)].is_plain;
    const std::size_t done = take_activation(step, 0, k.activation);
    work_.push_back([k, is_float = backend_->is_float] {
      parallel(k.images * k.rows, [&](int begin, int end) {
        is_float ? kernels::convolve_fp32(k, begin, end) : kernels::convolve_bf16(k, begin, end);
      });
    });
    rest(step, done);
  }

  std::shared_ptr<const PackedBackend> backend_;
  std::vector<Shape> shapes_;
  std::vector<const std::vector<PackedConvolution>*> convolutions_;  // by step
  std::vector<Border> borders_;
  std::vector<View> bordered_;   // as convolutions read a value, where they do
  std::vector<bool> elsewhere_;  // of every output whether it is not in the plan's memory
  network::MemoryPlan memory_;
  std::vector<std::vector<std::uint8_t>> inexact_;  // of split values: what remainder() found
  std::vector<std::vector<std::ptrdiff_t>> offsets_;
  std::vector<std::vector<std::int32_t>> scatters_;
  std::vector<std::function<void()>> work_;
};

}  // namespace

std::unique_ptr<Plan> make_packed_plan(std::shared_ptr<const PackedBackend> backend, std::vector<Shape> shapes,
                                       const std::vector<bool>& wanted) {
  return std::make_unique<PackedPlan>(std::move(backend), std::move(shapes), wanted);
}

}  // namespace calotype::onednn
