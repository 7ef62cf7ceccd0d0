// SPDX-License-Identifier: Apache-2.0
#include "port.hpp"

#include <cstring>
#include <opencv2/core.hpp>

#include "../common/channels_last.hpp"
#include "../common/pictures.hpp"
#include "calotype/error.hpp"

namespace calotype::cudnn {
namespace {

[[noreturn]] void fail(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::engine, "\"" + name + "\" of the network " + why,
              "give tensors of floats N, C, H, W, or pictures of 8 or 16 bits");
}

/// A port's part of the memory that crosses.
cv::Mat view(const Port& port, std::uint8_t* memory) {
  if (port.is_picture()) return cv::Mat(port.shape[2], port.shape[3], port.form.type, memory + port.place);
  if (port.form.channels_last)
    return cv::Mat(std::vector<int>{port.shape[2], port.shape[3], port.shape[1]}, CV_32F, memory + port.place);
  return cv::Mat(static_cast<int>(port.rank), port.shape.data(), CV_32F, memory + port.place);
}

}  // namespace

std::size_t Port::bytes() const {
  if (!is_picture()) return network::elements(shape) * sizeof(float);
  return network::elements({1, 1, shape[2], shape[3]}) * CV_ELEM_SIZE(form.type);
}

Port input_port(const cv::Mat& given, const network::Shape& shape) { return {requested_form(given), shape}; }

Form requested_form(const cv::Mat& given) {
  if (is_picture(given)) return {given.type()};
  return {CV_32F, is_channels_last(given)};
}

Port output_port(const std::string& name, const Form& form, const network::Shape& shape, std::size_t rank) {
  const Port port{form, shape, rank};
  if (form.channels_last && shape[0] != 1) fail(name, "is not one tensor");
  if (port.is_picture() && (shape[0] != 1 || shape[1] != 3)) fail(name, "is not one tensor of three channels");
  return port;
}

void take_in(const Port& port, const cv::Mat& from, std::uint8_t* memory) {
  cv::Mat to = view(port, memory);
  if (port.is_picture())
    from.copyTo(to);
  else
    std::memcpy(to.data, from.data, port.bytes());  // continuous, of as many dimensions as the caller likes
}

void deliver(const std::string& name, const Port& port, std::uint8_t* memory, cv::Mat& to) {
  if (port.is_picture() && (to.rows != port.shape[2] || to.cols != port.shape[3]))
    fail(name, "does not fit the picture given for it");
  view(port, memory).copyTo(to);
}

}  // namespace calotype::cudnn
