// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_MODULE calotype
#include <boost/test/unit_test.hpp>

#include "calotype/registry.hpp"

namespace {

struct FakePlugin {
  FakePlugin() { calotype::Registry::global().add_path(FAKE_PLUGIN_DIR); }
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(FakePlugin);
