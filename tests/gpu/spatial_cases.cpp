// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"
#include "programs.hpp"

using namespace calotype::network;

namespace {

using Kind = Step::Kind;

void add_pooling(std::vector<Case>& cases) {
  struct Parameters {
    std::array<int, 2> kernel, stride, dilation;
    std::array<int, 4> pad;
    bool rounds_up;
  };
  const Parameters all[] = {
      {{2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}, false}, {{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false},
      {{3, 3}, {2, 2}, {1, 1}, {0, 0, 0, 0}, true},  {{3, 2}, {2, 3}, {1, 1}, {1, 0, 2, 1}, true},
      {{2, 3}, {1, 2}, {3, 2}, {2, 1, 1, 3}, false}, {{9, 11}, {1, 1}, {1, 1}, {0, 0, 0, 0}, false},
  };
  for (const Parameters& p : all)
    for (const bool average : {false, true})
      for (const bool counts_padding : {false, true}) {
        if (counts_padding && !average) continue;
        Step step = step_of(Kind::pooling, {0});
        step.kernel = p.kernel;
        step.stride = p.stride;
        step.dilation = p.dilation;
        step.pad = p.pad;
        step.rounds_up = p.rounds_up;
        step.average = average;
        step.counts_padding = counts_padding;
        cases.push_back({"pooling " + std::to_string(&p - all) + (average ? ", means" : ", maxima") +
                             (counts_padding ? " with padding" : ""),
                         program_of({step}),
                         {{3, 11, 9, 11}}});
      }
  for (const bool average : {false, true})
    for (const Shape& shape : {Shape{3, 11, 9, 7}, Shape{1, 8, 1, 5}, Shape{2, 1, 6, 1}}) {
      Step step = step_of(Kind::pooling, {0});
      step.whole = true;
      step.average = average;
      cases.push_back({average ? "means of all" : "maxima of all", program_of({step}), {shape}});
    }
}

void add_normalisations(std::vector<Case>& cases) {
  for (const int channels : {1, 8, 21, 64, 65, 200})  // softmax works on pieces of 64
    cases.push_back(
        {"softmax of " + std::to_string(channels), program_of({step_of(Kind::softmax, {0})}), {{3, channels, 2, 3}}});
  Step logarithm = step_of(Kind::softmax, {0});
  logarithm.post = {{PostOp::Kind::log}};
  cases.push_back({"logarithm of softmax", program_of({logarithm}), {{3, 11, 1, 1}}});

  for (const Shape& shape : {Shape{3, 11, 5, 7}, Shape{1, 8, 1, 9}, Shape{2, 3, 6, 1}}) {
    Step step = step_of(Kind::instance_normalisation, {0});
    step.numbers = numbers(1 + 2 * static_cast<std::size_t>(shape[1]), 4);
    step.numbers[0] = 1e-3f;
    cases.push_back({"instances", program_of({step}), {shape}});
    // Far from zero.
    Step moved = step_of(Kind::pointwise, {0});
    moved.post = {{PostOp::Kind::affine, {1, 8}}};
    step.in = {1};
    cases.push_back({"instances far from zero", program_of({moved, step}), {shape}});
  }
  for (const int size : {1, 2, 5, 30}) {
    Step step = step_of(Kind::response_normalisation, {0});
    step.numbers = {0.5f, 0.75f, 1.5f, static_cast<float>(size)};
    cases.push_back({"responses of " + std::to_string(size), program_of({step}), {{3, 11, 3, 5}}});
  }
}

void add_resizes(std::vector<Case>& cases) {
  using C = Resize::Coordinates;
  using R = Resize::Rounding;
  const Shape shape = {3, 11, 5, 7};
  for (const C coordinates : {C::half_pixel, C::half_pixel_symmetric, C::pytorch_half_pixel, C::align_corners,
                              C::asymmetric, C::tf_half_pixel})
    for (const std::array<int, 2> size : {std::array<int, 2>{10, 14}, {3, 17}, {1, 1}, {0, 0}}) {
      Step step = step_of(Kind::resize, {0});
      step.resize.coordinates = coordinates;
      step.resize.size = size;
      step.resize.scale = {1.7f, 0.6f};
      const std::string name = std::to_string(int(coordinates)) + " to " + std::to_string(size[0]);
      for (const R rounding : {R::prefer_floor, R::prefer_ceil, R::floor, R::ceil}) {
        step.resize.rounding = rounding;
        cases.push_back({"nearest " + name + ", " + std::to_string(int(rounding)), program_of({step}), {shape}});
      }
      step.resize.linear = true;
      cases.push_back({"linear " + name, program_of({step}), {shape}});
    }
}

void add_picks(std::vector<Case>& cases) {
  const Shape shape = {3, 11, 5, 7};
  for (const Step::Border border : {Step::Border::constant, Step::Border::reflect, Step::Border::edge})
    for (const std::array<int, 8>& around :
         {std::array<int, 8>{0, 0, 1, 2, 0, 0, 3, 4}, {0, 2, 0, 1, 0, 3, 4, 0}, {0, -1, 2, -2, 0, 1, -1, 6}}) {
      Step step = step_of(Kind::padding, {0});
      step.border = border;
      step.around = around;
      step.numbers = {0.375f};
      cases.push_back({"padding " + std::to_string(int(border)), program_of({step}), {shape}});
    }
  struct Parameters {
    std::array<int, 4> first, step, count;
  };
  for (const Parameters& p : {Parameters{{0, 3, 0, 0}, {1, 1, 1, 1}, {0, 8, 0, 0}},
                              {{2, 10, 4, 6}, {-1, -2, -1, -3}, {3, 5, 5, 3}},
                              {{1, 0, 1, 0}, {1, 1, 2, 1}, {1, 0, 2, 0}}}) {
    Step step = step_of(Kind::slice, {0});
    step.first = p.first;
    step.step = p.step;
    step.count = p.count;
    cases.push_back({"slice", program_of({step}), {shape}});
  }
}

void add_rearrangements(std::vector<Case>& cases) {
  const auto add = [&](const std::string& name, std::vector<int> dims, std::vector<std::int64_t> strides,
                       const Shape& shape) {
    Step step = step_of(Kind::rearrange, {0});
    step.dims = std::move(dims);
    step.strides = std::move(strides);
    step.shape = shape;
    cases.push_back({name, program_of({step}), {{3, 10, 4, 6}}});
  };
  add("channels last", {3, 4, 6, 10}, {240, 6, 1, 24}, {3, 4, 6, 10});
  add("flattened", {3, 240}, {240, 1}, {3, 240, 1, 1});
  add("channels shuffled", {3, 2, 5, 24}, {240, 24, 48, 1}, {3, 10, 4, 6});
  add("spread", {3, 10, 4, 6}, {240, 0, 6, 0}, {3, 10, 4, 6});
  add("eight dimensions", {3, 2, 5, 2, 2, 2, 3, 1}, {240, 120, 24, 12, 6, 3, 1, 7}, {3, 5, 16, 3});
  add("other images", {10, 3, 24}, {24, 240, 1}, {10, 3, 4, 6});

  for (const int axis : {2, 3}) {
    Step step = step_of(Kind::concatenate, {0, 1, 0});
    step.axis = axis;
    Shape other = {3, 11, 5, 7};
    other[static_cast<std::size_t>(axis)] = 2;
    cases.push_back({"joined along " + std::to_string(axis), program_of({step}, 2), {{3, 11, 5, 7}, other}});
  }
}

}  // namespace

std::vector<Case> spatial_cases() {
  std::vector<Case> cases;
  add_pooling(cases);
  add_normalisations(cases);
  add_resizes(cases);
  add_picks(cases);
  add_rearrangements(cases);
  return cases;
}
