// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_MODULE calotype processes
#include <boost/test/unit_test.hpp>
