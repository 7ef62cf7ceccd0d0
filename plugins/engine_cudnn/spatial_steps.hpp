// SPDX-License-Identifier: Apache-2.0
// Steps that are neither convolutions nor of single elements, without their post operations.
#pragma once
#include "run.hpp"

namespace calotype::cudnn {

template <class T, class Device>
void pool(const Run<T, Device>& run, const network::Step& step) {
  const int in = step.in[0], out = step.out;
  const Sides from = run.sides(in), to = run.sides(out);
  if (!step.whole) {
    const auto window = [&](std::size_t k) {
      return Window{step.kernel[k], step.stride[k], step.dilation[k], step.pad[k], step.pad[k + 2]};
    };
    run.device.each(run.groups(out), Pooling<T>{run.at(in), run.at(out), from, to, window(0), window(1), step.average,
                                                step.counts_padding});
    return;
  }
  // Lines first: work for more threads, and shorter sums.
  const Window one{1, 1, 1, 0, 0}, along{from.width, 1, 1, 0, 0}, down{from.height, 1, 1, 0, 0};
  const Sides lines{from.channels, from.height, 1};
  T* const between = run.template scratch<T>();
  run.device.each(run.groups(out) * static_cast<Index>(from.height),
                  Pooling<T>{run.at(in), between, from, lines, one, along, step.average, false});
  run.device.each(run.groups(out), Pooling<T>{between, run.at(out), lines, to, down, one, step.average, false});
}

template <class T, class Device>
void softmax(const Run<T, Device>& run, const network::Step& step) {
  const network::Shape& shape = run.shape(step.out);
  SoftmaxPart* const parts = run.template scratch<SoftmaxPart>();
  const Index pixels = run.count(step.out) / static_cast<Index>(padded(shape[1]));
  run.device.each(pixels * static_cast<Index>(SoftmaxPart::count(shape[1])),
                  SoftmaxParts<T>{run.at(step.in[0]), parts, shape[1]});
  run.device.each(run.groups(step.out), Softmax<T>{run.at(step.in[0]), run.at(step.out), parts, shape[1]});
}

template <class T, class Device>
void normalise_instances(const Run<T, Device>& run, std::size_t i) {
  const network::Step& step = run.program.steps[i];
  const T* const in = run.at(step.in[0]);
  const Sides sides = run.sides(step.out);
  const Index images = static_cast<Index>(run.shape(step.out)[0]), lines = images * static_cast<Index>(sides.height);
  float* const of_lines = run.template scratch<float>();
  float* const of_images = of_lines + lines * 2 * sides.row();
  run.device.each(lines * sides.groups(), LineMoments<T>{in, of_lines, sides});
  run.device.each(images * sides.row(), ImageMoments{of_lines, of_images, sides, step.numbers[0]});
  run.device.each(run.groups(step.out),
                  InstanceNormalisation<T>{in, run.at(step.out), of_images,
                                           run.template constant<float>(run.layout.steps[i].numbers), sides});
}

template <class T, class Device>
void normalise_responses(const Run<T, Device>& run, const network::Step& step) {
  run.device.each(
      run.count(step.out),
      ResponseNormalisation<T>{run.at(step.in[0]), run.at(step.out), run.shape(step.out)[1],
                               static_cast<int>(step.numbers[3]), step.numbers[0], step.numbers[1], step.numbers[2]});
}

template <class T, class Device>
void resize(const Run<T, Device>& run, std::size_t i) {
  const network::Step& step = run.program.steps[i];
  const Sides to = run.sides(step.out);
  const auto* const rows = run.template table<network::Sample>(i);
  run.device.each(run.groups(step.out), Resampling<T>{run.at(step.in[0]), run.at(step.out), run.sides(step.in[0]), to,
                                                      rows, rows + to.height, step.resize.linear});
}

/// Padding and slices.
template <class T, class Device>
void pick(const Run<T, Device>& run, std::size_t i) {
  const network::Step& step = run.program.steps[i];
  const network::Shape& to = run.shape(step.out);
  const int* const images = run.template table<int>(i);
  const int *const channels = images + to[0], *const rows = channels + to[1];
  const float value = step.kind == network::Step::Kind::padding ? step.numbers[0] : 0.f;
  run.device.each(run.count(step.out), Pick<T>{run.at(step.in[0]), run.at(step.out), run.sides(step.in[0]),
                                               sides_of(to), images, channels, rows, rows + to[2], value});
}

template <class T, class Device>
void rearrange(const Run<T, Device>& run, const network::Step& step) {
  Rearrangement<T> kernel{run.at(step.in[0]),
                          run.at(step.out),
                          run.sides(step.in[0]),
                          run.sides(step.out),
                          static_cast<int>(step.dims.size()),
                          {},
                          {}};
  std::copy(step.dims.begin(), step.dims.end(), kernel.dims);
  std::copy(step.strides.begin(), step.strides.end(), kernel.strides);
  run.device.each(run.count(step.out), kernel);
}

template <class T, class Device>
void concatenate(const Run<T, Device>& run, const network::Step& step) {
  constexpr int kChannels = 1, kRows = 2;
  const Sides to = run.sides(step.out);
  int before = 0;
  for (std::size_t k = 0; k < step.in.size(); ++k) {
    const Sides from = run.sides(step.in[k]);
    CopyPart<T> kernel{run.at(step.in[k]), run.at(step.out), from, to, padded(from.channels), {0, 0, 0, 0}};
    if (step.axis == kChannels) {
      const bool last = k + 1 == step.in.size();
      kernel.written = last ? padded(to.channels) - before : from.channels;
      kernel.first.c = before;
    } else {
      (step.axis == kRows ? kernel.first.y : kernel.first.x) = before;
    }
    before += run.shape(step.in[k])[static_cast<std::size_t>(step.axis)];
    const Index pixels = run.count(step.in[k]) / from.row();
    run.device.each(pixels * static_cast<Index>(kernel.written), kernel);
  }
}

template <class T, class Device>
void shuffle(const Run<T, Device>& run, const network::Step& step) {
  run.device.each(run.count(step.out),
                  Shuffle<T>{run.at(step.in[0]), run.at(step.out), run.sides(step.in[0]), run.sides(step.out),
                             step.block, step.kind == network::Step::Kind::depth_to_space, step.columns_first});
}

}  // namespace calotype::cudnn
