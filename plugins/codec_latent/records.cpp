// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <cstring>

#include "calotype/error.hpp"

namespace calotype::latent {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::corrupt, "entropy tables of the model: " + what, "reinstall the model");
}

class Cursor {
 public:
  explicit Cursor(const Bytes& bytes) : bytes_(bytes) {}
  bool done() const { return at_ == bytes_.size(); }
  const std::uint8_t* take(std::size_t count) {
    if (count > bytes_.size() - at_) fail("the file ends early");
    at_ += count;
    return bytes_.data() + at_ - count;
  }
  std::uint32_t u32() {
    const std::uint8_t* b = take(4);
    return b[0] | std::uint32_t(b[1]) << 8 | std::uint32_t(b[2]) << 16 | std::uint32_t(b[3]) << 24;
  }

 private:
  const Bytes& bytes_;
  std::size_t at_ = 0;
};

template <class T>
std::vector<T> values(Cursor& cursor, std::size_t count) {
  const std::uint8_t* b = cursor.take(count * sizeof(T));
  std::vector<T> out(count);
  for (std::size_t i = 0; i < count; ++i, b += sizeof(T)) {
    std::uint32_t bits = b[0] | std::uint32_t(b[1]) << 8;
    if (sizeof(T) == 4) bits |= std::uint32_t(b[2]) << 16 | std::uint32_t(b[3]) << 24;
    const auto narrow = std::uint16_t(bits);
    std::memcpy(&out[i], sizeof(T) == 4 ? static_cast<const void*>(&bits) : &narrow, sizeof(T));
  }
  return out;
}

}  // namespace

Records::Records(const Bytes& file) {
  Cursor cursor(file);
  if (std::memcmp(cursor.take(4), "CENT", 4) != 0 || cursor.u32() != 1) fail("not a version 1 file");
  while (!cursor.done()) {
    const std::size_t length = *cursor.take(1);
    const std::string name(reinterpret_cast<const char*>(cursor.take(length)), length);
    const int type = *cursor.take(1), rank = *cursor.take(1);
    Record record;
    std::size_t count = 1;
    for (int i = 0; i < rank; ++i) {
      const std::uint32_t n = cursor.u32();
      if (n == 0 || n > file.size() || (count *= n) > file.size()) fail("\"" + name + "\" is larger than the file");
      record.dims.push_back(int(n));
    }
    switch (type) {
      case 1:
        record.i16 = values<std::int16_t>(cursor, count);
        break;
      case 2:
        record.i32 = values<std::int32_t>(cursor, count);
        break;
      case 3:
        record.f32 = values<float>(cursor, count);
        break;
      default:
        fail("\"" + name + "\" has an unknown type");
    }
    records_[name] = std::move(record);
  }
}

const Record& Records::find(const std::string& name, const std::vector<int>& dims) const {
  const auto it = records_.find(name);
  if (it == records_.end()) fail("\"" + name + "\" is missing");
  const Record& record = it->second;
  bool fits = dims.empty() || dims.size() == record.dims.size();
  for (std::size_t i = 0; fits && i < dims.size(); ++i) fits = dims[i] < 0 || dims[i] == record.dims[i];
  if (!fits) fail("\"" + name + "\" has another shape than the model's other tables ask for");
  return record;
}

const Record& Records::i16(const std::string& name, const std::vector<int>& dims) const {
  const Record& record = find(name, dims);
  if (record.i16.empty()) fail("\"" + name + "\" is not int16");
  return record;
}

const Record& Records::i32(const std::string& name, const std::vector<int>& dims) const {
  const Record& record = find(name, dims);
  if (record.i32.empty()) fail("\"" + name + "\" is not int32");
  return record;
}

const Record& Records::f32(const std::string& name, const std::vector<int>& dims) const {
  const Record& record = find(name, dims);
  if (record.f32.empty()) fail("\"" + name + "\" is not float32");
  return record;
}

}  // namespace calotype::latent
