// SPDX-License-Identifier: Apache-2.0
#include "model_file.hpp"

#include <openvino/core/preprocess/pre_post_process.hpp>
#include <openvino/op/util/framework_node.hpp>
#include <pugixml.hpp>
#include <regex>
#include <vector>

#include "calotype/error.hpp"
#include "calotype/io.hpp"
#include "network/checked.hpp"
#include "onnx_file.hpp"
#include "own_weights.hpp"
#include "runtime.hpp"
#include "strides.hpp"

namespace calotype::openvino {
namespace {

namespace fs = std::filesystem;

struct Format {
  const char *extension, *reader;
  bool channels_last;
};
constexpr Format kOthers[] = {{".tflite", "tflite", true}, {".pdmodel", "paddle", false}, {".xml", "ir", false}};
constexpr Format kOnnx = {".onnx", "onnx", false};

const Format& format_of(const fs::path& file) {
  for (const Format& format : kOthers)
    if (file.extension() == format.extension) return format;
  return kOnnx;
}

Error corrupt(const fs::path& file, const std::string& why) {
  return Error(ErrorCode::corrupt, file.string() + ": " + why, "install the model again");
}

Error unsupported(const fs::path& file, const std::string& op, const std::string& node) {
  return Error(ErrorCode::unsupported,
               file.string() + ": OpenVINO cannot run operator " + op + " of node \"" + node + "\"",
               "choose another engine or export the model with plainer operators");
}

/// OpenVINO's own format: the first layer of a type.
std::string layer_of_type(const fs::path& xml, const std::string& type) {
  pugi::xml_document document;
  document.load_file(xml.c_str());
  return document.child("net")
      .child("layers")
      .find_child_by_attribute("layer", "type", type.c_str())
      .attribute("name")
      .value();
}

/// What could not be converted. Readers name operators alone; but when asked for as much as they can, they put
/// something in the place of what they cannot.
Error conversion_error(const fs::path& file, const Format& format, const ov::Exception& e) {
  const std::regex unknown_type(R"(doesn't contain the operation with type: (\w+))");
  std::smatch match;
  const std::string text = e.what();
  if (std::regex_search(text, match, unknown_type))
    return unsupported(file, match.str(1), layer_of_type(file, match.str(1)));
  try {
    const auto reader = runtime().readers.load_by_framework(format.reader);
    for (const auto& node : reader->convert_partially(reader->load(file.string()))->get_ordered_ops())
      if (const auto unknown = std::dynamic_pointer_cast<ov::op::util::FrameworkNode>(node)) {
        const std::string name = node->get_friendly_name();
        return unsupported(file, unknown->get_attrs().get_type_name(),
                           &format == &kOnnx ? node_that_makes(file, name) : name);
      }
  } catch (const ov::Exception&) {  // the first one says more
  }
  return corrupt(file, reason(e));
}

std::shared_ptr<ov::Model> converted(const fs::path& file, const Format& format) {
  std::shared_ptr<ov::frontend::FrontEnd> reader;
  ov::frontend::InputModel::Ptr contents;
  try {
    reader = runtime().readers.load_by_framework(format.reader);
    if (!reader->supported(file.string())) throw corrupt(file, std::string("no model of format ") + format.reader);
    contents = reader->load(file.string());
  } catch (const ov::Exception& e) {
    throw corrupt(file, reason(e));
  }
  try {
    return reader->convert(contents);
  } catch (const ov::Exception& e) {
    throw conversion_error(file, format, e);
  }
}

/// Networks in OpenVINO's own format need not name their values.
template <class Port>
std::vector<std::string> names_of(const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const Port& port : ports)
    names.push_back(port.get_names().empty() ? port.get_node()->get_friendly_name() : port.get_any_name());
  return names;
}

std::shared_ptr<ov::Model> with_float_ports(const std::shared_ptr<ov::Model>& model) {
  ov::preprocess::PrePostProcessor ports(model);
  for (std::size_t i = 0; i < model->inputs().size(); ++i) ports.input(i).tensor().set_element_type(ov::element::f32);
  for (std::size_t i = 0; i < model->outputs().size(); ++i) ports.output(i).tensor().set_element_type(ov::element::f32);
  return ports.build();
}

}  // namespace

ov::PartialShape with_free_sizes(ov::PartialShape shape, bool channels_last) {
  if (shape.rank().is_dynamic() || shape.size() == 0) return shape;
  shape[0] = ov::Dimension::dynamic();
  if (shape.size() == 4)
    for (const std::size_t side : {channels_last ? 1 : 2, channels_last ? 2 : 3})
      shape[side] = ov::Dimension::dynamic();
  return shape;
}

ModelFile read_model_file(const fs::path& file) {
  const FileView exists(file.string());
  const Format& format = format_of(file);
  if (&format == &kOnnx) {
    check_external_data(file);
    network::checked_program(file);
  }
  const auto model = converted(file, format);
  if (model->inputs().empty() || model->outputs().empty()) throw corrupt(file, "a network without inputs or outputs");
  try {
    give_each_its_own_weights(*model);
    keep_strides_behind_padding(*model);
    Ports ports{names_of(model->inputs()), names_of(model->outputs()), format.channels_last};
    return {with_float_ports(model), std::move(ports)};
  } catch (const ov::Exception& e) {
    throw Error(ErrorCode::unsupported, file.string() + ": " + reason(e), "choose another engine");
  }
}

}  // namespace calotype::openvino
