// SPDX-License-Identifier: Apache-2.0
// Everything said to people goes to stderr; stdout is for results. Lines of several threads do not mix.
#pragma once
#include <string>
#include <vector>

#include "common/json.hpp"
#include "common/options.hpp"

/// --verbose and --quiet.
std::vector<Option> verbosity_options();
/// Routes the library's log lines accordingly. Call it first.
void set_verbosity(const Arguments& arguments);
bool is_verbose();

/// One line about finished work; nothing with --quiet.
void report(const std::string& line);
/// "calotype VERB: text".
void print_error(const std::string& verb, const std::string& text);
/// On a terminal only, until the next line replaces it.
void show_progress(const std::string& line);

/// A line of results on stdout.
void print(const std::string& line);
void print_json(const Json& json);
/// To be called last: throws io when anything that was printed has not arrived.
void close_stdout();

/// "1.25 MB".
std::string human_size(double bytes);
/// "a, b".
std::string joined(const std::vector<std::string>& words);
/// With spaces behind it, at least one.
std::string padded(const std::string& text, std::size_t width);
/// "%.*f".
std::string fixed(double value, int digits);
