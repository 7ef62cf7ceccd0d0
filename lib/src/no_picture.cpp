// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "calotype/error.hpp"
#include "io_internal.hpp"

namespace calotype {

bool is_apple_double(const Bytes& beginning) {
  return beginning.size() >= 4 && beginning[0] == 0 && beginning[1] == 5 && beginning[2] == 0x16 && beginning[3] == 7;
}

void check_is_picture(const Bytes& bytes, const std::string& name) {
  if (bytes.empty())
    throw Error(ErrorCode::corrupt, "the file is empty", "fetch it again, or look why whatever wrote it has failed");
  if (!is_apple_double(bytes)) return;
  const std::filesystem::path path(name);
  const std::string file = path.filename().string();
  throw Error(ErrorCode::unsupported, "an AppleDouble side-car, which holds no picture",
              file.rfind("._", 0) == 0 ? "the picture is " + (path.parent_path() / file.substr(2)).string()
                                       : "the picture is the file whose name this one has after \"._\"");
}

}  // namespace calotype
