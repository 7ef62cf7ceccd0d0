// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "command.hpp"

BOOST_AUTO_TEST_SUITE(inspect)

BOOST_AUTO_TEST_CASE(lists_by_kind) {
  const Folder folder;
  const auto all = folder.run("calotype inspect");
  BOOST_TEST(all.status == 0);
  for (const std::string part : {"decoders\n", "encoders\n", "engines\n", "  calo ", "  png ", "  jpeg ", "  opencv "})
    BOOST_TEST(contains(all.out, part), part);
  const auto engines = json_lines(folder.run("calotype inspect --kind engine --json").out);
  BOOST_TEST(!engines.empty());
  for (const auto& engine : engines) BOOST_TEST(engine.get<std::string>("kind") == "engine");
}

BOOST_AUTO_TEST_CASE(shows_one_element_with_its_parameters) {
  const Folder folder;
  const auto text = folder.run("calotype inspect jpeg --kind encoder");
  BOOST_TEST(contains(text.out, "encoder jpeg: "));
  BOOST_TEST(contains(text.out, "1..100"));
  const auto objects = json_lines(folder.run("calotype inspect jpeg --kind encoder --json").out);
  BOOST_REQUIRE(objects.size() == 1);
  BOOST_TEST(objects[0].get<std::string>("plugin") == "codec_jpeg");
  const auto& quality = objects[0].get_child("params").front().second;
  BOOST_TEST(quality.get<std::string>("name") == "quality");
  BOOST_TEST(quality.get<int>("min") == 1);
  BOOST_TEST(quality.get<int>("max") == 100);
}

BOOST_AUTO_TEST_CASE(shows_engines_with_devices) {
  const auto objects = json_lines(Folder().run("calotype inspect --engines --json").out);
  BOOST_REQUIRE(!objects.empty());
  for (const auto& engine : objects) {
    BOOST_TEST(!engine.get<std::string>("version").empty());
    if (engine.get<std::string>("engine") == "opencv") BOOST_TEST(!engine.get_child("devices").empty());
  }
}

BOOST_AUTO_TEST_CASE(existence_is_an_exit_status) {
  const Folder folder;
  BOOST_TEST(folder.run("calotype inspect --exists png").status == 0);
  BOOST_TEST(folder.run("calotype inspect --exists png --kind engine").status == 3);
  const auto missing = folder.run("calotype inspect --exists nothing");
  BOOST_TEST(missing.status == 3);
  BOOST_TEST((missing.out + missing.err).empty());
  const auto unknown = folder.run("calotype inspect jpg2");
  BOOST_TEST(unknown.status == 3);
  BOOST_TEST(contains(unknown.err, "jpg2"));
}

BOOST_AUTO_TEST_CASE(a_plugin_that_cannot_load_is_reported) {
  const Folder folder;
  folder.write("plugins/calotype_rotten.so", "not a library");
  const auto text = folder.run("calotype --plugin-path plugins inspect --failures");
  BOOST_TEST(text.status == 0);
  BOOST_TEST(contains(text.out, "calotype_rotten.so: "));
  const auto objects = json_lines(folder.run("calotype --plugin-path=plugins inspect --failures --json").out);
  BOOST_TEST(objects.size() == 1);
  const auto tested = folder.run("calotype --plugin-path plugins inspect --selftest");
  BOOST_TEST(tested.status == 6);
  BOOST_TEST(contains(tested.out, "FAILED  plugin "));
}

BOOST_AUTO_TEST_CASE(a_damaged_sidecar_hides_no_format) {
  const Folder folder;
  folder.picture("a.png");
  folder.write("plugins/calotype_odd.so", "never opened");
  folder.write("plugins/calotype_odd.provides",
               "calotype-provides 1\nplugin odd \"1\" \"none\" odd\ndecoder odd priority=0 ext= magic=zz doc=Odd.\n");
  const auto finished = folder.run("calotype --plugin-path plugins info a.png");
  BOOST_TEST(finished.status == 0, finished.err);
}

BOOST_AUTO_TEST_CASE(this_build_passes_its_selftest) {
  const auto finished = Folder().run("calotype inspect --selftest --json");
  BOOST_TEST(finished.status == 0);
  for (const auto& check : json_lines(finished.out))
    BOOST_TEST(check.get<bool>("ok"), check.get<std::string>("check") << ": " << check.get<std::string>("remark"));
}

BOOST_AUTO_TEST_SUITE_END()
