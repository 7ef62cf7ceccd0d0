// SPDX-License-Identifier: Apache-2.0
#include "tflite_writer.hpp"

namespace {

/// A FlatBuffer from front to back: whoever points to something is told of its place when that is known.
class Writer {
 public:
  std::size_t here() const { return bytes_.size(); }
  void number(std::uint32_t value, int width = 4) {
    for (int i = 0; i < width; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  /// A place that points somewhere.
  std::size_t pointer() {
    number(0);
    return here() - 4;
  }
  void point(std::size_t pointer) {
    const auto distance = static_cast<std::uint32_t>(here() - pointer);
    for (std::size_t i = 0; i < 4; ++i) bytes_[pointer + i] = static_cast<std::uint8_t>(distance >> (8 * i));
  }
  /// A table whose fields are pointers, those of `present`; returns their places.
  std::vector<std::size_t> table(const std::vector<unsigned>& present) {
    const unsigned fields = present.back() + 1, size = 4 + 2 * fields;
    const std::size_t start = here();
    number(size, 2);
    number(4 + 4 * static_cast<unsigned>(present.size()), 2);
    for (unsigned field = 0, place = 4; field < fields; ++field) {
      bool found = false;
      for (const unsigned each : present) found |= each == field;
      number(found ? place : 0, 2);
      place += found ? 4 : 0;
    }
    number(static_cast<std::uint32_t>(here() - start));  // back to the table of fields
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < present.size(); ++i) places.push_back(pointer());
    table_ = places.front() - 4;
    return places;
  }
  /// Of the last table.
  void point_to_table(std::size_t pointer) {
    const auto distance = static_cast<std::uint32_t>(table_ - pointer);
    for (std::size_t i = 0; i < 4; ++i) bytes_[pointer + i] = static_cast<std::uint8_t>(distance >> (8 * i));
  }
  void vector(const std::vector<int>& values) {
    number(static_cast<std::uint32_t>(values.size()));
    for (const int value : values) number(static_cast<std::uint32_t>(value));
  }
  void text(const std::string& text) {
    number(static_cast<std::uint32_t>(text.size()));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    while (bytes_.size() % 4) bytes_.push_back(0);
  }
  calotype::Bytes bytes() const { return bytes_; }

 private:
  calotype::Bytes bytes_;
  std::size_t table_ = 0;
};

}  // namespace

calotype::Bytes tflite_file(const std::string& input, const std::vector<int>& input_shape, const std::string& output,
                            const std::vector<int>& output_shape) {
  Writer file;
  const std::size_t root = file.pointer();
  file.number(0x334C4654);             // "TFL3"
  const auto model = file.table({2});  // subgraphs
  file.point_to_table(root);
  file.point(model[0]);
  file.number(1);
  const std::size_t graph = file.pointer();
  const auto parts = file.table({0, 1, 2});  // tensors, inputs, outputs
  file.point_to_table(graph);
  file.point(parts[1]);
  file.vector({0});
  file.point(parts[2]);
  file.vector({1});
  file.point(parts[0]);
  file.number(2);
  const std::size_t tensors[] = {file.pointer(), file.pointer()};
  const std::string names[] = {input, output};
  const std::vector<int> shapes[] = {input_shape, output_shape};
  for (int i = 0; i < 2; ++i) {
    const auto tensor = file.table({0, 3});  // shape, name
    file.point_to_table(tensors[i]);
    file.point(tensor[0]);
    file.vector(shapes[i]);
    file.point(tensor[1]);
    file.text(names[i]);
  }
  return file.bytes();
}
