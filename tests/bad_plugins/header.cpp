// SPDX-License-Identifier: Apache-2.0
// A header with one wrong field, and no function: whoever calls one anyway fails differently.
#include "calotype/plugin.hpp"

#ifndef HEADER_SIZE
#define HEADER_SIZE sizeof(calotype_plugin_header_t)
#endif
#ifndef ABI
#define ABI CALOTYPE_PLUGIN_ABI
#endif
#ifndef CV_MINOR
#define CV_MINOR CV_VERSION_MINOR
#endif
#ifndef CXX11_ABI
#define CXX11_ABI _GLIBCXX_USE_CXX11_ABI
#endif
#ifndef NAME
#define NAME "somebody_else"
#endif

extern "C" __attribute__((visibility("default"))) const calotype_plugin_header_t calotype_plugin_header = {
    HEADER_SIZE, ABI, CV_VERSION_MAJOR, CV_MINOR, CXX11_ABI, NAME, "1", "Apache-2.0", ""};
