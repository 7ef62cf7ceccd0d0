// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "calotype/image.hpp"
#include "calotype/io.hpp"
#include "calotype/params.hpp"

namespace calotype {

/// A linear chain of stages. Grammar (docs/cli.md):
///
///     pipeline := stage { "!" stage }
///     stage    := name { value | key "=" value }      values may be quoted: 'a b', "a \" b"
///
/// `decode FILE` and `encode FILE` pick the codec by content and extension (`format=NAME` decides); every other name is
/// a backbone. Parameters of the chosen codec or backbone follow as key=value.
class CALOTYPE_API Pipeline {
 public:
  Pipeline();
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  ~Pipeline();

  static Pipeline parse(const std::string& text);
  /// From a shell's argument list: tokens need no second quoting. A single token is parsed as text.
  static Pipeline parse(const std::vector<std::string>& arguments);

  /// Appends a stage; `path` is for decode and encode.
  Pipeline& add(const std::string& element, const RawParams& params = {}, const std::string& path = {});
  /// Applies to every decode and encode stage.
  Pipeline& rules(const Rules& rules);
  Pipeline& overwrite(bool allowed);

  /// Resolves every element and validates every parameter without reading a byte of input. Throws as run() would.
  void check() const;
  /// check(), then the stages in order. The input is for pipelines that do not begin with decode.
  Image run(Image input = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace calotype
