// SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include <algorithm>

#include "calotype/error.hpp"

namespace calotype::cudnn {
namespace {

constexpr std::size_t kMostPadded = std::size_t(1) << 31;  // as Index counts

}  // namespace

Plan plan(const network::Program& program, const std::vector<network::Shape>& inputs, std::size_t element_size) {
  Plan plan;
  plan.shapes = program.shapes(inputs);
  std::vector<std::size_t> bytes;
  for (const network::Shape& shape : plan.shapes) {
    if (padded_elements(shape) > kMostPadded)
      throw Error(ErrorCode::limit, "a tensor of the network would have more than 2^31 elements", "use smaller tiles");
    bytes.push_back(padded_elements(shape) * element_size);
  }
  network::MemoryPlan memory = network::plan_memory(program, bytes);
  plan.offsets = std::move(memory.offsets);
  plan.magnitude = memory.total;
  plan.total = memory.total;
  for (const network::Step& step : program.steps)
    if (step.absolute) plan.total = std::max(plan.total, plan.magnitude + bytes[static_cast<std::size_t>(step.in[0])]);
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
