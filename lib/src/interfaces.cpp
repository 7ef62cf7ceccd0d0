// SPDX-License-Identifier: Apache-2.0
// The out-of-line destructors that give each interface one vtable and one typeinfo, here, for every plugin.
#include "calotype/backbone.hpp"
#include "calotype/codec.hpp"
#include "calotype/engine.hpp"
#include "calotype/plugin.hpp"

namespace calotype {

Decoder::~Decoder() = default;
Encoder::~Encoder() = default;
void Encoder::prepare(const Params&) {}
Backbone::~Backbone() = default;
Session::~Session() = default;
Network::~Network() = default;
Engine::~Engine() = default;
Registrar::~Registrar() = default;

}  // namespace calotype
