// SPDX-License-Identifier: Apache-2.0
#include "guard.hpp"

#include <cstdio>
#include <cstring>

#include "calotype/log.hpp"

namespace calotype {

void png_on_error(png_structp png, png_const_charp message) {
  auto* errors = static_cast<PngErrors*>(png_get_error_ptr(png));
  std::snprintf(errors->message, sizeof errors->message, "%s", message);
  std::longjmp(errors->return_point, 1);
}

void png_on_warning(png_structp, png_const_charp message) { log(LogLevel::info, std::string("PNG: ") + message); }

Error png_failure(const PngErrors& errors) {
  const std::string message = std::string("PNG: ") + errors.message;
  if (std::strstr(errors.message, "emory")) return Error(ErrorCode::limit, message, "use a smaller picture");
  return Error(errors.code, message, errors.hint);
}

}  // namespace calotype
