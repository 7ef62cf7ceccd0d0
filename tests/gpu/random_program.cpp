// SPDX-License-Identifier: Apache-2.0
#include "random_program.hpp"

#include <algorithm>
#include <random>

#include "calotype/error.hpp"
#include "programs.hpp"

using namespace calotype::network;

namespace {

using Kind = Step::Kind;
using Post = PostOp::Kind;

constexpr std::size_t kMostElements = 20000;  // of a value

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Case make(const std::string& name) {
    const Shape input = {pick({1, 1, 2, 3}), pick({1, 3, 8, 11, 17}), pick({1, 4, 7, 9, 16}), pick({1, 5, 8, 11})};
    program_ = program_of({});
    shapes_ = {input};
    for (int tries = 4 + below(16); tries > 0 || program_.steps.empty(); --tries) grow(input);
    program_.outputs = {{"y", program_.values - 1}};
    if (below(3) == 0) program_.outputs.emplace_back("z", below(program_.values));
    program_.ranks.assign(program_.outputs.size(), 4);
    return {name, program_, {input}};
  }

 private:
  int below(int count) { return int(random_() % unsigned(count)); }
  int pick(std::initializer_list<int> from) { return from.begin()[below(int(from.size()))]; }
  bool maybe() { return below(2) == 0; }

  /// One more step, if it fits.
  void grow(const Shape& input) {
    Step step = any();
    step.out = program_.values;
    program_.steps.push_back(step);
    ++program_.values;
    try {
      Shape made = program_.shapes({input}).back();
      if (elements(made) > kMostElements) throw calotype::Error(calotype::ErrorCode::limit, "large", "");
      add_posts(program_.steps.back(), made);
      shapes_.push_back(made);
    } catch (const calotype::Error&) {
      program_.steps.pop_back();
      --program_.values;
    }
  }

  Step any() {
    const int in = maybe() ? program_.values - 1 : below(program_.values);
    const Shape& shape = shapes_[std::size_t(in)];
    const Kind kinds[] = {Kind::convolution,
                          Kind::convolution,
                          Kind::transposed_convolution,
                          Kind::pointwise,
                          Kind::concatenate,
                          Kind::depth_to_space,
                          Kind::space_to_depth,
                          Kind::pooling,
                          Kind::pooling,
                          Kind::softmax,
                          Kind::instance_normalisation,
                          Kind::response_normalisation,
                          Kind::resize,
                          Kind::padding,
                          Kind::slice,
                          Kind::rearrange};
    const Kind kind = kinds[below(int(std::size(kinds)))];
    if (kind == Kind::convolution || kind == Kind::transposed_convolution) return convolution_of(in, shape, kind);
    Step step = step_of(kind, {in});
    step.block = 2;
    step.columns_first = kind == Kind::depth_to_space && maybe();
    step.axis = 1 + below(3);
    if (kind == Kind::concatenate)
      for (int more = 1 + below(2); more > 0; --more) step.in.push_back(below(program_.values));
    if (kind == Kind::pooling) pool(step);
    if (kind == Kind::instance_normalisation) {
      step.numbers = numbers(1 + 2 * std::size_t(shape[1]), random_());
      step.numbers[0] = 0.01f;
    }
    if (kind == Kind::response_normalisation) step.numbers = {0.5f, 0.75f, 1, float(1 + below(6))};
    if (kind == Kind::resize) resize(step);
    if (kind == Kind::padding) pad(step);
    if (kind == Kind::slice) slice(step, shape);
    if (kind == Kind::rearrange) rearrange(step, shape);
    return step;
  }

  Step convolution_of(int in, const Shape& shape, Kind kind) {
    const int channels = shape[1];
    const bool transposed = kind == Kind::transposed_convolution;
    int group = 1, outputs = pick({1, 3, 8, 11, 16});
    if (const int choice = below(4); choice == 0)
      group = outputs = channels;
    else if (choice == 1 && channels % 2 == 0)
      group = 2, outputs = pick({2, 6, 8, 16});
    Step step = convolution(channels, outputs, group, {pick({1, 2, 3}), pick({1, 3, 4})}, transposed);
    for (float& w : step.weights.values) w *= 2.f / float(channels / group + 1);
    step.in = {in};
    step.stride = {pick({1, 1, 2}), pick({1, 2})};
    step.dilation = {pick({1, 1, 2}), 1};
    step.pad = maybe() ? std::array<int, 4>{1, 1, 1, 1} : std::array<int, 4>{below(3), below(2), below(2), below(3)};
    if (transposed) step.output_padding = {below(step.stride[0]), below(step.stride[1])};
    step.absolute = below(4) == 0;
    return step;
  }

  void pool(Step& step) {
    step.average = maybe();
    step.whole = below(4) == 0;
    if (step.whole) return;
    step.kernel = {pick({1, 2, 3}), pick({2, 3})};
    step.stride = {pick({1, 2}), pick({1, 2, 3})};
    step.dilation = {pick({1, 1, 2}), 1};
    for (std::size_t d = 0; d < 4; ++d) step.pad[d] = below(step.kernel[d % 2]);
    step.rounds_up = maybe();
    step.counts_padding = maybe();
  }
  void resize(Step& step) {
    step.resize.linear = maybe();
    step.resize.coordinates = Resize::Coordinates(below(6));
    step.resize.rounding = Resize::Rounding(below(4));
    step.resize.scale = {pick({1, 2, 3}) / 2.f, pick({2, 3, 4}) / 2.f};
    if (maybe()) step.resize.size = {1 + below(12), 1 + below(12)};
  }
  void pad(Step& step) {
    step.border = Step::Border(below(3));
    step.around = {0, pick({0, 0, 1}), below(3), below(3), 0, pick({0, 0, 5}), below(4) - 1, below(2)};
    step.numbers = {0.25f};
  }
  void slice(Step& step, const Shape& shape) {
    for (std::size_t d = 0; d < 4; ++d) {
      if (maybe()) continue;
      step.step[d] = pick({1, 1, 2, -1});
      step.first[d] = below(shape[d]);
      const int room = step.step[d] < 0 ? step.first[d] : (shape[d] - 1 - step.first[d]) / step.step[d];
      step.count[d] = 1 + below(room + 1);
    }
  }
  /// Four axes in another order.
  void rearrange(Step& step, const Shape& shape) {
    std::vector<std::size_t> order = {0, 1, 2, 3};
    std::shuffle(order.begin() + (maybe() ? 1 : 0), order.end(), random_);
    const std::array<std::int64_t, 4> strides = {std::int64_t(shape[1]) * shape[2] * shape[3],
                                                 std::int64_t(shape[2]) * shape[3], shape[3], 1};
    for (std::size_t d = 0; d < 4; ++d) {
      step.dims.push_back(shape[order[d]]);
      step.strides.push_back(strides[order[d]]);
      step.shape[d] = shape[order[d]];
    }
  }

  void add_posts(Step& step, const Shape& made) {
    for (int more = below(5); more > 0; --more) add_post(step, made);
    if (step.kind == Kind::pointwise || below(3) == 0) step.post.push_back({Post::tanh});  // numbers stay small
  }
  void add_post(Step& step, const Shape& made) {
    std::vector<PostOp>& post = step.post;
    const auto channels = std::size_t(made[1]);
    switch (below(9)) {
      case 0:
        post.push_back({Post::leaky_relu, numbers(maybe() ? channels : 1, random_())});
        break;
      case 1:
        post.push_back({Post::per_channel, numbers(2 * channels, random_())});
        break;
      case 2:
        post.push_back({Post::clamp, {-0.5f, 1.5f}});
        post.push_back({Post(pick({int(Post::sigmoid), int(Post::erf), int(Post::softplus), int(Post::exp)}))});
        break;
      case 3:
        post.push_back({Post::elu, {0.8f}});
        break;
      case 4:  // what these like
        post.push_back({Post::abs});
        post.push_back({Post::affine, {1, 0.5f}});
        post.push_back(
            {Post(pick({int(Post::log), int(Post::sqrt), int(Post::reciprocal), int(Post::power)})), {0.7f}});
        break;
      case 5:
        post.push_back({Post::keep});
        post.push_back({Post::affine, {0.25f, 0.5f}});
        post.push_back({Post::clamp, {0, 1}});
        post.push_back({Post::times_kept});
        break;
      default:
        combine(post, made);
    }
  }
  /// With a value that fits, or repeats.
  void combine(std::vector<PostOp>& post, const Shape& made) {
    for (int value = int(shapes_.size()) - 1; value >= 0; --value) {
      const Shape& shape = shapes_[std::size_t(value)];
      bool fits = true;
      for (std::size_t d = 0; d < 4; ++d) fits = fits && (shape[d] == made[d] || shape[d] == 1);
      if (!fits || below(3) == 0) continue;
      const Post kinds[] = {Post::add, Post::subtract, Post::subtract_from, Post::multiply};
      post.push_back({kinds[below(4)], {}, value, shape != made});
      return;
    }
  }

  std::mt19937 random_;
  Program program_;
  std::vector<Shape> shapes_;  // of the values so far
};

}  // namespace

Case random_program(unsigned seed) { return Generator(seed).make("program " + std::to_string(seed)); }
