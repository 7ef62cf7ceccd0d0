// SPDX-License-Identifier: Apache-2.0
// What all backends share: plans for the shapes that come along, and the memory that they work in.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "calotype/engine.hpp"
#include "network/program.hpp"
#include "view.hpp"

namespace calotype::onednn {

/// For every output of a program memory without gaps, channels innermost, as floats; or nullptr.
using Results = std::vector<float*>;

/// A program made ready for one set of shapes.
class Plan {
 public:
  virtual ~Plan() = default;
  /// Bytes that place() needs.
  std::size_t bytes = 0;
  std::vector<View> views;  ///< of every value, in the memory given to place()
  /// Whenever the memory is another than before. `results`: where callers want the outputs that a plan was made for;
  /// it may put them elsewhere, as their views tell.
  virtual void place(char* memory, const Results& results) = 0;
  /// Takes an input in; every one before run().
  virtual void load(int value, const cv::Mat& tensor) const = 0;
  virtual void run() = 0;
};

/// A program in one precision, weights packed. Immutable.
class Backend {
 public:
  virtual ~Backend() = default;
  /// `values`: the shapes of all. `wanted`: for which outputs place() will be given memory.
  virtual std::unique_ptr<Plan> plan(const std::vector<network::Shape>& values,
                                     const std::vector<bool>& wanted) const = 0;
  virtual bool uses_openmp() const = 0;
};

std::unique_ptr<Session> make_session(std::shared_ptr<const network::Program> program,
                                      std::shared_ptr<const Backend> backend, int threads);

}  // namespace calotype::onednn
