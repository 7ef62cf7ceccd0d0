// SPDX-License-Identifier: Apache-2.0
#include "inputs.hpp"

#include "../pictures.hpp"
#include "calotype/error.hpp"

namespace calotype::network {
namespace {

Error wrong_input(const std::string& what) {
  return Error(ErrorCode::engine, what, "check names and shapes of the inputs");
}

}  // namespace

Shape input_shape(const std::string& name, const cv::Mat& given) {
  if (is_picture(given)) return {1, 3, given.rows, given.cols};
  if (given.type() != CV_32F || !given.isContinuous() || given.empty() || given.dims > 4)
    throw wrong_input("input \"" + name + "\" is neither a continuous N,C,H,W tensor of floats nor a picture");
  if (given.dims == 2) return {given.size[0], given.size[1], 1, 1};
  if (given.dims == 3) return {1, given.size[2], given.size[0], given.size[1]};
  return {given.size[0], given.size[1], given.size[2], given.size[3]};
}

std::vector<Shape> input_shapes(const Program& program, const TensorMap& in) {
  std::vector<Shape> shapes;
  for (const auto& [name, value] : program.inputs) {
    const auto given = in.find(name);
    if (given == in.end()) throw wrong_input("input \"" + name + "\" is missing");
    shapes.push_back(input_shape(name, given->second));
  }
  if (in.size() != shapes.size())
    throw wrong_input("the network has " + std::to_string(shapes.size()) + " inputs, got " + std::to_string(in.size()));
  return shapes;
}

}  // namespace calotype::network
