// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "program.hpp"

namespace calotype::network {
namespace {

struct Block {
  std::size_t begin, end;  // bytes
  std::size_t last;        // step that reads it
};

}  // namespace

MemoryPlan plan_memory(const Program& program, const std::vector<std::size_t>& bytes) {
  const std::size_t end = program.steps.size();
  std::vector<std::size_t> last(bytes.size(), 0);
  for (std::size_t i = 0; i < end; ++i) {
    const Step& step = program.steps[i];
    last[static_cast<std::size_t>(step.out)] = i;
    for (const int in : step.in) last[static_cast<std::size_t>(in)] = i;
    for (const PostOp& post : step.post)
      if (post.operand >= 0) last[static_cast<std::size_t>(post.operand)] = i;
  }
  for (const auto& output : program.outputs) last[static_cast<std::size_t>(output.second)] = end;

  MemoryPlan plan;
  plan.offsets.assign(bytes.size(), 0);
  std::vector<Block> live;  // ordered by begin
  const auto place = [&](std::size_t value) {
    if (bytes[value] == 0) return;
    const std::size_t size = (bytes[value] + 63) / 64 * 64;
    std::size_t at = 0;
    auto next = live.begin();
    for (; next != live.end() && next->begin < at + size; ++next) at = std::max(at, next->end);
    live.insert(next, {at, at + size, last[value]});
    plan.offsets[value] = at;
    plan.total = std::max(plan.total, at + size);
  };
  for (const auto& input : program.inputs) place(static_cast<std::size_t>(input.second));
  for (std::size_t i = 0; i < end; ++i) {
    place(static_cast<std::size_t>(program.steps[i].out));  // its inputs are still there: no step works in place
    live.erase(std::remove_if(live.begin(), live.end(), [&](const Block& b) { return b.last <= i; }), live.end());
  }
  return plan;
}

}  // namespace calotype::network
