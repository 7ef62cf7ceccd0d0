// SPDX-License-Identifier: Apache-2.0
#include "profiles.hpp"

#include <lcms2.h>

#include <boost/test/unit_test.hpp>

using calotype::Bytes;

namespace {

/// Lab from inks, both as 16 bits.
cmsInt32Number print(const cmsUInt16Number inks[], cmsUInt16Number lab[], void*) {
  const double c = inks[0] / 65535.0, m = inks[1] / 65535.0, y = inks[2] / 65535.0, k = inks[3] / 65535.0;
  const cmsCIELab colour = {(100 - 40 * c - 45 * m - 8 * y) * (1 - 0.9 * k), (70 * m - 30 * c) * (1 - k),
                            (80 * y - 40 * c) * (1 - k)};
  cmsFloat2LabEncoded(lab, &colour);
  return TRUE;
}

Bytes saved(cmsHPROFILE profile) {
  cmsUInt32Number size = 0;
  BOOST_REQUIRE(cmsSaveProfileToMem(profile, nullptr, &size));
  Bytes bytes(size);
  BOOST_REQUIRE(cmsSaveProfileToMem(profile, bytes.data(), &size));
  cmsCloseProfile(profile);
  return bytes;
}

}  // namespace

Bytes cmyk_profile() {
  const cmsHPROFILE profile = cmsCreateProfilePlaceholder(nullptr);
  cmsSetProfileVersion(profile, 2.1);
  cmsSetDeviceClass(profile, cmsSigOutputClass);
  cmsSetColorSpace(profile, cmsSigCmykData);
  cmsSetPCS(profile, cmsSigLabData);
  cmsSetHeaderRenderingIntent(profile, INTENT_RELATIVE_COLORIMETRIC);
  cmsPipeline* table = cmsPipelineAlloc(nullptr, 4, 3);
  cmsStage* stage = cmsStageAllocCLut16bit(nullptr, 5, 4, 3, nullptr);
  BOOST_REQUIRE(cmsStageSampleCLut16bit(stage, print, nullptr, 0));
  cmsPipelineInsertStage(table, cmsAT_BEGIN, stage);
  BOOST_REQUIRE(cmsWriteTag(profile, cmsSigAToB0Tag, table));
  cmsPipelineFree(table);
  return saved(profile);
}

Bytes grey_profile_in_lab() {
  cmsToneCurve* line = cmsBuildGamma(nullptr, 1);
  const cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), line);
  cmsFreeToneCurve(line);
  cmsSetPCS(profile, cmsSigLabData);
  return saved(profile);
}
