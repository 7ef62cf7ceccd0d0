// SPDX-License-Identifier: Apache-2.0
// Programs in double precision, in the order N, C, H, W, as plainly as they can be written.
#pragma once
#include <map>
#include <vector>

#include "network/program.hpp"

struct Tensor {
  calotype::network::Shape shape{};
  std::vector<double> values;

  explicit Tensor(const calotype::network::Shape& s = {0, 0, 0, 0})
      : shape(s), values(std::size_t(s[0]) * std::size_t(s[1]) * std::size_t(s[2]) * std::size_t(s[3]), 0.) {}
  double& at(int n, int c, int y, int x) {
    return values[std::size_t(((n * shape[1] + c) * shape[2] + y) * shape[3] + x)];
  }
  double at(int n, int c, int y, int x) const { return const_cast<Tensor*>(this)->at(n, c, y, x); }
};

/// Uniform in -1..1, the same for the same seed.
Tensor random_tensor(const calotype::network::Shape& shape, unsigned seed);

/// All values of the program, by number.
std::vector<Tensor> run_reference(const calotype::network::Program& program, const std::vector<Tensor>& inputs);
