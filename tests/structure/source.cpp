#include "tests/structure/source.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

namespace weir::structure {
namespace {

namespace fs = std::filesystem;

// Top-level folders and files of the project. What else lies about (build trees, an editor's files) is nobody's
// business.
constexpr std::string_view kFolders[] = {"config", "limiter",  "tools", "mcp",     "simulator",
                                         "tests",  "examples", "bench", "scripts", ".ci"};
constexpr std::string_view kTextEndings[] = {".h",  ".cpp",  ".txt", ".cmake", ".py",  ".js", ".mjs", ".cjs",
                                             ".ts", ".toml", ".md",  ".json",  ".yml", ".sh", ""};

bool is_text(const fs::path& path) {
  const std::string ending = path.extension().string();
  return std::find(std::begin(kTextEndings), std::end(kTextEndings), ending) != std::end(kTextEndings);
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Walks C++ text once. Knows comments, strings, raw strings, characters, and the ' between digits.
class Stripper {
 public:
  Stripper(std::string_view text, Strings strings) : text_(text), code_(text), strings_(strings) {}

  std::string strip() {
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with("//")) {
        blank_to(text_.find('\n', at_));
      } else if (text_.substr(at_).starts_with("/*")) {
        blank_to(past("*/", at_ + 2));
      } else if (text_[at_] == '"' && at_ > 0 && text_[at_ - 1] == 'R') {
        const std::size_t open = text_.find('(', at_);
        const std::string close = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
        skip_string(past(close, open));
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && (at_ == 0 || !is_name(text_[at_ - 1])))) {
        skip_string(past_quoted(text_[at_]));
      } else {
        ++at_;
      }
    }
    return std::move(code_);
  }

 private:
  std::size_t past(std::string_view end, std::size_t from) const {
    const std::size_t found = from > text_.size() ? text_.npos : text_.find(end, from);
    return found == text_.npos ? text_.size() : found + end.size();
  }

  std::size_t past_quoted(char quote) const {
    std::size_t i = at_ + 1;
    while (i < text_.size() && text_[i] != quote && text_[i] != '\n') i += text_[i] == '\\' ? 2 : 1;
    return std::min(i + 1, text_.size());
  }

  void skip_string(std::size_t end) {
    if (strings_ == Strings::keep) {
      at_ = end;
    } else {
      ++at_;  // the quotes stay
      if (end > at_) blank_to(end - 1);
      at_ = end;
    }
  }

  void blank_to(std::size_t end) {
    for (; at_ < std::min(end, text_.size()); ++at_) {
      if (text_[at_] != '\n') code_[at_] = ' ';
    }
  }

  std::string_view text_;
  std::string code_;
  Strings strings_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Source> sources_below(const fs::path& root) {
  std::vector<Source> sources;
  const auto add = [&](const fs::path& path) {
    if (is_text(path)) sources.push_back({path.lexically_relative(root).generic_string(), read(path)});
  };
  for (const auto& entry : fs::directory_iterator(root)) {
    if (entry.is_regular_file()) add(entry.path());
  }
  for (const std::string_view folder : kFolders) {
    if (!fs::exists(root / folder)) continue;
    for (auto entry = fs::recursive_directory_iterator(root / folder); entry != fs::recursive_directory_iterator();
         ++entry) {
      const std::string name = entry->path().filename().string();
      if (entry->is_directory() && (name == "node_modules" || name == "__pycache__")) {
        entry.disable_recursion_pending();
      } else if (entry->is_regular_file()) {
        add(entry->path());
      }
    }
  }
  std::sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) { return a.path < b.path; });
  return sources;
}

std::string code_of(std::string_view cpp, Strings strings) { return Stripper(cpp, strings).strip(); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool has_word(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_name(line[at - 1]) || !is_name(word.front());
    const bool ends = end == line.size() || !is_name(line[end]) || !is_name(word.back());
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace weir::structure
