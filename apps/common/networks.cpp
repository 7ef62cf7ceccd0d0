// SPDX-License-Identifier: Apache-2.0
#include "common/networks.hpp"

#include <calotype/model.hpp>
#include <vector>

using calotype::NetworkInfo;

Json networks_json() {
  std::vector<Json> networks;
  for (const NetworkInfo& network : calotype::networks_in_use())
    networks.push_back(
        Json::object({{"engine", network.engine}, {"device", network.device}, {"precision", network.precision}}));
  return Json::array(networks);
}

std::string networks_text() {
  std::string text;
  for (const NetworkInfo& network : calotype::networks_in_use())
    text += ", " + network.engine + " on " + network.device + " in " + network.precision;
  return text;
}
