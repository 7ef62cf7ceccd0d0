// SPDX-License-Identifier: Apache-2.0
#include "calotype/signature.hpp"

#include <array>
#include <opencv2/core.hpp>

#include "calotype/error.hpp"
#include "text.hpp"

namespace calotype {
namespace {

/// N, C, H, W.
using Shape = std::array<int, 4>;

std::string text(const Shape& shape) {
  std::string result;
  for (const int side : shape) result += (result.empty() ? "" : "x") + std::to_string(side);
  return result;
}

bool is_picture(const cv::Mat& m) { return m.dims == 2 && !m.empty() && m.depth() != CV_32F; }

/// Of the tensor that a Mat is or stands for.
Shape shape_of(const cv::Mat& m) {
  if (is_picture(m)) return {1, 3, m.rows, m.cols};
  if (m.dims == 2) return {m.rows, m.cols, 1, 1};
  if (m.dims == 3) return {1, m.size[2], m.size[0], m.size[1]};
  if (m.dims == 4) return {m.size[0], m.size[1], m.size[2], m.size[3]};
  return {};
}

/// Whether a result is of the kind that `asked` asks for.
bool is_in_form(const cv::Mat& got, const cv::Mat& asked) {
  if (is_picture(asked)) return got.type() == asked.type() && got.dims == 2;
  return got.type() == CV_32F && got.isContinuous() && got.dims == (asked.dims == 3 ? 3 : 4);
}

class HeldSession : public Session {
 public:
  HeldSession(Signature signature, std::unique_ptr<Session> session, std::string network)
      : signature_(std::move(signature)), session_(std::move(session)), network_(std::move(network)) {}

  void run(const TensorMap& in, TensorMap& out) override {
    const Shape whole = unit_shape(in);
    const TensorMap asked = out;  // headers alone
    session_->run(in, out);
    for (const Signature::Port& port : signature_.outputs) {
      const auto got = out.find(port.name);
      const auto form = asked.find(port.name);
      const Shape due = shape_at(port, whole);
      if (got == out.end()) fail("has no output \"" + port.name + "\"");
      if (shape_of(got->second) != due || !is_in_form(got->second, form == asked.end() ? cv::Mat() : form->second))
        fail("made " + text(shape_of(got->second)) + " as output \"" + port.name + "\" where " + text(due) + " is due");
    }
    if (out.size() == signature_.outputs.size()) return;
    std::vector<std::string> names;
    for (const auto& [name, tensor] : out) names.push_back(name);
    fail("has other outputs than are due: " + join(names));
  }

 private:
  /// Of a port with cells of 1; channels aside.
  Shape unit_shape(const TensorMap& in) const {
    Shape whole{};
    for (const Signature::Port& port : signature_.inputs) {
      const auto given = in.find(port.name);
      const Shape shape = given == in.end() ? Shape{} : shape_of(given->second);
      if (!whole[0]) whole = {shape[0], 1, shape[2] * port.cell, shape[3] * port.cell};
      if (!shape[0] || shape != shape_at(port, whole))
        throw Error(ErrorCode::internal,
                    "network \"" + network_ + "\" is run on " + text(shape) + " as \"" + port.name + "\"");
    }
    return whole;
  }
  static Shape shape_at(const Signature::Port& port, const Shape& whole) {
    if (whole[2] % port.cell || whole[3] % port.cell)
      throw Error(ErrorCode::internal, "sides " + text(whole) + " are no multiples of " + std::to_string(port.cell));
    return {whole[0], port.channels, whole[2] / port.cell, whole[3] / port.cell};
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::corrupt, "network \"" + network_ + "\" " + what,
                "use a model made for this task, or install it again");
  }

  Signature signature_;
  std::unique_ptr<Session> session_;
  std::string network_;
};

}  // namespace

std::unique_ptr<Session> held_to(Signature signature, std::unique_ptr<Session> session, std::string network) {
  return std::make_unique<HeldSession>(std::move(signature), std::move(session), std::move(network));
}

}  // namespace calotype
