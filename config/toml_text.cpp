#include "config/toml_text.h"

#include <fmt/format.h>

namespace weir {
namespace {

void append_escaped(std::string& written, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\\' || c == '"') {
    written += '\\';
    written += c;
  } else if (c == '\n') {
    written += "\\n";
  } else if (byte < 0x20 || byte == 0x7f) {
    written += fmt::format("\\u{:04X}", byte);
  } else {
    written += c;
  }
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string written = "\"";
  for (const char c : text) append_escaped(written, c);
  return written + '"';
}

std::string toml_prose(std::string_view text) {
  if (text.find('\n') == text.npos) return toml_string(text);
  std::string written = "\"\"\"\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    // A quote stands for itself here, but not beside another one, nor at the end.
    const bool lone_quote =
        text[i] == '"' && i + 1 < text.size() && text[i + 1] != '"' && (i == 0 || text[i - 1] != '"');
    if (text[i] == '\n' || lone_quote) {
      written += text[i];
    } else {
      append_escaped(written, text[i]);
    }
  }
  return written + "\"\"\"";
}

std::string toml_key(std::string_view key) {
  const bool bare = !key.empty() && key.find_first_not_of(
                                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == key.npos;
  return bare ? std::string(key) : toml_string(key);
}

std::string toml_strings(const std::vector<std::string>& items) {
  std::string written;
  for (const std::string& item : items) written += (written.empty() ? "" : ", ") + toml_string(item);
  return '[' + written + ']';
}

}  // namespace weir
