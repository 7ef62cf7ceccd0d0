// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

#include "programs.hpp"

using namespace calotype::network;

namespace {

void add_convolutions(std::vector<Case>& cases) {
  struct Parameters {
    int inputs, outputs, group;
    std::array<int, 2> kernel, stride, dilation;
    std::array<int, 4> pad;
    std::array<int, 2> output_padding;
  };
  const Parameters all[] = {
      {3, 4, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, {0, 0}},
      {3, 20, 1, {5, 5}, {2, 2}, {1, 1}, {2, 2, 2, 2}, {1, 1}},
      {17, 8, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}, {0, 0}},
      {8, 9, 1, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}},
      {5, 3, 1, {8, 8}, {4, 4}, {1, 1}, {2, 2, 2, 2}, {0, 0}},
      {4, 5, 1, {3, 2}, {1, 3}, {2, 1}, {2, 1, 2, 1}, {0, 2}},  // nothing square
      {4, 4, 1, {3, 3}, {2, 2}, {1, 1}, {2, 1, 1, 0}, {1, 0}},  // unequal padding
      {4, 4, 1, {3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}, {1, 1}},  // output padding that cuDNN's interface cannot say
      {12, 12, 12, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, {0, 0}},
      {16, 16, 16, {5, 3}, {2, 2}, {1, 1}, {2, 1, 2, 1}, {1, 1}},
      {6, 12, 3, {3, 3}, {2, 1}, {1, 2}, {1, 2, 1, 2}, {1, 0}},
      {4, 8, 4, {3, 3}, {1, 1}, {1, 1}, {1, 0, 0, 1}, {0, 0}},
      {16, 24, 4, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, {1, 1}},  // groups that cuDNN can say
      {8, 16, 2, {2, 3}, {1, 1}, {1, 1}, {2, 1, 1, 2}, {0, 0}},
      {1, 1, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, {0, 0}},
      {5, 7, 1, {9, 11}, {1, 1}, {1, 1}, {0, 0, 0, 0}, {0, 0}},  // of a whole picture, as matrices are
  };
  for (const Parameters& p : all)
    for (const bool transposed : {false, true})
      for (const bool absolute : {false, true}) {
        Step step = convolution(p.inputs, p.outputs, p.group, p.kernel, transposed);
        step.stride = p.stride;
        step.dilation = p.dilation;
        step.pad = p.pad;
        if (transposed) step.output_padding = p.output_padding;
        step.absolute = absolute;
        cases.push_back({"convolution " + std::to_string(&p - all) + (transposed ? ", transposed" : "") +
                             (absolute ? ", of magnitudes" : ""),
                         program_of({step}),
                         {{3, p.inputs, 9, 11}}});
      }
  // The values whose magnitude a convolution reads are needed again.
  Step step = convolution(5, 5, 1, {1, 1});
  step.absolute = true;
  step.post = {{PostOp::Kind::multiply, {}, 0}};
  cases.push_back({"magnitudes of a value that stays", program_of({step}), {{1, 5, 4, 6}}});
}

void add_post_operations(std::vector<Case>& cases) {
  using Kind = PostOp::Kind;
  const int channels = 11;
  Step first = convolution(3, channels, 1, {1, 1});
  Step second = step_of(Step::Kind::pointwise, {2});
  second.post = {
      {Kind::leaky_relu, {0.25f}, -1},
      {Kind::leaky_relu, numbers(channels, 1), -1},
      {Kind::affine, {0.5f, -0.25f}, -1},
      {Kind::per_channel, numbers(2 * channels, 2), -1},
      {Kind::add, {}, 1},
      {Kind::multiply, {}, 1},
      {Kind::subtract, {}, 2},
      {Kind::subtract_from, {}, 1},
      {Kind::abs, {}, -1},
      {Kind::affine, {1, 2}, -1},
      {Kind::divide_into, {}, 1},
      {Kind::sigmoid, {}, -1},
      {Kind::divide, {}, 3},
  };
  // What the chain divides by is far from zero.
  Step divisor = step_of(Step::Kind::pointwise, {1});
  divisor.post = {{Kind::abs, {}, -1}, {Kind::affine, {1, 1}, -1}};
  Program program = program_of({first, divisor, second}, 2);
  program.steps[2].in = {2};
  cases.push_back({"a long chain", program, {{2, 3, 5, 7}, {2, channels, 5, 7}}});

  // Of what is neither zero nor negative where that matters.
  Step functions = step_of(Step::Kind::pointwise, {0});
  functions.post = {{Kind::clamp, {-0.5f, 0.75f}},
                    {Kind::elu, {0.7f}},
                    {Kind::tanh},
                    {Kind::erf},
                    {Kind::softplus},
                    {Kind::power, {1.5f}},
                    {Kind::log},
                    {Kind::exp},
                    {Kind::affine, {1, 0.5f}},
                    {Kind::reciprocal},
                    {Kind::sqrt}};
  cases.push_back({"functions", program_of({functions}), {{3, 5, 3, 7}}});

  // Among more operations than one kernel does.
  Step gates = step_of(Step::Kind::pointwise, {0});
  for (int i = 0; i < 14; ++i) gates.post.push_back({Kind::affine, {0.9f, 0.1f}});
  for (int i = 0; i < 3; ++i) {
    gates.post.push_back({Kind::keep});
    gates.post.push_back({Kind::affine, {1 / 6.f, 0.5f}});
    gates.post.push_back({Kind::clamp, {0, 1}});
    gates.post.push_back({Kind::times_kept});
    gates.post.push_back({Kind::affine, {1, 0.25f}});
    gates.post.push_back({Kind::times_kept});
  }
  cases.push_back({"gates", program_of({gates}), {{3, 5, 3, 7}}});

  // Fused into the convolution, after its bias.
  first.post = {{Kind::add, {}, 1}, {Kind::leaky_relu, {0}, -1}, {Kind::per_channel, numbers(2 * channels, 3), -1}};
  cases.push_back({"operations after a convolution", program_of({first}, 2), {{2, 3, 5, 7}, {2, channels, 5, 7}}});
}

/// Operands with sides of 1, each way.
void add_repeated_operands(std::vector<Case>& cases) {
  using Kind = PostOp::Kind;
  for (int sides = 0; sides < 16; ++sides) {
    const Shape result = {3, 11, 5, 7};
    Shape operand = result;
    for (int d = 0; d < 4; ++d)
      if (sides >> d & 1) operand[static_cast<std::size_t>(d)] = 1;
    Step step = step_of(Step::Kind::pointwise, {0});
    step.post = {{Kind::multiply, {}, 1, true}, {Kind::affine, {1, 0.5f}}, {Kind::subtract_from, {}, 1, true}};
    cases.push_back({"repeated along " + std::to_string(sides), program_of({step}, 2), {result, operand}});
  }
}

void add_rearrangements(std::vector<Case>& cases) {
  Step joined = step_of(Step::Kind::concatenate, {0, 1, 0});
  cases.push_back({"joined", program_of({joined}, 2), {{2, 3, 4, 5}, {2, 13, 4, 5}}});
  joined.post = {{PostOp::Kind::affine, {2, 1}, -1}};
  cases.push_back({"joined, then changed", program_of({joined}, 2), {{1, 8, 4, 5}, {1, 16, 4, 5}}});
  joined = step_of(Step::Kind::concatenate, {0, 1});
  cases.push_back({"joined, more padding than the last has", program_of({joined}, 2), {{2, 3, 4, 5}, {2, 8, 4, 5}}});
  for (const int block : {1, 2, 3})
    for (const bool columns_first : {false, true})
      for (const int channels : {1, 3, 8}) {
        const std::string name = std::to_string(block) + (columns_first ? "c " : " ") + std::to_string(channels);
        Step step = step_of(Step::Kind::depth_to_space, {0});
        step.block = block;
        step.columns_first = columns_first;
        cases.push_back({"depth to space " + name, program_of({step}), {{2, channels * block * block, 3, 5}}});
        step.kind = Step::Kind::space_to_depth;
        step.columns_first = false;
        cases.push_back({"space to depth " + name, program_of({step}), {{2, channels, 3 * block, 2 * block}}});
      }
}

}  // namespace

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  add_convolutions(cases);
  add_post_operations(cases);
  add_repeated_operands(cases);
  add_rearrangements(cases);
  for (Case& c : spatial_cases()) cases.push_back(std::move(c));
  return cases;
}

Program colour_matrix() { return program_of({convolution(3, 3, 1, {1, 1})}); }
