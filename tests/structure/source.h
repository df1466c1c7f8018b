// A source file as the structure rules see it: its path from the root, and its text with or without comments and
// strings.
// Threads: values.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weir::structure {

struct Source {
  std::string path;  // from the root, with slashes: "limiter/gate.cpp"
  std::string text;

  bool in(std::string_view folder) const { return path.starts_with(std::string(folder) + "/"); }
  bool is_cpp() const { return path.ends_with(".cpp") || path.ends_with(".h"); }
};

// Every text file of the project: what is built, fetched or hidden from it is left out.
std::vector<Source> sources_below(const std::filesystem::path& root);

// The C++ text with comments blanked, line by line as it was; so are the contents of strings and characters, if asked.
enum class Strings { keep, blank };
std::string code_of(std::string_view cpp, Strings strings);

std::vector<std::string_view> lines_of(std::string_view text);

// Whether the word stands in the line, not as a part of a longer name; a word may end in a bracket.
bool has_word(std::string_view line, std::string_view word);

}  // namespace weir::structure
