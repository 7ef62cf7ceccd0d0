// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <png.h>

#include <csetjmp>

#include "calotype/error.hpp"

namespace calotype {

/// Where libpng's error handler leaves its message and jumps to, and what such an error means.
struct PngErrors {
  ErrorCode code;
  const char* hint;
  std::jmp_buf return_point{};
  char message[256] = "";
};

/// libpng's callbacks; their context is a PngErrors.
[[noreturn]] void png_on_error(png_structp png, png_const_charp message);
void png_on_warning(png_structp png, png_const_charp message);

Error png_failure(const PngErrors& errors);

/// Runs `calls` on libpng and throws what went wrong. A jump skips destructors, so `calls` may own nothing that has
/// one.
template <class Calls>
void guarded(PngErrors& errors, Calls calls) {
  if (setjmp(errors.return_point)) throw png_failure(errors);
  calls();
}

}  // namespace calotype
