// SPDX-License-Identifier: Apache-2.0
#include "directory.hpp"

#include <algorithm>
#include <cmath>

namespace calotype {
namespace {

constexpr std::uint64_t kMaxFields = 4096;
/// No more than that is left empty so that values lie at home: blocks in JPEG files are not longer.
constexpr std::uint64_t kMaxGap = 1 << 16;

/// Bytes that change places together between byte orders.
std::size_t unit_of_type(std::uint16_t type) {
  constexpr std::uint16_t kSrational = 10;
  return type == tag_rational || type == kSrational ? 4 : size_of_type(type);
}

void put(Bytes& to, std::uint64_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i, value >>= 8) to[at + i] = static_cast<std::uint8_t>(value);
}

/// Gives out room at the end of a file, around the one value that has a home there.
class Appender {
 public:
  Appender(Bytes& file, bool big, const TagTree& tree) : file_(file), big_(big), end_(file.size()) { find_home(tree); }

  std::uint64_t append(const TagTree& tree) {
    const std::size_t count_width = big_ ? 8 : 2, word = big_ ? 8 : 4, width = 4 + 2 * word;
    const TagValue pointer{std::uint16_t(big_ ? tag_ifd8 : tag_long), Bytes(word), 0};
    std::map<std::uint16_t, const TagValue*> fields;
    for (const auto& [tag, value] : tree.tags) fields[tag] = &value;
    for (const auto& child : tree.children) fields[child.first] = &pointer;

    const std::uint64_t directory = room(count_width + fields.size() * width + word);
    put(file_, directory, fields.size(), count_width);
    std::uint64_t at = directory + count_width;
    for (const auto& [tag, value] : fields) {
      const std::size_t size = value->data.size();
      put(file_, at, tag, 2);
      put(file_, at + 2, value->type, 2);
      put(file_, at + 4, size / size_of_type(value->type), word);
      const std::uint64_t inside = at + 4 + word, where = size <= word ? inside : place(*value);
      if (where != inside) put(file_, inside, where, word);
      std::copy(value->data.begin(), value->data.end(), file_.begin() + static_cast<std::ptrdiff_t>(where));
      const auto child = tree.children.find(tag);
      if (child != tree.children.end()) put(file_, inside, append(child->second), word);
      at += width;
    }
    return directory;
  }

 private:
  void find_home(const TagTree& tree) {
    for (const auto& [tag, value] : tree.tags)
      if (value.home >= end_ && value.home - end_ <= kMaxGap) home_ = &value;
    for (const auto& child : tree.children) find_home(child.second);
  }

  std::uint64_t room(std::uint64_t size) {
    std::uint64_t at = end_ + end_ % 2;
    if (home_ && at < home_end() && at + size > home_->home) at = home_end() + home_end() % 2;
    end_ = at + size;
    if (file_.size() < end_) file_.resize(end_);
    return at;
  }

  std::uint64_t place(const TagValue& value) {
    if (&value != home_) return room(value.data.size());
    if (file_.size() < home_end()) file_.resize(home_end());
    return home_->home;
  }

  std::uint64_t home_end() const { return home_->home + home_->data.size(); }

  Bytes& file_;
  const bool big_;
  std::uint64_t end_;
  const TagValue* home_ = nullptr;
};

}  // namespace

std::size_t size_of_type(std::uint16_t type) {
  constexpr std::uint8_t kSizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
  constexpr std::uint16_t kUtf8 = 129;  // EXIF 3.0
  return type < sizeof kSizes ? kSizes[type] : type == kUtf8 ? 1 : 0;
}

const Field* Directory::find(std::uint16_t tag) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.tag == tag; });
  return found == fields.end() ? nullptr : &*found;
}

DirectoryReader::DirectoryReader(const Bytes& bytes) : bytes_(bytes) {
  if (!has(0, 8) || bytes_[0] != bytes_[1] || (bytes_[0] != 'I' && bytes_[0] != 'M')) return;
  big_endian_ = bytes_[0] == 'M';
  const std::uint64_t version = get(2, 2);
  if (version == 42) {
    word_ = 4;
    first_ = get(4, 4);
  } else if (version == 43 && get(4, 2) == 8 && has(8, 8)) {
    word_ = 8;
    first_ = get(8, 8);
  }
}

std::uint64_t DirectoryReader::get(std::uint64_t at, std::size_t width) const {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | bytes_[at + (big_endian_ ? i : width - 1 - i)];
  return value;
}

std::optional<Directory> DirectoryReader::read(std::uint64_t at) const {
  const std::size_t count_width = big() ? 8 : 2, width = 4 + 2 * word_;
  if (!sound() || at == 0 || !has(at, count_width)) return {};
  const std::uint64_t count = get(at, count_width);
  at += count_width;
  if (count > kMaxFields || !has(at, count * width)) return {};
  std::uint64_t outside = 0;
  Directory directory;
  directory.length = count_width + count * width + word_;
  for (std::uint64_t i = 0; i < count; ++i, at += width) {
    Field field;
    field.tag = static_cast<std::uint16_t>(get(at, 2));
    field.type = static_cast<std::uint16_t>(get(at + 2, 2));
    field.count = get(at + 4, word_);
    const std::size_t size = size_of_type(field.type);
    if (size == 0 || field.count == 0 || field.count > bytes_.size() / size) continue;
    const std::uint64_t inside = at + 4 + word_;
    field.at = field.size() <= word_ ? inside : get(inside, word_);
    if (!has(field.at, field.size())) continue;
    if (field.at != inside) outside += field.size();
    directory.fields.push_back(field);
  }
  if (outside > 2 * size()) return {};
  if (has(at, word_)) directory.next = get(at, word_);
  return directory;
}

std::optional<std::uint64_t> DirectoryReader::number(const Field& field, std::uint64_t index) const {
  switch (field.type) {
    case tag_byte:
    case tag_short:
    case tag_long:
    case tag_ifd:
    case tag_long8:
    case tag_ifd8:
      break;
    default:
      return {};
  }
  const std::size_t size = size_of_type(field.type);
  if (index >= field.count) return {};
  return get(field.at + index * size, size);
}

std::optional<double> DirectoryReader::rational(const Field& field) const {
  if (field.type != tag_rational || field.count == 0 || get(field.at + 4, 4) == 0) return {};
  return double(get(field.at, 4)) / double(get(field.at + 4, 4));
}

Bytes DirectoryReader::raw(const Field& field) const {
  const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(field.at);
  return Bytes(from, from + static_cast<std::ptrdiff_t>(field.size()));
}

Bytes DirectoryReader::little_endian(const Field& field) const {
  Bytes data = raw(field);
  const auto unit = static_cast<std::ptrdiff_t>(unit_of_type(field.type));
  if (big_endian_ && unit > 1)
    for (auto at = data.begin(); at != data.end(); at += unit) std::reverse(at, at + unit);
  return data;
}

void TagTree::set_short(std::uint16_t tag, std::uint16_t value) {
  tags[tag] = {tag_short, Bytes(2), 0};
  put(tags[tag].data, 0, value, 2);
}

void TagTree::set_text(std::uint16_t tag, const std::string& text) {
  Bytes data(text.begin(), text.end());
  data.push_back(0);
  tags[tag] = {tag_ascii, std::move(data), 0};
}

void TagTree::set_rational(std::uint16_t tag, double value) {
  constexpr double kMost = 0xFFFFFFFF;
  const bool whole = value == std::floor(value) || value * 10000 > kMost;
  const double denominator = whole ? 1 : 10000;
  tags[tag] = {tag_rational, Bytes(8), 0};
  put(tags[tag].data, 0, static_cast<std::uint64_t>(std::min(std::round(value * denominator), kMost)), 4);
  put(tags[tag].data, 4, static_cast<std::uint64_t>(denominator), 4);
}

void TagTree::set_offset(std::uint16_t tag, std::uint64_t at, bool big) {
  tags[tag] = {std::uint16_t(big ? tag_ifd8 : tag_long), Bytes(big ? 8 : 4), 0};
  put(tags[tag].data, 0, at, tags[tag].data.size());
}

std::uint64_t append_directory(Bytes& file, const TagTree& tree, bool big) {
  return Appender(file, big, tree).append(tree);
}

void add_to_only_directory(Bytes& file, TagTree more) {
  const DirectoryReader reader(file);
  const bool big = reader.big();
  const auto directory = reader.read(reader.first());
  for (const Field& field : directory ? directory->fields : std::vector<Field>())
    more.tags[field.tag] = {field.type, reader.little_endian(field), 0};
  file.resize(reader.first());
  const std::uint64_t at = append_directory(file, more, big);
  big ? put(file, 8, at, 8) : put(file, 4, at, 4);
}

Bytes exif_block(const TagTree& tree) {
  Bytes block = {'I', 'I', 42, 0, 0, 0, 0, 0};
  put(block, 4, append_directory(block, tree, false), 4);
  return block;
}

}  // namespace calotype
