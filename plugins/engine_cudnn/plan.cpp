// SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include <algorithm>
#include <cstring>

#include "calotype/error.hpp"
#include "kernels/softmax.hpp"
#include "runner.hpp"
#include "tables.hpp"

namespace calotype::cudnn {
namespace {

using network::Shape;
using network::Step;

constexpr std::size_t kMostPadded = std::size_t(1) << 31;  // as Index counts

std::size_t checked(std::size_t padded_elements) {
  if (padded_elements > kMostPadded)
    throw Error(ErrorCode::limit, "a tensor of the network would have more than 2^31 elements", "use smaller tiles");
  return padded_elements;
}

/// Bytes that a step needs for what it makes on its way.
std::size_t scratch(const Step& step, const Shape& in, std::size_t element_size) {
  const std::size_t images = static_cast<std::size_t>(in[0]), row = static_cast<std::size_t>(padded(in[1]));
  if (is_convolution(step)) {
    const LibraryInput input = library_input(step, in);
    return runner_of(step) == Runner::library && input.is_copy ? checked(padded_elements(input.shape)) * element_size
                                                               : 0;
  }
  switch (step.kind) {
    case Step::Kind::pooling:
      return step.whole ? padded_elements({in[0], in[1], in[2], 1}) * element_size : 0;
    case Step::Kind::softmax:
      return checked(network::elements({in[0], SoftmaxPart::count(in[1]), in[2], in[3]})) * sizeof(SoftmaxPart);
    case Step::Kind::instance_normalisation:  // moments of each line, then of each image
      return checked(2 * row * images * (static_cast<std::size_t>(in[2]) + 1)) * sizeof(float);
    default:
      return 0;
  }
}

template <class Entry>
std::size_t append(std::vector<std::uint8_t>& bytes, const std::vector<Entry>& table) {
  const std::size_t at = bytes.size();
  bytes.resize(at + table.size() * sizeof(Entry));
  std::memcpy(&bytes[at], table.data(), table.size() * sizeof(Entry));
  return at;
}

/// Entries of all tables are multiples of four bytes, and so are their places.
std::size_t append_table(std::vector<std::uint8_t>& bytes, const Step& step, const Shape& in, const Shape& out) {
  switch (step.kind) {
    case Step::Kind::resize:
      return append(bytes, sample_table(step, in, out));
    case Step::Kind::padding:
    case Step::Kind::slice:
      return append(bytes, pick_table(step, in, out));
    default:
      return 0;
  }
}

}  // namespace

Plan plan(const network::Program& program, const std::vector<Shape>& inputs, std::size_t element_size) {
  Plan plan;
  plan.shapes = program.shapes(inputs);
  std::vector<std::size_t> bytes;
  for (const Shape& shape : plan.shapes) bytes.push_back(checked(padded_elements(shape)) * element_size);
  network::MemoryPlan memory = network::plan_memory(program, bytes);
  plan.offsets = std::move(memory.offsets);
  plan.scratch = memory.total;
  plan.total = memory.total;
  for (const Step& step : program.steps) {
    const Shape &in = plan.shapes[static_cast<std::size_t>(step.in[0])],
                &out = plan.shapes[static_cast<std::size_t>(step.out)];
    plan.total = std::max(plan.total, plan.scratch + scratch(step, in, element_size));
    plan.tables.push_back(append_table(plan.table_bytes, step, in, out));
  }
  return plan;
}

void check_room(std::size_t needed, std::size_t available) {
  if (needed <= available) return;
  const auto megabytes = [](std::size_t bytes) { return std::to_string(bytes / 1000000 + 1) + " MB"; };
  throw Error(
      ErrorCode::limit,
      "the network needs " + megabytes(needed) + " of the GPU's memory, of which " + megabytes(available) + " are free",
      "use smaller tiles, or another device or engine (device=, engine=)");
}

}  // namespace calotype::cudnn
