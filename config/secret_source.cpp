#include "config/secret_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "config/mistakes.h"

namespace weir {
namespace {

using Text = tl::expected<std::string, std::string>;
constexpr std::size_t kSecretBytesMax = 16 << 10;  // more than any HTTP server takes in one header

bool names_a_variable(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Text from_environment(const std::string& name, const Environment& environment) {
  if (!names_a_variable(name)) {
    return tl::unexpected(std::string("what follows \"env:\" is no name of an environment variable (it is not shown)"));
  }
  const auto value = environment ? environment(name) : std::nullopt;
  if (!value) return tl::unexpected(fmt::format("the environment variable {} is not set", in_quotes(name)));
  return *value;
}

Text from_file(const std::string& path) {
  if (path.empty() || path[0] != '/') {
    return tl::unexpected(
        std::string("what follows \"file:\" must be an absolute path, such as \"file:/run/secrets/key\""));
  }
  // A pipe or a device could block or never end.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return tl::unexpected(error ? fmt::format("the file {} cannot be read: {}", in_quotes(path), error.message())
                                : fmt::format("{} is not a regular file", in_quotes(path)));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kSecretBytesMax + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof()) {
    return tl::unexpected(fmt::format("the file {} cannot be read", in_quotes(path)));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

std::optional<std::string> object_to_file(const std::string& path) {
  if (path.empty() || path[0] != '/') {
    return fmt::format("must be the absolute path of a file, such as \"/etc/weir/cert.pem\", not {}", in_quotes(path));
  }
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return error ? fmt::format("names {}, which cannot be read: {}", in_quotes(path), error.message())
                 : fmt::format("names {}, which is not a regular file", in_quotes(path));
  }
  if (!std::ifstream(path, std::ios::binary)) return fmt::format("names {}, which cannot be read", in_quotes(path));
  return std::nullopt;
}

tl::expected<Secret, std::string> read_secret(const std::string& source, const Environment& environment) {
  Text text;
  std::string place;
  if (source.starts_with("env:")) {
    text = from_environment(source.substr(4), environment);
    place = fmt::format("the environment variable {}", in_quotes(source.substr(4)));
  } else if (source.starts_with("file:")) {
    text = from_file(source.substr(5));
    place = fmt::format("the file {}", in_quotes(source.substr(5)));
  } else {
    return tl::unexpected(
        std::string("a key is not written into the configuration; write \"env:NAME\" or \"file:/path\""));
  }
  if (!text) return tl::unexpected(text.error());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return tl::unexpected(place + " is empty");
  if (text->size() > kSecretBytesMax) return tl::unexpected(place + " holds more than 16 KiB, which is no key");
  // It goes into an HTTP header, where a control character would end it or begin another.
  if (std::any_of(text->begin(), text->end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; })) {
    return tl::unexpected(place + " holds spaces, line breaks or control characters, which no key has");
  }
  return Secret(std::move(*text), source);
}

}  // namespace weir
