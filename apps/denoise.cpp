// SPDX-License-Identifier: Apache-2.0
#include "common/restore.hpp"
#include "verbs.hpp"

const Verb denoise_verb = {"denoise",
                           "IN... [-o OUT|DIR] [--sigma S] [--strength X] [options]",
                           "Remove noise from pictures; photo.jpg becomes photo.denoised.png beside it.",
                           "  calotype denoise photo.jpg                        # measures the noise first\n"
                           "  calotype denoise --sigma 25 scan.png -o clean.png\n"
                           "  calotype denoise --strength 0.5 photo.jpg         # leaves some of it\n"
                           "  calotype denoise -r photos/ -o clean/ --skip-existing\n"
                           "  calotype denoise photo.png -o photo.jpg -p quality=95",
                           [] { return restore_options("denoise"); },
                           [](const Arguments& arguments) { return restore("denoise", "denoised", arguments); }};
