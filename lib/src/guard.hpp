// SPDX-License-Identifier: Apache-2.0
// Wraps what plugins make, so that every call into a plugin keeps the host's promises: only calotype::Error gets out,
// naming the element and its file, and what comes back obeys the interface's contract.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "calotype/backbone.hpp"
#include "calotype/codec.hpp"
#include "calotype/engine.hpp"
#include "calotype/registry.hpp"

namespace calotype {

template <class T>
using FactoryOf = std::function<std::unique_ptr<T>()>;

/// Whose code is running, for messages.
struct Origin {
  Kind kind;
  std::string name;
  std::filesystem::path file;
};

std::unique_ptr<Decoder> make_guarded(const FactoryOf<Decoder>& make, const Origin& origin);
std::unique_ptr<Encoder> make_guarded(const FactoryOf<Encoder>& make, const Origin& origin);
std::unique_ptr<Backbone> make_guarded(const FactoryOf<Backbone>& make, const Origin& origin);
std::unique_ptr<Engine> make_guarded(const FactoryOf<Engine>& make, const Origin& origin);

/// Call in a catch block: throws what is in flight as an Error whose message begins with `who`.
[[noreturn]] void rethrow_as_error(const std::string& who);

}  // namespace calotype
