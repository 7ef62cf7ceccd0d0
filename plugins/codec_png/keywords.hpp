// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace calotype {

/// The iTXt keyword under which Adobe's XMP specification stores the packet.
constexpr const char* xmp_keyword = "XML:com.adobe.xmp";

}  // namespace calotype
