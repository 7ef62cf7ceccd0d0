// SPDX-License-Identifier: Apache-2.0
#include "tensors.hpp"

#include "../common/channels_last.hpp"
#include "../common/pictures.hpp"

namespace calotype::openvino {
namespace {

std::vector<int> dims_of(const ov::Shape& shape) {
  std::vector<int> dims(shape.begin(), shape.end());
  while (dims.size() < 2) dims.push_back(1);  // cv::Mat knows no fewer
  return dims;
}

ov::Shape shape_of(const cv::Mat& m, const ov::PartialShape& wanted) {
  ov::Shape shape(m.size.p, m.size.p + m.dims);
  if (m.dims == 2 && wanted.rank().is_static() && (wanted.size() == 4 || (wanted.size() < 2 && m.cols == 1)))
    shape.resize(wanted.size(), 1);
  return shape;
}

cv::Mat channels_innermost(const cv::Mat& tensor) {
  cv::Mat result;
  to_channels_last(tensor, result);
  return result;
}

}  // namespace

Input as_input(const cv::Mat& given, const ov::PartialShape& wanted, bool channels_last) {
  const bool picture = is_picture(given), three = is_channels_last(given) && wanted.rank() != 3;
  if (!picture && (given.type() != CV_32F || given.empty() || !given.isContinuous()))
    throw Error(ErrorCode::engine, "an input is neither a continuous tensor of floats nor a picture",
                "check the inputs");
  Input input;
  if (picture)
    input.floats = channels_last ? channels_innermost(to_tensor(given)) : to_tensor(given);
  else if (three && !channels_last)
    input.floats = channels_first(given);
  else
    input.floats = given;
  ov::Shape shape = shape_of(input.floats, wanted);
  if (channels_last && (picture || three)) shape.insert(shape.begin(), 1);
  input.tensor = ov::Tensor(ov::element::f32, shape, input.floats.ptr<float>());
  return input;
}

void hand_over(const ov::Tensor& result, bool channels_last, cv::Mat& to) {
  const ov::Shape& shape = result.get_shape();
  const std::vector<int> dims = dims_of(shape);
  void* const data = const_cast<void*>(result.data());
  const cv::Mat floats(dims, CV_32F, data);
  const bool one = shape.size() == 4 && shape[0] == 1, three = is_channels_last(to) && one;
  const bool turned = channels_last && one;
  const cv::Mat innermost = turned ? cv::Mat({dims.begin() + 1, dims.end()}, CV_32F, data) : cv::Mat();
  if (is_picture(to))
    to_picture(turned ? channels_first(innermost) : floats, to);
  else if (three && !turned)
    to_channels_last(floats, to);
  else
    (three ? innermost : floats).copyTo(to);  // the request reuses its own
}

}  // namespace calotype::openvino
