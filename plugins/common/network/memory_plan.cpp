// SPDX-License-Identifier: Apache-2.0
// The largest values first, each in the lowest gap that is free while it is needed: leaves fewer gaps than placing them
// in the order in which they are made (Pisarchyk and Lee, https://arxiv.org/abs/2001.03288, "greedy by size").
#include <algorithm>

#include "calotype/error.hpp"
#include "program.hpp"

namespace calotype::network {
namespace {

constexpr std::size_t kMostBytes = std::size_t(1) << 46;  // of processes on 64-bit machines

struct Block {
  std::size_t value, size, first, last;  // the steps that it lives through
  std::size_t begin = 0;
  std::size_t end() const { return begin + size; }
  bool meets(const Block& other) const { return first <= other.last && other.first <= last; }
};

std::vector<Block> blocks(const Program& program, const std::vector<std::size_t>& bytes,
                          const std::vector<int>& in_place) {
  std::vector<Block> all;
  for (std::size_t v = 0; v < bytes.size(); ++v) all.push_back({v, (bytes[v] + 63) / 64 * 64, 0, 0});
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    Block& out = all[static_cast<std::size_t>(step.out)];
    out.first = out.last = i;
    // Inputs are still there while the result is made.
    for (const int in : step.in) all[static_cast<std::size_t>(in)].last = i;
    for (const PostOp& post : step.post)
      if (post.operand >= 0) all[static_cast<std::size_t>(post.operand)].last = i;
  }
  for (const auto& output : program.outputs) all[static_cast<std::size_t>(output.second)].last = program.steps.size();
  // The last of a chain first: its life becomes part of that of the one before.
  for (std::size_t i = in_place.size(); i-- > 0;) {
    if (in_place[i] < 0) continue;
    Block &out = all[static_cast<std::size_t>(program.steps[i].out)], &in = all[static_cast<std::size_t>(in_place[i])];
    in.last = std::max(in.last, out.last);
    in.size = std::max(in.size, out.size);
    out.size = 0;
  }
  return all;
}

}  // namespace

MemoryPlan plan_memory(const Program& program, const std::vector<std::size_t>& bytes,
                       const std::vector<int>& in_place) {
  std::vector<Block> waiting = blocks(program, bytes, in_place), placed;  // `placed` is ordered by begin
  std::stable_sort(waiting.begin(), waiting.end(), [](const Block& a, const Block& b) { return a.size > b.size; });
  MemoryPlan plan;
  plan.offsets.assign(bytes.size(), 0);
  for (Block& block : waiting) {
    if (block.size == 0) break;
    for (const Block& other : placed)
      if (other.meets(block) && other.begin < block.end()) block.begin = std::max(block.begin, other.end());
    placed.insert(std::upper_bound(placed.begin(), placed.end(), block,
                                   [](const Block& a, const Block& b) { return a.begin < b.begin; }),
                  block);
    plan.offsets[block.value] = block.begin;
    plan.total = std::max(plan.total, block.end());
    if (block.size > kMostBytes || plan.total > kMostBytes)
      throw Error(ErrorCode::limit, "the network would need more memory than any machine has",
                  "use a smaller picture or tiles");
  }
  for (std::size_t i = 0; i < in_place.size(); ++i)
    if (in_place[i] >= 0)
      plan.offsets[static_cast<std::size_t>(program.steps[i].out)] =
          plan.offsets[static_cast<std::size_t>(in_place[i])];
  return plan;
}

}  // namespace calotype::network
