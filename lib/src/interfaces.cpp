// SPDX-License-Identifier: Apache-2.0
// What interfaces do by default, and the out-of-line destructors that give each one vtable and one typeinfo, here, for
// every plugin.
#include "calotype/backbone.hpp"
#include "calotype/codec.hpp"
#include "calotype/engine.hpp"
#include "calotype/plugin.hpp"

namespace calotype {

Decoder::~Decoder() = default;
ImageInfo Decoder::probe_page(const Bytes& bytes, const Params&) const { return probe(bytes); }
Encoder::~Encoder() = default;
void Encoder::prepare(const Params&) {}
Backbone::~Backbone() = default;
Session::~Session() = default;
Network::~Network() = default;
Engine::~Engine() = default;
Registrar::~Registrar() = default;

}  // namespace calotype
