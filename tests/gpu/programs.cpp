// SPDX-License-Identifier: Apache-2.0
#include "programs.hpp"

#include "reference.hpp"

using namespace calotype::network;

std::vector<float> numbers(std::size_t count, unsigned seed) {
  const Tensor random = random_tensor({1, 1, 1, static_cast<int>(count)}, seed);
  return {random.values.begin(), random.values.end()};
}

Step step_of(Step::Kind kind, std::vector<int> in) {
  Step step;
  step.kind = kind;
  step.op = step.name = "step";
  step.in = std::move(in);
  return step;
}

Step convolution(int inputs, int outputs, int group, std::array<int, 2> kernel, bool transposed) {
  Step step = step_of(transposed ? Step::Kind::transposed_convolution : Step::Kind::convolution, {0});
  step.outputs = outputs;
  step.group = group;
  step.kernel = kernel;
  step.weights.dims = transposed ? std::vector<int>{inputs, outputs / group, kernel[0], kernel[1]}
                                 : std::vector<int>{outputs, inputs / group, kernel[0], kernel[1]};
  std::size_t count = 1;
  for (const int dim : step.weights.dims) count *= static_cast<std::size_t>(dim);
  step.weights.values = numbers(count, 7);
  step.bias = numbers(static_cast<std::size_t>(outputs), 8);
  return step;
}

Program program_of(std::vector<Step> steps, int inputs) {
  Program program;
  for (int i = 0; i < inputs; ++i) program.inputs.emplace_back("x" + std::to_string(i), i);
  for (Step& step : steps) {
    step.out = inputs + static_cast<int>(program.steps.size());
    program.steps.push_back(std::move(step));
  }
  program.values = inputs + static_cast<int>(program.steps.size());
  program.outputs.emplace_back("y", program.values - 1);
  program.ranks = {4};
  return program;
}
