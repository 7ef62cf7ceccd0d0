// SPDX-License-Identifier: Apache-2.0
#include "common/elements.hpp"

#include <algorithm>
#include <limits>
#include <opencv2/core/utility.hpp>

using namespace calotype;

namespace {

std::string placeholder(const ParamSpec& spec) {
  struct Name {
    std::string operator()(bool) const { return "on|off"; }
    std::string operator()(std::int64_t) const { return "N"; }
    std::string operator()(double) const { return "X"; }
    std::string operator()(const std::string&) const { return "TEXT"; }
  };
  const bool text = std::holds_alternative<std::string>(spec.fallback);
  if (spec.choices.empty()) return std::visit(Name(), spec.fallback);
  std::string joined = text ? "" : std::visit(Name(), spec.fallback);
  for (const std::string& choice : spec.choices) joined += (joined.empty() ? "" : "|") + choice;
  return joined;
}

}  // namespace

std::string documentation(const ParamSpec& spec) {
  std::string text = spec.doc;
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text + " (" + describe(spec) + ").";
}

std::vector<Option> element_options(Kind kind, const std::string& name, const std::map<std::string, char>& letters) {
  std::vector<Option> options;
  for (const ParamSpec& spec : Registry::global().describe(kind, name).element.params) {
    const auto letter = letters.find(spec.name);
    Option option{spec.name, letter == letters.end() ? '\0' : letter->second, placeholder(spec), documentation(spec),
                  spec.choices};
    if (std::holds_alternative<bool>(spec.fallback)) option.choices = {"on", "off"};
    options.push_back(std::move(option));
  }
  return options;
}

RawParams element_params(const std::vector<Option>& options, const Arguments& arguments) {
  RawParams params;
  for (const Option& option : options)
    if (arguments.has(option.name)) params[option.name] = arguments.text(option.name);
  return params;
}

bool declares(const ElementInfo& element, const std::string& parameter) {
  return std::any_of(element.params.begin(), element.params.end(),
                     [&](const ParamSpec& spec) { return spec.name == parameter; });
}

bool runs_networks(const ElementInfo& element) { return declares(element, "engine"); }

std::set<std::string> decoder_extensions(const std::string& decoder) {
  std::set<std::string> extensions;
  for (const Item& item : Registry::global().items())
    if (item.element.kind == Kind::decoder && (decoder.empty() || item.element.name == decoder))
      extensions.insert(item.element.extensions.begin(), item.element.extensions.end());
  return extensions;
}

Option threads_option() { return {"threads", 0, "N", "Use at most N processor cores (0: all)."}; }

void set_threads(const Arguments& arguments) {
  const std::int64_t threads = arguments.integer("threads", 0, 0);
  if (threads > 0)
    cv::setNumThreads(static_cast<int>(std::min<std::int64_t>(threads, std::numeric_limits<int>::max())));
}
