// SPDX-License-Identifier: Apache-2.0
#include "guard.hpp"

#include <jerror.h>

#include "calotype/log.hpp"

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
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_TOO_MUCH_DATA:
      return true;
    default:
      return false;
  }
}

/// libjpeg would go on with grey where data is missing; a picture that is not the one that was stored is an error here.
void on_message(j_common_ptr codec, int level) {
  if (level >= 0) return;  // traces
  if (means_damage(codec->err->msg_code)) escape(codec);
  if (codec->err->num_warnings++ == 0) log(LogLevel::info, "JPEG: " + text_of(codec));
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
    case too_many_scans:
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
  static const char* const own_messages[] = {"too many scans"};
  addon_message_table = own_messages;
  first_addon_message = last_addon_message = too_many_scans;
}

Error jpeg_error(JpegErrors& errors, j_common_ptr codec) {
  const ErrorCode code = code_of(errors.msg_code);
  return Error(code, "JPEG: " + text_of(codec),
               code == ErrorCode::corrupt       ? "the file is damaged or cut short; fetch it again from its source"
               : code == ErrorCode::unsupported ? "convert it to an ordinary 8-bit JPEG with the program that wrote it"
                                                : "rewrite it with fewer scans or as a smaller picture");
}

}  // namespace calotype
