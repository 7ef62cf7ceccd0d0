// SPDX-License-Identifier: Apache-2.0
#include <calotype/error.hpp>
#include <calotype/model.hpp>
#include <calotype/params.hpp>
#include <calotype/registry.hpp>

#include "common/console.hpp"
#include "common/elements.hpp"
#include "common/models.hpp"
#include "selftest.hpp"
#include "verbs.hpp"

using namespace calotype;

namespace {

const std::vector<Kind> kKinds = {Kind::decoder, Kind::encoder, Kind::backbone, Kind::engine};

std::vector<Option> options() {
  return {
      {"kind", 0, "KIND", "Only decoder, encoder, backbone or engine.", {"decoder", "encoder", "backbone", "engine"}},
      {"engines", 0, "", "Engines with their versions and devices."},
      {"models", 0, "", "Models with their task, version and size."},
      {"failures", 0, "", "Open every plugin and list those that were refused, with the reason."},
      {"exists", 0, "NAME", "Print nothing; the exit status is 0 when there is such an element or model, else 3."},
      {"selftest", 0, "", "Load and run everything once; the exit status is 6 when something fails."},
      {"json", 0, "", "Print one JSON object per line."}};
}

/// All elements, or those of --kind.
std::vector<Item> chosen_items(const Arguments& arguments) {
  std::vector<Item> items = Registry::global().items();
  if (!arguments.has("kind")) return items;
  const std::string kind = arguments.text("kind");
  std::vector<Item> chosen;
  bool known = false;
  for (const Kind each : kKinds) {
    if (to_string(each) != kind) continue;
    known = true;
    for (const Item& item : items)
      if (item.element.kind == each) chosen.push_back(item);
  }
  if (!known) throw Error(ErrorCode::usage, "unknown kind \"" + kind + "\"", "decoder, encoder, backbone or engine");
  return chosen;
}

Json json_of(const Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

Json json_of(const ParamSpec& spec) {
  Json::Members members = {{"name", spec.name}, {"doc", spec.doc}, {"default", json_of(spec.fallback)}};
  if (spec.min) members.push_back({"min", *spec.min});
  if (spec.max) members.push_back({"max", *spec.max});
  if (!spec.choices.empty()) members.push_back({"choices", spec.choices});
  return Json::object(members);
}

Json::Members members_of(const Item& item) {
  return {{"kind", to_string(item.element.kind)},
          {"name", item.element.name},
          {"doc", item.element.doc},
          {"extensions", item.element.extensions},
          {"priority", item.element.priority},
          {"plugin", item.plugin.name},
          {"version", item.plugin.version},
          {"license", item.plugin.license},
          {"file", item.plugin.file.string()}};
}

void list_elements(const std::vector<Item>& items, bool json) {
  for (const Kind kind : kKinds) {
    bool first = true;
    for (const Item& item : items) {
      if (item.element.kind != kind) continue;
      if (json) {
        print_json(Json::object(members_of(item)));
        continue;
      }
      if (first) print(std::string(to_string(kind)) + "s");
      first = false;
      print("  " + padded(item.element.name, 14) + item.element.doc +
            (item.element.extensions.empty() ? "" : " (" + joined(item.element.extensions) + ")"));
    }
  }
  const std::size_t refused = Registry::global().failures().size();
  if (refused) report(std::to_string(refused) + " refused; \"calotype inspect --failures\" tells why");
}

void show_engine(const std::string& name, bool json) {
  const auto engine = Registry::global().engine(name);
  const std::vector<Device> devices = engine->devices();
  if (json) {
    std::vector<Json> list;
    for (const Device& device : devices)
      list.push_back(Json::object({{"name", device.name}, {"description", device.description}}));
    return print_json(Json::object({{"engine", name}, {"version", engine->version()}, {"devices", Json::array(list)}}));
  }
  print(name + ": " + engine->version());
  for (const Device& device : devices) print("  " + padded(device.name, 10) + device.description);
  if (devices.empty()) print("  no device on this machine");
}

void show_element(const Item& listed, bool json) {
  const Item item = Registry::global().describe(listed.element.kind, listed.element.name);
  if (json) {
    Json::Members members = members_of(item);
    std::vector<Json> params;
    for (const ParamSpec& spec : item.element.params) params.push_back(json_of(spec));
    members.push_back({"params", Json::array(params)});
    return print_json(Json::object(members));
  }
  print(std::string(to_string(item.element.kind)) + " " + item.element.name + ": " + item.element.doc);
  print("  plugin: " + item.plugin.name + " " + item.plugin.version + ", " + item.plugin.license + ", " +
        item.plugin.file.string());
  if (!item.element.extensions.empty()) print("  extensions: " + joined(item.element.extensions));
  for (const ParamSpec& spec : item.element.params) print("  " + padded(spec.name, 14) + documentation(spec));
}

bool is_model(const std::string& name) {
  for (const std::string& id : Model::list())
    if (id == name) return true;
  return false;
}

/// Every element and model of that name.
void show_named(const std::string& name, const std::vector<Item>& items, bool json) {
  bool found = false;
  std::vector<std::string> names = Model::list();
  for (const Item& item : items) {
    names.push_back(item.element.name);
    if (item.element.name != name) continue;
    found = true;
    show_element(item, json);
    if (item.element.kind == Kind::engine) show_engine(name, json);
  }
  if (is_model(name)) {
    found = true;
    print_model(Model::open(name), json);
  }
  if (found) return;
  const std::string near = nearest(name, names);
  throw Error(ErrorCode::not_found, "no element or model \"" + name + "\"",
              near.empty() ? "\"calotype inspect\" lists them" : "did you mean \"" + near + "\"?");
}

bool exists(const std::string& name, const std::vector<Item>& items) {
  for (const Item& item : items)
    if (item.element.name == name) return true;
  return is_model(name);
}

void show_failures(bool json) {
  for (const LoadFailure& failure : Registry::global().failures(true)) {
    if (json)
      print_json(
          Json::object({{"file", failure.file.string()}, {"reason", failure.reason}, {"provides", failure.provides}}));
    else
      print(failure.file.string() + ": " + failure.reason);
  }
}

/// One whose library is missing must not hide the others.
void show_engine_or_why_not(const std::string& name, bool json) {
  try {
    show_engine(name, json);
  } catch (const Error& error) {
    if (json)
      print_json(Json::object({{"engine", name}, {"error", error.full_text()}}));
    else
      print("engine " + name + ": " + error.full_text());
  }
}

int run(const Arguments& arguments) {
  const bool json = arguments.has("json");
  if (arguments.has("selftest")) return selftest(json);
  const std::vector<Item> items = chosen_items(arguments);
  if (arguments.has("exists")) return exists(arguments.text("exists"), items) ? 0 : exit_status(ErrorCode::not_found);
  for (const std::string& name : arguments.operands()) show_named(name, items, json);
  if (arguments.has("engines"))
    for (const Item& item : items)
      if (item.element.kind == Kind::engine) show_engine_or_why_not(item.element.name, json);
  if (arguments.has("models"))
    for (const std::string& id : Model::list()) print_model(Model::open(id), json);
  if (arguments.has("failures")) show_failures(json);
  if (arguments.operands().empty() && !arguments.has("engines") && !arguments.has("models") &&
      !arguments.has("failures"))
    list_elements(items, json);
  return 0;
}

}  // namespace

const Verb inspect_verb = {"inspect",
                           "[NAME...] [options]",
                           "List formats, engines and models, show their parameters, and test the installation.",
                           "  calotype inspect                                  # everything, by kind\n"
                           "  calotype inspect calo                             # parameters of one format\n"
                           "  calotype inspect --engines\n"
                           "  calotype inspect --exists webp && echo \"WebP can be written\"\n"
                           "  calotype inspect --selftest",
                           options,
                           run};
