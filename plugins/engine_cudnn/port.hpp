// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <string>

#include "network/program.hpp"

namespace calotype::cudnn {

/// How a caller has or wants the values of a port.
struct Form {
  int type = CV_32F;           ///< of a picture's pixels; CV_32F for a tensor
  bool channels_last = false;  ///< a tensor h,w,C
};

/// An input or output of a network as it crosses between host and device: a tensor of floats, or a picture.
struct Port {
  Form form;
  network::Shape shape{};  ///< of the tensor that it is or stands for
  std::size_t rank = 4;    ///< or 2, where the last two sides are 1
  std::size_t place = 0;   ///< in the memory that crosses, bytes

  bool is_picture() const { return form.type != CV_32F; }
  std::size_t bytes() const;
};

/// An input whose shape is network::input_shape().
Port input_port(const cv::Mat& given, const network::Shape& shape);
/// What a caller asks for by what lies in `out`.
Form requested_form(const cv::Mat& given);
/// Throws engine for a form that the tensor cannot have.
Port output_port(const std::string& name, const Form& form, const network::Shape& shape, std::size_t rank);

/// From the caller's Mat to the memory that crosses.
void take_in(const Port& port, const cv::Mat& from, std::uint8_t* memory);
/// From the memory that crosses to the caller's Mat. Throws engine for a picture of another size.
void deliver(const std::string& name, const Port& port, std::uint8_t* memory, cv::Mat& to);

}  // namespace calotype::cudnn
