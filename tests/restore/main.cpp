// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_MODULE restore
#include <boost/test/unit_test.hpp>
