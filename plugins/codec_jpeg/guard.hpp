// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <csetjmp>
#include <cstddef>
#include <cstdio>
// clang-format off
#include <jpeglib.h>  // needs size_t and FILE
// clang-format on

#include "calotype/error.hpp"

namespace calotype {

/// libjpeg's error handler. Fatal errors, and warnings that mean damaged picture data, jump back to guarded().
struct JpegErrors : jpeg_error_mgr {
  JpegErrors();

  std::jmp_buf return_point;
  bool lenient = false;       ///< damage is counted, and libjpeg goes on with grey
  bool end_is_damage = true;  ///< whether running out of bytes is damage by itself
  bool at_end = false;        ///< whether the bytes have run out
  int damages = 0;
  char warning[JMSG_LENGTH_MAX] = "";  ///< the first of those that are no damage
};

constexpr const char* kDamagedHint =
    "the file is damaged or cut short; fetch it again from its source, or add --lenient for what there is";

/// The calotype::Error for what libjpeg last complained about.
Error jpeg_error(JpegErrors& errors, j_common_ptr codec);

/// Runs `calls` on libjpeg and throws what went wrong. A jump skips destructors, so `calls` may own nothing that has
/// one.
template <class Codec, class Calls>
void guarded(JpegErrors& errors, Codec& codec, Calls calls) {
  if (setjmp(errors.return_point)) throw jpeg_error(errors, reinterpret_cast<j_common_ptr>(&codec));
  calls();
}

}  // namespace calotype
