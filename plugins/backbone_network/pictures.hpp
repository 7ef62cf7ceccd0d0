// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <calotype/image.hpp>
#include <calotype/model.hpp>

namespace calotype::foreign {

/// What a network of task `image` makes of a picture, in tiles; `session` runs it. The depth stays. A network for
/// colours makes grey of grey, one for grey is run on each colour by itself. Alpha and mask grow with the picture.
Image make_picture(Session& session, const Manifest& manifest, Image image, const TilePlan& tiles);

}  // namespace calotype::foreign
