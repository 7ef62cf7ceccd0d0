// SPDX-License-Identifier: Apache-2.0
#include "guard.hpp"

#include <jerror.h>

namespace calotype {
namespace {

[[noreturn]] void escape(j_common_ptr codec) { std::longjmp(static_cast<JpegErrors*>(codec->err)->return_point, 1); }

std::string text_of(j_common_ptr codec) {
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  return text;
}

bool means_damage(int warning) {
  switch (warning) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_TOO_MUCH_DATA:
      return true;
    default:
      return false;
  }
}

/// libjpeg would go on with grey where data is missing; a picture that is not the one that was stored is an error here,
/// unless the caller has asked for it.
void on_message(j_common_ptr codec, int level) {
  if (level >= 0) return;  // traces
  auto& errors = *static_cast<JpegErrors*>(codec->err);
  const bool ends = errors.msg_code == JWRN_JPEG_EOF;
  errors.at_end |= ends;
  if (ends ? errors.end_is_damage : means_damage(errors.msg_code)) {
    ++errors.damages;
    if (!errors.lenient) escape(codec);
  } else if (!ends && errors.num_warnings++ == 0) {
    errors.format_message(codec, errors.warning);
  }
}

ErrorCode code_of(int message) {
  switch (message) {
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
      return ErrorCode::unsupported;
    case JERR_OUT_OF_MEMORY:
      return ErrorCode::limit;
    default:
      return ErrorCode::corrupt;
  }
}

}  // namespace

JpegErrors::JpegErrors() : jpeg_error_mgr() {
  jpeg_std_error(this);
  error_exit = escape;
  emit_message = on_message;
}

Error jpeg_error(JpegErrors& errors, j_common_ptr codec) {
  const ErrorCode code = code_of(errors.msg_code);
  return Error(code, "JPEG: " + text_of(codec),
               code == ErrorCode::corrupt       ? kDamagedHint
               : code == ErrorCode::unsupported ? "convert it to an ordinary 8-bit JPEG with the program that wrote it"
                                                : "try a smaller picture or a machine with more memory");
}

}  // namespace calotype
