// SPDX-License-Identifier: Apache-2.0
#include "metadata.hpp"

#include <algorithm>
#include <string_view>

#include "../common/photoshop.hpp"
#include "../common/text.hpp"
#include "tags.hpp"

namespace calotype {
namespace {

constexpr std::uint16_t kInch = 2, kCentimetre = 3;
constexpr double kInchInCentimetres = 2.54;

/// Of a directory's own tags, those that EXIF has too: who made the picture, when and with what.
bool is_description(std::uint16_t tag) {
  switch (tag) {
    case 11:   // a program
    case 269:  // the document's name
    case tag_image_description:
    case 271:  // maker and model
    case 272:
    case tag_orientation:
    case tag_x_resolution:
    case tag_y_resolution:
    case 285:  // the page's name
    case tag_resolution_unit:
    case 305:  // program, time, artist, computer
    case 306:
    case 315:
    case 316:
    case 0x4746:  // rating, in stars and per cent
    case 0x4749:
    case 32781:  // identification
    case 33423:  // battery
    case 33432:  // copyright
    case 33434:  // exposure time and aperture
    case 33437:
    case 0xC4A5:  // for printers
      return true;
    case tag_gps:
    case tag_interoperability:
      return false;
    default:
      break;
  }
  const auto within = [&](std::uint16_t first, std::uint16_t last) { return tag >= first && tag <= last; };
  // How the picture was taken, as EXIF numbers it; title, comment, author, keywords and subject of Windows.
  return within(0x8822, 0x8835) || within(0x9000, 0x9292) || within(0x9400, 0x9406) || within(0x9C9B, 0x9C9F) ||
         within(0xA000, 0xA462);
}

/// Blanks that writers leave for later.
bool is_padding(std::uint16_t tag) { return tag == 0xEA1C || tag == 0xEA1D; }

/// BigTIFF alone has them.
bool is_long(std::uint16_t type) { return type >= tag_long8 && type <= tag_ifd8; }

TagValue value_of(const DirectoryReader& reader, const Field& field) {
  TagValue value{field.type, reader.little_endian(field), 0};
  if (field.tag == tag_makers_note && field.size() > 8) value.home = field.at;
  return value;
}

/// The directory that `pointer` names, without those that it points to itself.
std::optional<TagTree> child_of(const DirectoryReader& reader, const Directory& parent, std::uint16_t pointer,
                                Directory* found = nullptr) {
  const Field* field = parent.find(pointer);
  const auto at = field ? reader.number(*field) : std::nullopt;
  const auto directory = at ? reader.read(*at) : std::nullopt;
  if (!directory) return {};
  TagTree tree;
  for (const Field& of : directory->fields)
    if (of.tag != tag_interoperability && !is_long(of.type)) tree.tags.emplace(of.tag, value_of(reader, of));
  if (found) *found = *directory;
  return tree;
}

/// What EXIF knows of a picture, from a file's directory or from that of a block.
TagTree description_of(const DirectoryReader& reader, const Directory& directory) {
  TagTree tree;
  for (const Field& field : directory.fields)
    if (is_description(field.tag) && !is_long(field.type)) tree.tags.emplace(field.tag, value_of(reader, field));
  Directory photo;
  if (auto child = child_of(reader, directory, tag_exif, &photo)) {
    if (auto interoperability = child_of(reader, photo, tag_interoperability))
      child->children.emplace(tag_interoperability, std::move(*interoperability));
    tree.children.emplace(tag_exif, std::move(*child));
  }
  if (auto child = child_of(reader, directory, tag_gps)) tree.children.emplace(tag_gps, std::move(*child));
  return tree;
}

/// Whether it is worth a block: density and "upright" have places of their own.
bool says_something(const TagTree& tree) {
  return !tree.children.empty() || std::any_of(tree.tags.begin(), tree.tags.end(), [](const auto& tag) {
    switch (tag.first) {
      case tag_x_resolution:
      case tag_y_resolution:
      case tag_resolution_unit:
        return false;
      case tag_orientation:
        return tag.second.data != Bytes{1, 0};
      default:
        return true;
    }
  });
}

Density density_of(const DirectoryReader& reader, const Directory& directory) {
  const auto rational = [&](std::uint16_t tag) {
    const Field* field = directory.find(tag);
    return field ? reader.rational(*field).value_or(0) : 0;
  };
  const Field* unit_field = directory.find(tag_resolution_unit);
  const auto unit = unit_field ? reader.number(*unit_field).value_or(0) : kInch;
  const double scale = unit == kInch ? 1 : unit == kCentimetre ? kInchInCentimetres : 0;  // others say a ratio alone
  return {scale * rational(tag_x_resolution), scale * rational(tag_y_resolution)};
}

Bytes blob(const DirectoryReader& reader, const Directory& directory, std::uint16_t tag) {
  const Field* field = directory.find(tag);
  return field ? reader.raw(*field) : Bytes();
}

/// The data sets, which some writers fill up to whole LONGs.
Bytes iptc_of(const DirectoryReader& reader, const Directory& directory, Losses& lost) {
  constexpr std::uint8_t kDataSet = 0x1C;
  Bytes iptc = blob(reader, directory, tag_iptc);
  for (int i = 0; i < 3 && !iptc.empty() && iptc.back() == 0; ++i) iptc.pop_back();
  if (iptc.empty() || iptc.front() == kDataSet) return iptc;
  lost.add(LossKind::iptc, "IPTC is damaged and left out");
  return {};
}

bool has_whole_sub_directory(const DirectoryReader& reader, const Field& pointers) {
  constexpr std::uint64_t kMost = 64, kReduced = 1;
  for (std::uint64_t i = 0; i < std::min(pointers.count, kMost); ++i) {
    const auto directory = reader.read(reader.number(pointers, i).value_or(0));
    const Field* bits = directory ? directory->find(tag_subfile_bits) : nullptr;
    if (directory && !(bits && reader.number(*bits).value_or(0) & kReduced)) return true;
  }
  return false;
}

/// Well-known data that a picture cannot carry on.
void report_extras(const DirectoryReader& reader, const Directory& directory, bool paths, Losses& lost) {
  std::string names;
  const auto add = [&](bool there, const char* name) {
    if (there) names += (names.empty() ? "" : ", ") + std::string(name);
  };
  const auto any = [&](std::initializer_list<std::uint16_t> tags) {
    return std::any_of(tags.begin(), tags.end(), [&](std::uint16_t tag) { return directory.find(tag); });
  };
  add(any({33550, 33922, 34264, 34735}), "GeoTIFF tags");
  add(any({42112, 42113}), "GDAL's tags");
  add(any({50838, 50839}), "ImageJ's data");
  add(any({tag_layers}), "Photoshop's layers");
  add(paths, "clipping paths");
  const Field* pointers = directory.find(tag_sub_directories);
  const bool whole = pointers && has_whole_sub_directory(reader, *pointers);
  add(whole, "pictures in sub-directories");
  if (!names.empty()) lost.add(LossKind::extra, names + " are left out");
  if (pointers && !whole) lost.add(LossKind::thumbnail, "smaller copies of the picture are left out");
}

/// A description that is all there is to say is no matter of cameras, but a comment: as such it is written, and taken
/// out again.
std::optional<std::string> take_comment(TagTree& description) {
  const auto found = description.tags.find(tag_image_description);
  if (found == description.tags.end() || found->second.type != tag_ascii) return {};
  TagTree rest = description;
  rest.tags.erase(tag_image_description);
  const std::string whole(found->second.data.begin(), found->second.data.end());
  const std::string text = whole.substr(0, whole.find('\0'));
  if (says_something(rest) || text.empty() || whole.find_first_not_of('\0', text.size()) != std::string::npos)
    return {};
  description = rest;
  return looks_like_utf8(text) ? text : utf8_from_latin1(text);
}

void set_blob(TagTree& tree, std::uint16_t tag, std::uint16_t type, const Bytes& data) {
  if (!data.empty()) tree.tags[tag] = {type, data, 0};
}

/// Comments and descriptions have a place, if it is free.
void set_text(TagTree& tree, const Metadata& meta, Losses& lost) {
  for (const auto& [keyword, value] : meta.text) {
    const auto known = tree.tags.find(tag_image_description);
    if ((keyword == "Comment" || keyword == "Description") && known == tree.tags.end())
      tree.set_text(tag_image_description, value);
    else if (known == tree.tags.end() || std::string_view(reinterpret_cast<const char*>(known->second.data.data()),
                                                          known->second.data.size() - 1) != value)
      lost.add(LossKind::text, "text under \"" + keyword + "\" has no place in this format");
  }
}

}  // namespace

Metadata read_metadata(const DirectoryReader& reader, const Directory& directory, std::uint16_t orientation,
                       Losses& lost) {
  Metadata meta;
  meta.icc = blob(reader, directory, tag_icc);
  meta.xmp = blob(reader, directory, tag_xmp);
  meta.iptc = iptc_of(reader, directory, lost);
  meta.density = density_of(reader, directory);
  const Bytes resources = blob(reader, directory, tag_photoshop);
  PhotoshopResources photoshop =
      read_photoshop_resources({reinterpret_cast<const char*>(resources.data()), resources.size()});
  if (meta.iptc.empty()) meta.iptc = std::move(photoshop.iptc);
  report_extras(reader, directory, photoshop.paths, lost);
  TagTree description = description_of(reader, directory);
  if (directory.find(tag_orientation)) description.set_short(tag_orientation, orientation);
  if (const auto comment = take_comment(description)) meta.text.emplace_back("Comment", *comment);
  if (says_something(description)) meta.exif = exif_block(description);
  return meta;
}

TagTree metadata_tags(const Metadata& meta, Losses& lost) {
  TagTree tree;
  if (!meta.exif.empty()) {
    const DirectoryReader reader(meta.exif);
    const auto directory = reader.read(reader.first());
    if (directory) tree = description_of(reader, *directory);
    const bool whole =
        directory && std::all_of(directory->fields.begin(), directory->fields.end(), [](const Field& field) {
          return field.tag <= tag_xmp || is_description(field.tag) || is_padding(field.tag) || field.tag == tag_exif ||
                 field.tag == tag_gps;
        });
    if (!whole)
      lost.add(LossKind::exif,
               directory ? "some tags of EXIF have no place in this format" : "EXIF is damaged and left out");
  }
  if (meta.density.known()) {
    tree.set_rational(tag_x_resolution, meta.density.x);
    tree.set_rational(tag_y_resolution, meta.density.y);
    tree.set_short(tag_resolution_unit, kInch);
  }
  set_text(tree, meta, lost);
  set_blob(tree, tag_icc, tag_undefined, meta.icc);
  set_blob(tree, tag_xmp, tag_byte, meta.xmp);
  set_blob(tree, tag_iptc, tag_undefined, meta.iptc);
  return tree;
}

}  // namespace calotype
