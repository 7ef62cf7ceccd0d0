// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tiffio.h>

#include <cstdarg>
#include <memory>

#include "calotype/error.hpp"

namespace calotype {

/// What libtiff says of one file. Warnings become log lines. Nothing that other users of libtiff share is touched.
class TiffMessages {
 public:
  /// For TIFFClientOpenExt(); this is to outlive the handle.
  using Options = std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)>;
  Options options();

  /// Whether something was wrong since clear(), be it that libtiff went on.
  bool any() const { return first_[0] != 0; }
  void clear() { first_[0] = 0; }
  /// The first of it, as unsupported where libtiff says so and as `otherwise` if not.
  Error error(ErrorCode otherwise) const;

 private:
  static int on_error(TIFF*, void* self, const char* module, const char* format, std::va_list arguments);
  static int on_warning(TIFF*, void* self, const char* module, const char* format, std::va_list arguments);

  char first_[256] = "";  // no string: exceptions must not travel through libtiff
};

}  // namespace calotype
