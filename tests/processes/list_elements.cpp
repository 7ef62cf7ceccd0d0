// SPDX-License-Identifier: Apache-2.0
// list_elements FOLDER: goes there, and then says on stderr which decoders and models are found.
#include <unistd.h>

#include <calotype/model.hpp>
#include <calotype/registry.hpp>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2 || chdir(argv[1])) return 2;
  for (const calotype::Item& item : calotype::Registry::global().items())
    if (item.element.kind == calotype::Kind::decoder) std::cerr << "decoder " << item.element.name << '\n';
  for (const std::string& id : calotype::Model::list()) std::cerr << "model " << id << '\n';
}
