// SPDX-License-Identifier: Apache-2.0
// Every backbone that is found, on pictures at the edges of its contract.
#include <unistd.h>

#include <filesystem>
#include <opencv2/core.hpp>

#include "networks/foreign_networks.hpp"
#include "support.hpp"

using namespace calotype;

BOOST_AUTO_TEST_SUITE(backbones)

BOOST_AUTO_TEST_CASE(odd_pictures_work_or_are_refused) {
  const auto folder = std::filesystem::temp_directory_path() / ("calotype_backbones_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  write_file((folder / "net.onnx").string(), doubler(), true);
  const std::string ini =
      "[model]\nid=doubler\ntask=image\n[part]\nnetwork=net.onnx\n"
      "[input]\nname=image\n[output]\npicture=result\nscale=2\n";
  write_file((folder / "model.ini").string(), {ini.begin(), ini.end()}, true);
  for (const std::string& name : names(Kind::backbone)) {
    RawParams raw;
    if (name == "network") raw["model"] = folder.string();  // which has none of its own
    const auto params = Params::validated(Registry::global().describe(Kind::backbone, name).element.params, raw, name);
    for (const cv::Size size : {cv::Size(1, 1), cv::Size(7, 13), cv::Size(64, 48)})
      for (const int type : {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC3, CV_32FC3})
        BOOST_TEST_CONTEXT(name << " " << size << " type " << type) {
          Image image = picture(size, CV_MAT_CN(type), CV_MAT_DEPTH(type));
          image.meta.text = {{"Title", "kept"}};
          image.mask = cv::Mat::zeros(size, CV_8U);
          image.mask.at<uchar>(size.height / 2, size.width / 2) = 255;
          try {
            const Image result = Registry::global().backbone(name)->run(image, params);
            BOOST_TEST(result.meta.text.size() >= 1);
          } catch (const Error& e) {
            BOOST_TEST(e.code() == ErrorCode::unsupported);
          }
        }
  }
  std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()
