// SPDX-License-Identifier: Apache-2.0
#include "random_network.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <random>

#include "onnx_writer.hpp"

namespace {

using onnx::attribute;

constexpr int kMostPixels = 40000, kMostChannels = 256;  // of a result

struct Value {
  std::string name;
  int channels, rows, columns;
};

bool same_shape(const Value& a, const Value& b) {
  return a.channels == b.channels && a.rows == b.rows && a.columns == b.columns;
}

class Generator {
 public:
  Generator(unsigned seed, int most_channels) : random_(seed), most_channels_(most_channels) {}

  RandomNetwork make() {
    now_ = {"x", channels({1, 2, 3, 4, 5, 16, 17, 32, 40}), pick({1, 2, 3, 5, 8, 16, 17, 31, 33, 40}),
            pick({1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 40, 65})};
    images_ = pick({1, 1, 1, 2});
    const std::array<int, 4> input = {images_, now_.channels, now_.rows, now_.columns};
    graph_.input("x", {input.begin(), input.end()});
    made_ = {now_};
    for (int steps = 1 + below(6); steps > 0;) steps -= grow();
    graph_.output(now_.name);
    const Value& another = made_[1 + std::size_t(below(int(made_.size()) - 1))];
    if (another.name != now_.name && below(3) == 0) graph_.output(another.name);
    return {graph_.bytes(), input};
  }

 private:
  int below(int count) { return int(random_() % unsigned(count)); }
  int pick(std::initializer_list<int> from) { return from.begin()[below(int(from.size()))]; }
  bool often() { return below(10) < 7; }
  float uniform() { return float(random_() % 20001) / 10000 - 1; }
  int channels(std::initializer_list<int> from) { return std::min(pick(from), most_channels_); }

  std::vector<float> numbers(int count, float scale, float offset = 0) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& v : values) v = scale * uniform() + offset;
    return values;
  }
  std::string weights(const std::vector<int>& dims, float scale) {
    const std::vector<float> values = numbers(dims[0] * dims[1] * dims[2] * dims[3], scale);
    return below(2) ? graph_.constant(dims, values) : graph_.half_constant(dims, values);
  }
  /// As many as sums of `inputs` products keep their size with.
  static float gain(int inputs) { return std::sqrt(3.f / float(inputs)); }

  /// One more operator, or 0 where the one that was picked does not fit.
  int grow() {
    const std::size_t before = made_.size();
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        convolve(pick({1, 2, 3, 5}), 1);
        break;
      case 3:
        convolve(3, 1);
        break;
      case 4:
        convolve(pick({2, 3}), pick({2, 3}));
        break;
      case 5:
      case 6:
        convolve_transposed();
        break;
      case 7:
        convolve_depthwise();
        break;
      case 8:
        activate();
        break;
      case 9:
        put(graph_.node("PRelu", {now_.name, graph_.constant({now_.channels, 1, 1}, numbers(now_.channels, 1))}));
        break;
      case 10:
        combine_with_constant();
        break;
      case 11:
        combine();
        break;
      case 12:
        concatenate();
        break;
      case 13:
        to_space();
        break;
      case 14:
        to_depth();
        break;
      default:
        normalise();
    }
    return int(made_.size() - before);
  }

  void put(const std::string& name) { put({name, now_.channels, now_.rows, now_.columns}); }
  void put(const Value& value) {
    now_ = value;
    made_.push_back(value);
  }

  void convolve(int kernel, int dilation) {
    const int rows = kernel, columns = often() ? kernel : pick({1, 3, 4}), stride = pick({1, 1, 2});
    const int outputs = channels({1, 3, 8, 15, 16, 17, 24, 32, 33, 48, 64});
    const auto pad = [&](int side) { return pick({0, side / 2, side / 2, 1}); };
    const std::vector<int> pads = {pad(rows), pad(columns), pad(rows), pad(columns)};
    const int down = now_.rows + pads[0] + pads[2] - dilation * (rows - 1) - 1;
    const int across = now_.columns + pads[1] + pads[3] - dilation * (columns - 1) - 1;
    if (down < 0 || across < 0) return;
    std::vector<std::string> inputs = {
        now_.name, weights({outputs, now_.channels, rows, columns}, gain(now_.channels * rows * columns))};
    if (often()) inputs.push_back(graph_.constant({outputs}, numbers(outputs, 1)));
    put({graph_.node("Conv", inputs,
                     {attribute("kernel_shape", {rows, columns}), attribute("strides", {stride, stride}),
                      attribute("pads", pads), attribute("dilations", {dilation, dilation}), attribute("group", 1)}),
         outputs, down / stride + 1, across / stride + 1});
  }

  void convolve_transposed() {
    const int kernel = pick({2, 3, 4, 5}), stride = pick({1, 2, 2, 3});
    if (kernel < stride) return;
    const int outputs = channels({1, 3, 8, 16, 17, 32, 40}), pad = below((kernel - 1) / 2 + 1);
    const int more = stride > 1 ? pick({0, 0, stride - 1}) : 0;
    const auto made = [&](int side) { return (side - 1) * stride - 2 * pad + kernel + more; };
    const int rows = made(now_.rows), columns = made(now_.columns);
    if (rows < 1 || columns < 1 || rows * columns > kMostPixels) return;
    const float scale = gain(now_.channels * kernel * kernel) * float(stride);
    std::vector<std::string> inputs = {now_.name, weights({now_.channels, outputs, kernel, kernel}, scale)};
    if (often()) inputs.push_back(graph_.constant({outputs}, numbers(outputs, 1)));
    put({graph_.node("ConvTranspose", inputs,
                     {attribute("kernel_shape", {kernel, kernel}), attribute("strides", {stride, stride}),
                      attribute("pads", {pad, pad, pad, pad}), attribute("output_padding", {more, more}),
                      attribute("dilations", {1, 1}), attribute("group", 1)}),
         outputs, rows, columns});
  }

  void convolve_depthwise() {
    if (now_.rows < 3) return;  // OpenCV would read beyond them
    const int channels = now_.channels, stride = pick({1, 2});
    put({graph_.node("Conv",
                     {now_.name, weights({channels, 1, 3, 3}, 0.6f), graph_.constant({channels}, numbers(channels, 1))},
                     {attribute("kernel_shape", {3, 3}), attribute("strides", {stride, stride}),
                      attribute("pads", {1, 1, 1, 1}), attribute("dilations", {1, 1}), attribute("group", channels)}),
         channels, (now_.rows - 1) / stride + 1, (now_.columns - 1) / stride + 1});
  }

  void activate() {
    switch (below(3)) {
      case 0:
        return put(graph_.node("Relu", {now_.name}));
      case 1:
        return put(graph_.node("Sigmoid", {now_.name}));
      default:
        put(graph_.node("LeakyRelu", {now_.name}, {attribute("alpha", 0.2f)}));
    }
  }

  void combine_with_constant() {
    const bool each = images_ == 1 && often();  // in batches OpenCV takes the wrong axis
    const int count = each ? now_.channels : 1;
    const std::string constant =
        graph_.constant(each ? std::vector<int>{1, count, 1, 1} : std::vector<int>{1}, numbers(count, 1));
    put(graph_.node(below(2) ? "Add" : "Mul", {now_.name, constant}));
  }

  /// Of those made so far that `fits`, or nullptr.
  template <class Fits>
  const Value* earlier(Fits fits) {
    std::vector<const Value*> found;
    for (const Value& value : made_)
      if (fits(value)) found.push_back(&value);
    return found.empty() ? nullptr : found[std::size_t(below(int(found.size())))];
  }

  void combine() {
    const Value* const other = earlier([&](const Value& v) { return v.name != now_.name && same_shape(v, now_); });
    if (!other) return;
    std::vector<std::string> operands = {now_.name, other->name};
    if (below(2)) std::swap(operands[0], operands[1]);
    const char* const ops[] = {"Add", "Mul", "Sub"};
    put(graph_.node(ops[below(3)], operands));
  }

  void concatenate() {
    const Value* const other =
        earlier([&](const Value& v) { return v.rows == now_.rows && v.columns == now_.columns; });
    const int channels = now_.channels + other->channels;
    if (channels > kMostChannels) return;
    put({graph_.node("Concat", {now_.name, other->name}, {attribute("axis", 1)}), channels, now_.rows, now_.columns});
  }

  void to_space() {
    if (now_.channels % 4 != 0 || 4 * now_.rows * now_.columns > kMostPixels) return;
    put({graph_.node("DepthToSpace", {now_.name},
                     {attribute("blocksize", 2), attribute("mode", below(2) ? "DCR" : "CRD")}),
         now_.channels / 4, 2 * now_.rows, 2 * now_.columns});
  }

  void to_depth() {
    if (now_.rows % 2 != 0 || now_.columns % 2 != 0 || 4 * now_.channels > kMostChannels) return;
    put({graph_.node("SpaceToDepth", {now_.name}, {attribute("blocksize", 2)}), 4 * now_.channels, now_.rows / 2,
         now_.columns / 2});
  }

  /// Divides by, or multiplies with, a sum of magnitudes, as divisive normalisations do.
  void normalise() {
    const int channels = now_.channels;
    const std::string positive = graph_.constant({channels, channels, 1, 1}, numbers(channels * channels, 0.5f, 0.5f));
    const std::string bias = graph_.constant({channels}, numbers(channels, 0.5f, 1.5f));
    const std::string sum =
        graph_.node("Conv", {graph_.node("Abs", {now_.name}), positive, bias}, {attribute("kernel_shape", {1, 1})});
    put(graph_.node(below(2) ? "Div" : "Mul", {now_.name, sum}));
  }

  std::mt19937 random_;
  int most_channels_, images_ = 1;
  onnx::Graph graph_;
  std::vector<Value> made_;  // the input first
  Value now_;
};

}  // namespace

RandomNetwork random_network(unsigned seed, int most_channels) { return Generator(seed, most_channels).make(); }
