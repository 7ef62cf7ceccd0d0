// SPDX-License-Identifier: Apache-2.0
#include "pages.hpp"

#include <set>

#include "calotype/error.hpp"
#include "tags.hpp"

namespace calotype {
namespace {

enum class Role { page, smaller_copy, mask };

Role role_of(const DirectoryReader& reader, const Directory& directory) {
  const auto number = [&](std::uint16_t tag) {
    const Field* field = directory.find(tag);
    return field ? reader.number(*field).value_or(0) : 0;
  };
  constexpr std::uint64_t kReduced = 1, kMask = 4;  // of the newer tag, bits
  constexpr std::uint64_t kOldReduced = 2;          // of the older one
  const std::uint64_t bits = number(tag_subfile_bits);
  if (bits & kMask) return Role::mask;
  return (bits & kReduced) || number(tag_old_subfile) == kOldReduced ? Role::smaller_copy : Role::page;
}

}  // namespace

Pages find_pages(const DirectoryReader& reader) {
  Pages pages;
  std::set<std::uint64_t> seen;
  std::uint64_t at = reader.first(), length = 0;
  for (auto directory = reader.read(at); directory && seen.insert(at).second; directory = reader.read(at)) {
    length += directory->length;
    if (length > reader.size())
      throw Error(ErrorCode::corrupt, "TIFF: directories overlap", "fetch the file again from its source");
    switch (role_of(reader, *directory)) {
      case Role::page:
        pages.offsets.push_back(at);
        break;
      case Role::smaller_copy:
        pages.smaller_copies = true;
        break;
      case Role::mask:
        pages.masks = true;
    }
    at = directory->next;
  }
  if (seen.empty())
    throw Error(ErrorCode::corrupt, "TIFF: there is no directory",
                "the file is damaged or cut short; fetch it again from its source");
  if (pages.offsets.empty()) {
    if (reader.read(reader.first())->find(tag_sub_directories))
      throw Error(ErrorCode::unsupported, "TIFF: only a smaller copy of the picture is stored as one, as cameras do it",
                  "develop the raw picture with a program for that");
    pages.offsets.push_back(reader.first());
  }
  return pages;
}

std::uint64_t page_offset(const Pages& pages, std::int64_t number) {
  const auto count = static_cast<std::int64_t>(pages.offsets.size());
  if (number > count)
    throw Error(ErrorCode::usage, "TIFF: there is no page " + std::to_string(number),
                count == 1 ? "it has one page" : "give page=1 to page=" + std::to_string(count));
  return pages.offsets[static_cast<std::size_t>(number - 1)];
}

}  // namespace calotype
