// SPDX-License-Identifier: Apache-2.0
// Colour profiles that the library does not make itself.
#pragma once
#include "calotype/image.hpp"

/// Of a press whose inks are not quite clean: what it shows differs from what a rule of thumb would make of the inks.
calotype::Bytes cmyk_profile();

/// Of greys whose samples are lightness rather than light: L* from 0 to 100.
calotype::Bytes grey_profile_in_lab();
