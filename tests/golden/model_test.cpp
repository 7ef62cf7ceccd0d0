// SPDX-License-Identifier: Apache-2.0
// Codec models from strangers: what their files say about channels and sizes is not believed.
#include <opencv2/core.hpp>

#include "calotype/calotype.hpp"
#include "latent_model.hpp"
#include "networks/model_writer.hpp"
#include "support.hpp"

using namespace calotype;

namespace {

/// A codec in a folder of its own.
struct ModelFolder {
  explicit ModelFolder(const ModelParts& parts, int halo = 16) {
    write_model(scratch.file("model"), "codec", parts, halo);
  }
  std::string name() const { return scratch.file("model"); }
  ScratchDirectory scratch;
};

Image picture() {
  Image image;
  image.pixels.create(150, 141, CV_8UC3);
  cv::randu(image.pixels, 0, 256);
  return image;
}

/// There and back, on one engine.
Image coded(const ModelFolder& folder, const std::string& engine, const std::string& effort = "1") {
  const RawParams params = {{"model", folder.name()}, {"engine", engine}};
  RawParams slow = params;
  slow["effort"] = effort;
  return decode(encode(picture(), "calo", slow), "calo", params);
}

ModelParts with(const std::string& part, const NetworkShape& shape) {
  ModelParts parts = tiny_codec();
  parts[part] = tiny_network(shape);
  return parts;
}

/// Those of the two that were built; a compiler is tested without the larger one.
std::vector<std::string> engines() {
  std::vector<std::string> found;
  for (const Item& item : Registry::global().items())
    if (item.element.kind == Kind::engine && (item.element.name == "onednn" || item.element.name == "opencv"))
      found.push_back(item.element.name);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(model)

BOOST_AUTO_TEST_CASE(a_small_codec_works) {
  for (const std::string& engine : engines())
    for (const char* effort : {"1", "2"})
      BOOST_TEST(coded(ModelFolder(tiny_codec()), engine, effort).pixels.size() == picture().pixels.size());
}

BOOST_AUTO_TEST_CASE(networks_of_other_channels_sizes_and_names_are_refused) {
  for (const auto& [part, right] : tiny_codec_networks()) {
    std::vector<NetworkShape> wrong(4, right);
    wrong[0].outputs = 1;
    wrong[1].outputs = 2 * right.outputs + 1;
    wrong[2].kernel = 2 * right.kernel;
    wrong[3].output = "z";
    for (const NetworkShape& shape : wrong)
      for (const std::string& engine : engines())
        BOOST_TEST_CONTEXT(part << " " << shape.outputs << " " << shape.kernel << " " << shape.output << ", "
                                << engine) {
          const ModelFolder folder(with(part, shape));
          const Error e = error_of([&] { coded(folder, engine); });
          // Engines make no picture of what is none.
          const bool is_said = e.code() == ErrorCode::corrupt || (part == "synthesis" && e.code() == ErrorCode::engine);
          BOOST_CHECK_MESSAGE(is_said, e.full_text());
        }
  }
}

BOOST_AUTO_TEST_CASE(gradients_of_other_shapes_are_refused) {
  ModelParts parts = tiny_codec();
  parts["synthesis_gradient"] = tiny_gradient(3);
  const ModelFolder folder(parts);
  for (const std::string& engine : engines())
    BOOST_CHECK((error_of([&] { coded(folder, engine, "2"); }).code() == ErrorCode::corrupt));
}

BOOST_AUTO_TEST_CASE(tables_for_another_grid_are_refused) {
  for (const int shuffles : {0, 1}) {
    ModelParts parts = tiny_codec();
    parts["entropy"] = tiny_codec_tables(shuffles).bytes;
    const ModelFolder folder(parts);
    BOOST_CHECK((error_of([&] { latent::LatentModel::open(folder.name(), {}); }).code() == ErrorCode::corrupt));
  }
}

BOOST_AUTO_TEST_CASE(halos_that_end_between_latents_are_refused) {
  const ModelFolder folder(tiny_codec(), 20);
  BOOST_CHECK((error_of([&] { coded(folder, engines().front()); }).code() == ErrorCode::corrupt));
}

BOOST_AUTO_TEST_SUITE_END()
