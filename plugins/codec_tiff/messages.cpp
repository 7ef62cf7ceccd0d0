// SPDX-License-Identifier: Apache-2.0
#include "messages.hpp"

#include <algorithm>
#include <cstdio>
#include <new>
#include <string_view>

#include "calotype/log.hpp"

namespace calotype {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// libjpeg warns of pixels that it had to make up; other libraries inside of libtiff call that an error.
bool tells_of_damage(std::string_view module, std::string_view text) {
  return module == "JPEGLib" && contains(text, "Corrupt JPEG data") && !contains(text, "extraneous");
}

}  // namespace

TiffMessages::Options TiffMessages::options() {
  Options options(TIFFOpenOptionsAlloc(), TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, this);
  return options;
}

Error TiffMessages::error(ErrorCode otherwise) const {
  const std::string message = std::string("TIFF: ") + (any() ? first_ : "picture data is missing");
  for (const char* phrase : {"Cannot handle different values", "not configured", "not implemented", "nsupported"})
    if (contains(message, phrase))
      return Error(ErrorCode::unsupported, message, "save it as plain RGB with the program that wrote it");
  for (const char* phrase : {"emory", "No space", "allocate"})
    if (contains(message, phrase))
      return Error(ErrorCode::limit, message, "use a smaller picture or a machine with more memory");
  return Error(otherwise, message,
               otherwise == ErrorCode::corrupt ? "the file is damaged or cut short; fetch it again from its source, or "
                                                 "add --lenient to have what can be read"
                                               : "write PNG instead");
}

int TiffMessages::on_error(TIFF*, void* self, const char*, const char* format, std::va_list arguments) {
  auto& first = static_cast<TiffMessages*>(self)->first_;
  if (first[0] == 0) std::vsnprintf(first, sizeof first, format, arguments);
  return 1;  // nobody else needs to hear of it
}

int TiffMessages::on_warning(TIFF* tiff, void* self, const char* module, const char* format, std::va_list arguments) {
  char text[sizeof first_];
  std::va_list again;
  va_copy(again, arguments);
  std::vsnprintf(text, sizeof text, format, again);
  va_end(again);
  if (tells_of_damage(module ? module : "", text)) return on_error(tiff, self, module, format, arguments);
  log(LogLevel::info, std::string("TIFF: ") + text);
  return 1;
}

}  // namespace calotype
