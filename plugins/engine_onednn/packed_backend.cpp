// SPDX-License-Identifier: Apache-2.0
#include "packed_backend.hpp"

#include <cstdint>
#include <cstring>

#include "elementwise.hpp"
#include "packed_plan.hpp"
#include "phases.hpp"

namespace calotype::onednn {
namespace {

using network::PostOp;
using network::Program;
using network::Shape;
using network::Step;

std::vector<Phase> single_positions(const std::vector<Phase>& phases) {
  std::vector<Phase> single;
  for (const Phase& phase : phases)
    for (const auto& position : phase.positions) single.push_back({phase.kernel, phase.before, {position}});
  return single;
}

bool among(const std::vector<std::pair<std::string, int>>& list, int value) {
  return std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.second == value; });
}

}  // namespace

PackedBackend::PackedBackend(std::shared_ptr<const Program> p, bool in_fp32)
    : program(std::move(p)),
      is_float(in_fp32),
      layouts(std::size_t(program->values)),
      depthwise(program->steps.size()),
      packed_(program->steps.size()),
      filtered_(program->steps.size()) {
  for (const auto& output : program->outputs) layout(output.second).is_plain = true;
  for (std::size_t i = program->steps.size(); i-- > 0;) choose(program->steps[i]);
  for (const auto& input : program->inputs)
    if (!layout(input.second).is_bordered) layout(input.second).is_plain = true;
  while (intake < program->steps.size() && takes_in(program->steps[intake]))
    layout(program->steps[intake++].in[0]) = {};
  for (std::size_t i = 0; i < program->steps.size(); ++i)
    if (is_convolution(program->steps[i])) prepare(program->steps[i], i);
  gather();
}

std::unique_ptr<Plan> PackedBackend::plan(const std::vector<Shape>& shapes, const std::vector<bool>& wanted) const {
  return make_packed_plan(shared_from_this(), shapes, wanted);
}

const std::vector<PackedConvolution>& PackedBackend::convolutions(std::size_t index, const Shape& result) const {
  constexpr std::int64_t enough = 2048;
  const Step& step = program->steps[index];
  std::int64_t pixels = std::int64_t(result[0]) * result[2] * result[3];
  if (step.kind == Step::Kind::transposed_convolution) pixels /= step.stride[0] * step.stride[1];
  Filtered* const filtered = filtered_[index].get();
  if (!filtered || pixels < enough) return packed_[index];
  std::call_once(filtered->once, [&] {
    filtered->packed = pack_step(filtered->step, true);
    filtered->step.weights = {};
  });
  return filtered->packed;
}

/// Whether a step does no more than scale an input that nothing else reads.
bool PackedBackend::takes_in(const Step& step) {
  const int value = step.in[0];
  const auto is_reader = [value](const Step& s) { return reads(s, value); };
  const Layout& out = layout(step.out);
  return step.kind == Step::Kind::pointwise && among(program->inputs, value) && !among(program->outputs, value) &&
         std::all_of(step.post.begin(), step.post.end(), [](const PostOp& p) { return p.operand < 0; }) &&
         std::count_if(program->steps.begin(), program->steps.end(), is_reader) == 1 && !out.is_plain && !out.is_split;
}

/// Backwards through the program: all readers of the step's result have said what they want.
void PackedBackend::choose(const Step& step) {
  Layout& out = layout(step.out);
  if (scattered(step)) out.is_plain = true;
  if (!out.is_plain) out.is_bordered = true;
  // A linear path from the network's input to the picture: its rounding would be seen as noise.
  if (!is_float && (scattered(step) || out.is_split) && is_linear(step.in[0]) && !is_dense(step.weights.dims[0]))
    layout(step.in[0]).is_split = layout(step.in[0]).is_plain = true;
  const bool last = among(program->outputs, step.out) || scattered(step);
  for (const PostOp& post : step.post)
    if (post.operand >= 0 && (last || among(program->inputs, post.operand))) layout(post.operand).is_plain = true;
  for (const int in : step.in) {
    if (is_convolution(step))
      layout(in).is_bordered = true;
    else if (step.kind == Step::Kind::depth_to_space || step.kind == Step::Kind::space_to_depth)
      (out.is_plain ? layout(in).is_plain : layout(in).is_bordered) = true;
    else if (out.is_plain || among(program->inputs, in))
      layout(in).is_plain = true;
  }
}

/// Whether the value is an input of the network, or made of one by transposed convolutions alone.
bool PackedBackend::is_linear(int value) const {
  const int inputs = int(program->inputs.size());
  while (value >= inputs) {
    const Step& maker = program->steps[std::size_t(value - inputs)];
    if (maker.kind != Step::Kind::transposed_convolution || scattered(maker) || !maker.post.empty()) return false;
    value = maker.in[0];
  }
  return true;
}

void PackedBackend::prepare(const Step& step, std::size_t index) {
  if (step.kind == Step::Kind::convolution && step.group != 1) {
    depthwise[index] = pack_depthwise(step, is_float);
    return;
  }
  packed_[index] = pack_step(step, false);
  const auto suits = [](const PackedConvolution& c) { return c.suits_winograd(); };
  if (!std::any_of(packed_[index].begin(), packed_[index].end(), suits)) return;
  filtered_[index] = std::make_unique<Filtered>();
  filtered_[index]->step = step;
}

/// The weights of large networks into huge pages: they are read from end to end in every run, and their addresses would
/// be looked for again and again.
void PackedBackend::gather() {
  constexpr std::size_t many = 4 * kHugePage;
  std::size_t bytes = 0;
  for (const auto& step : packed_)
    for (const PackedConvolution& c : step) bytes += c.tiles_bytes();
  if (bytes < many) return;
  const std::shared_ptr<char> all = huge_bytes(bytes);
  char* at = all.get();
  for (auto& step : packed_)
    for (PackedConvolution& c : step) {
      std::memcpy(at, c.tiles.get(), c.tiles_bytes());
      c.tiles = {all, at};
      at += c.tiles_bytes();
    }
}

std::vector<PackedConvolution> PackedBackend::pack_step(const Step& step, bool filter) const {
  const Layout &in = layouts[std::size_t(step.in[0])], &out = layouts[std::size_t(step.out)];
  const bool pad = !out.is_plain && !is_dense(step.outputs);
  std::vector<PackedConvolution> result;
  if (step.kind == Step::Kind::convolution) {
    result.push_back(pack(step, is_float, pad, filter));
    return result;
  }
  for (std::size_t d = 0; scattered(step) && d < 2; ++d)
    if ((step.kernel[d] - step.pad[d] - step.pad[d + 2] + step.output_padding[d]) % step.stride[d])
      refuse(step, "sides that are no multiples of the stride");
  std::vector<Phase> parts = phases(step);
  if (!scattered(step)) parts = single_positions(parts);
  return pack_phases(step, parts, is_float, pad, in.is_split && (scattered(step) || out.is_split), filter);
}

std::shared_ptr<const Backend> make_packed_backend(std::shared_ptr<Program> program, bool in_fp32) {
  auto backend = std::make_shared<PackedBackend>(program, in_fp32);
  program->drop_weights();
  return backend;
}

}  // namespace calotype::onednn
