// SPDX-License-Identifier: Apache-2.0
#include "common/options.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <calotype/error.hpp>
#include <calotype/params.hpp>
#include <charconv>
#include <filesystem>
#include <sstream>

namespace po = boost::program_options;
using calotype::Error;
using calotype::ErrorCode;

namespace {

/// For an error in tokens one of which may have been meant as a file's name; empty where there is no such file.
std::string hint_for_dashes(const std::vector<std::string>& tokens) {
  for (const std::string& token : tokens) {
    std::error_code ignored;
    if (token.rfind("-", 0) == 0 && token.size() > 1 && std::filesystem::exists(token, ignored))
      return "for the file write ./" + token + ", or put -- before it";
  }
  return {};
}

std::string hint_for_unknown(const std::string& name, const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const Option& option : options) names.push_back("--" + option.name);
  const std::string near = calotype::nearest(name, names);
  return near.empty() ? "--help lists the options" : "did you mean \"" + near + "\"?";
}

/// Words of `text` in lines of at most `width` columns, each but the first behind `indent` spaces.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::istringstream words(text);
  std::string out, word;
  std::size_t column = indent;
  while (words >> word) {
    if (column > indent && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

}  // namespace

Arguments::Arguments(const std::vector<Option>& options, const std::vector<std::string>& tokens) {
  po::options_description description;
  for (const Option& option : options) {
    const std::string name = option.letter ? option.name + "," + option.letter : option.name;
    if (option.argument.empty())
      description.add_options()(name.c_str(), "");
    else
      description.add_options()(name.c_str(), po::value<std::string>(), "");
  }
  try {
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    const auto parsed = po::command_line_parser(tokens).options(description).style(style).run();
    for (const auto& option : parsed.options) {
      if (option.position_key >= 0) {
        operands_.insert(operands_.end(), option.value.begin(), option.value.end());
      } else {
        auto& values = given_[option.string_key];
        values.push_back(option.value.empty() ? "" : option.value.front());
      }
    }
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name(), hint = hint_for_dashes(tokens);
    throw Error(ErrorCode::usage, "unknown option \"" + name + "\"",
                hint.empty() ? hint_for_unknown(name, options) : hint);
  } catch (const po::error& error) {
    const std::string hint = hint_for_dashes(tokens);
    throw Error(ErrorCode::usage, error.what(), hint.empty() ? "--help lists the options" : hint);
  }
}

int Arguments::count(const std::string& name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? 0 : static_cast<int>(found->second.size());
}

std::string Arguments::text(const std::string& name, const std::string& fallback) const {
  const auto found = given_.find(name);
  return found == given_.end() ? fallback : found->second.back();
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? std::vector<std::string>() : found->second;
}

std::int64_t Arguments::integer(const std::string& name, std::int64_t fallback, std::int64_t least) const {
  if (!has(name)) return fallback;
  const std::string typed = text(name);
  std::int64_t value = 0;
  const char* end = typed.data() + typed.size();
  const auto result = std::from_chars(typed.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || value < least)
    throw Error(ErrorCode::usage,
                "--" + name + " \"" + typed + "\" is not a whole number of at least " + std::to_string(least),
                "for example --" + name + " " + std::to_string(std::max<std::int64_t>(least, 1)));
  return value;
}

std::string help_text(const std::vector<Option>& options) {
  constexpr std::size_t kWidth = 100, kIndent = 28;
  std::string out;
  for (const Option& option : options) {
    std::string head = option.letter ? std::string("  -") + option.letter + ", --" : "      --";
    head += option.name;
    if (!option.argument.empty()) head += " " + option.argument;
    head += head.size() + 2 > kIndent ? "\n" + std::string(kIndent, ' ') : std::string(kIndent - head.size(), ' ');
    out += head + wrapped(option.doc, kIndent, kWidth) + "\n";
  }
  return out;
}
