// SPDX-License-Identifier: Apache-2.0
// What may fail without the run failing. Knows nothing of CUDA, so that it is tested without a device.
#pragma once
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace calotype::cudnn {

/// The first of cuDNN's proposals that runs. prepare(algorithm) and execute(algorithm) say whether they could,
/// reserve(bytes) whether there is so much memory: the next proposal may need less.
template <class Algorithm, class Prepare, class Reserve, class Execute>
std::optional<Algorithm> first_that_runs(std::vector<Algorithm> proposals, Prepare prepare, Reserve reserve,
                                         Execute execute) {
  for (Algorithm& algorithm : proposals)
    if (prepare(algorithm) && reserve(algorithm.workspace) && execute(algorithm)) return algorithm;
  return {};
}

/// Calls begin(), enqueue() and end(), which must follow wherever a capture has begun: the stream could not be used any
/// more. begin() and end() return what went wrong, or "", and so does this.
template <class Begin, class Enqueue, class End>
std::string captured(Begin begin, Enqueue enqueue, End end) {
  std::string failure = begin();
  if (!failure.empty()) return failure;
  try {
    enqueue();
  } catch (const std::exception& e) {
    failure = e.what();
  } catch (...) {
    failure = "an unknown exception";
  }
  const std::string at_end = end();
  return failure.empty() ? at_end : failure;
}

}  // namespace calotype::cudnn
