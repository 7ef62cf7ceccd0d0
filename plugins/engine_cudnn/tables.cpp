// SPDX-License-Identifier: Apache-2.0
#include "tables.hpp"

namespace calotype::cudnn {

using network::Shape;
using network::Step;

std::vector<network::Sample> sample_table(const Step& step, const Shape& in, const Shape& out) {
  std::vector<network::Sample> all = network::samples(step.resize, 0, in[2], out[2]);
  const std::vector<network::Sample> columns = network::samples(step.resize, 1, in[3], out[3]);
  all.insert(all.end(), columns.begin(), columns.end());
  return all;
}

std::vector<int> pick_table(const Step& step, const Shape& in, const Shape& out) {
  const auto source = [&](std::size_t d, int i) {
    if (step.kind == Step::Kind::padding) return network::padded_from(step.border, i - step.around[d], in[d]);
    return step.count[d] ? step.first[d] + i * step.step[d] : i;
  };
  std::vector<int> all;
  for (std::size_t d = 0; d < out.size(); ++d)
    for (int i = 0; i < out[d]; ++i) all.push_back(source(d, i));
  return all;
}

}  // namespace calotype::cudnn
