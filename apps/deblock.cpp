// SPDX-License-Identifier: Apache-2.0
#include "common/restore.hpp"
#include "verbs.hpp"

const Verb deblock_verb = {"deblock",
                           "IN... [-o OUT|DIR] [--quality Q] [options]",
                           "Remove the traces of JPEG compression; photo.jpg becomes photo.deblocked.png beside it.",
                           "  calotype deblock photo.jpg                        # finds out how it was compressed\n"
                           "  calotype deblock --quality 20 screenshot.png -o clean.png\n"
                           "  calotype deblock -r photos/ -o clean/ --skip-existing",
                           [] { return restore_options("deblock"); },
                           [](const Arguments& arguments) { return restore("deblock", "deblocked", arguments); }};
