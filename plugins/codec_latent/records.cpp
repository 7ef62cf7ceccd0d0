// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <cstring>

#include "calotype/error.hpp"
#include "dot.hpp"

namespace calotype::latent {
namespace {

constexpr std::size_t kAlignment = 64;  // of values in the file

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::corrupt, "entropy tables of the model: " + what, "reinstall the model");
}

class Cursor {
 public:
  explicit Cursor(const FileView& file) : file_(file) {}
  bool done() const { return at_ == file_.size(); }
  const std::uint8_t* take(std::size_t count) {
    if (count > file_.size() - at_) fail("the file ends early");
    at_ += count;
    return file_.data() + at_ - count;
  }
  std::uint32_t u32() {
    const std::uint8_t* b = take(4);
    return b[0] | std::uint32_t(b[1]) << 8 | std::uint32_t(b[2]) << 16 | std::uint32_t(b[3]) << 24;
  }
  void align() { take((kAlignment - at_ % kAlignment) % kAlignment); }

 private:
  const FileView& file_;
  std::size_t at_ = 0;
};

}  // namespace

Records::Records(FileView file) : file_(std::move(file)) {
  if (file_.size() > (1u << 30)) fail("the file is larger than any model's");
  Cursor cursor(file_);
  if (std::memcmp(cursor.take(4), "CENT", 4) != 0 || cursor.u32() != 2) fail("not a version 2 file");
  while (!cursor.done()) {
    const std::size_t length = *cursor.take(1);
    const std::string name(reinterpret_cast<const char*>(cursor.take(length)), length);
    const int type = *cursor.take(1), rank = *cursor.take(1);
    Record record;
    std::size_t count = 1;
    for (int i = 0; i < rank; ++i) {
      const std::uint32_t n = cursor.u32();
      if (n == 0 || n > file_.size() || (count *= n) > file_.size()) fail("\"" + name + "\" is larger than the file");
      record.dims.push_back(int(n));
    }
    if (type < 1 || type > 4 || (type == int(Type::kernel) && rank != 4)) fail("\"" + name + "\" has an unknown type");
    record.type = Type(type);
    if (record.type == Type::kernel)
      count = std::size_t(dot_outputs(record.dims[0])) * dot_length(record.dims[1] * record.dims[2] * record.dims[3]);
    record.count = count;
    cursor.align();
    const bool is_narrow = record.type == Type::i16 || record.type == Type::kernel;
    record.begin = cursor.take(count * (is_narrow ? 2 : 4));
    records_[name] = std::move(record);
  }
}

const Records::Record& Records::find(const std::string& name, Type type, const std::vector<int>& shape) const {
  const auto it = records_.find(name);
  if (it == records_.end()) fail("\"" + name + "\" is missing");
  const Record& record = it->second;
  if (record.type != type) fail("\"" + name + "\" holds numbers of another type");
  bool fits = shape.size() == record.dims.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] < 0 || shape[i] == record.dims[i];
  if (!fits) fail("\"" + name + "\" has another shape than the model's other tables ask for");
  return record;
}

template <class T>
std::vector<T> Records::values(const Record& record) {
  const std::uint8_t* b = record.begin;
  std::vector<T> out(record.count);
  for (T& value : out) {
    std::uint32_t bits = b[0] | std::uint32_t(b[1]) << 8;
    if (sizeof(T) == 4) bits |= std::uint32_t(b[2]) << 16 | std::uint32_t(b[3]) << 24;
    const auto narrow = std::uint16_t(bits);
    std::memcpy(&value, sizeof(T) == 4 ? static_cast<const void*>(&bits) : &narrow, sizeof(T));
    b += sizeof(T);
  }
  return out;
}

std::vector<std::int16_t> Records::i16(const std::string& name, const std::vector<int>& shape) const {
  return values<std::int16_t>(find(name, Type::i16, shape));
}

std::vector<std::int32_t> Records::i32(const std::string& name, const std::vector<int>& shape,
                                       std::vector<int>* dims) const {
  const Record& record = find(name, Type::i32, shape);
  if (dims) *dims = record.dims;
  return values<std::int32_t>(record);
}

std::vector<float> Records::f32(const std::string& name, const std::vector<int>& shape) const {
  return values<float>(find(name, Type::f32, shape));
}

Kernel Records::kernel(const std::string& name, int inputs) const {
  const Record& record = find(name, Type::kernel, {-1, inputs, -1, -1});
  if (record.dims[2] != record.dims[3]) fail("\"" + name + "\" is not square");
  Kernel kernel{record.dims[0], inputs, record.dims[2], {}};
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  auto owner = std::make_shared<FileView>(file_);
  kernel.weights = {owner, reinterpret_cast<const std::int16_t*>(record.begin)};
#else
  auto owner = std::make_shared<std::vector<std::int16_t> >(values<std::int16_t>(record));
  kernel.weights = {owner, owner->data()};
#endif
  return kernel;
}

}  // namespace calotype::latent
