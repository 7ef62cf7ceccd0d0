// SPDX-License-Identifier: Apache-2.0
#include "runtime.hpp"

#include <new>

namespace calotype::openvino {

Runtime& runtime() {
  static Runtime* const instance = new Runtime;
  return *instance;
}

std::string reason(const ov::Exception& e) {
  const std::string text = e.what(), ends = " \r\n.";
  const std::size_t end = text.find_last_not_of(ends);
  if (text.find("std::bad_alloc") != std::string::npos) throw std::bad_alloc();
  if (end == std::string::npos) return "no reason given";
  const std::size_t line = text.rfind('\n', end);
  return text.substr(line + 1, end - line);
}

}  // namespace calotype::openvino
