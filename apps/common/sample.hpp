// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/image.hpp>

/// Smooth in both directions, with colour: every codec should hold it well.
calotype::Image sample_picture();
