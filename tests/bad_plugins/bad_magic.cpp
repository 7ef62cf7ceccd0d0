// SPDX-License-Identifier: Apache-2.0
#include "calotype/plugin.hpp"

struct Nothing : calotype::Decoder {
  calotype::ImageInfo probe(const calotype::Bytes&) const override {
    throw calotype::Error(calotype::ErrorCode::corrupt, "nothing can be read");
  }
  calotype::Image decode(const calotype::Bytes&, const calotype::Params&) override { return {}; }
};

CALOTYPE_PLUGIN("bad_magic", "1", "Apache-2.0", "good, but its sidecar has an impossible magic") {
  r.add<Nothing>({calotype::Kind::decoder, "nothing", "Works.", {"nothing"}, {"4e4f"}});
}
