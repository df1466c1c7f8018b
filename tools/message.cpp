#include "tools/message.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {
namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '*';
}

// The length of the well-formed UTF-8 sequence at the start of `text`; 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
  return length;
}

// The length of what looks like a credential at `at`: "sk-…", "AIza…", or what follows "Bearer ". Its first `shown`
// bytes may be shown.
std::size_t credential_length(std::string_view text, std::size_t at, std::size_t& shown) {
  constexpr std::size_t kShortestKey = 6;
  if (at > 0 && is_word(text[at - 1])) return 0;
  for (const std::string_view prefix :
       {std::string_view("sk-"), std::string_view("AIza"), std::string_view("Bearer "), std::string_view("bearer ")}) {
    if (text.substr(at, prefix.size()) != prefix) continue;
    std::size_t end = at + prefix.size();
    while (end < text.size() && (is_word(text[end]) || text[end] == '.' || text[end] == '+' || text[end] == '/')) ++end;
    // A full stop that ends the sentence is no part of the key.
    while (end > at && text[end - 1] == '.') --end;
    if (end < at + prefix.size() + kShortestKey) continue;
    shown = prefix.size();
    return end - at;
  }
  return 0;
}

}  // namespace

std::string in_words(Duration span) {
  const auto up = [&](std::int64_t unit) { return span.count() / unit + (span.count() % unit > 0 ? 1 : 0); };
  constexpr std::int64_t kMs = 1'000'000;
  const std::int64_t ms = std::max<std::int64_t>(up(kMs), 0);
  if (ms < 1000) return fmt::format("{} ms", ms);
  const std::int64_t tenths = up(100 * kMs);
  if (tenths < 100)
    return tenths % 10 == 0 ? fmt::format("{} s", tenths / 10) : fmt::format("{}.{} s", tenths / 10, tenths % 10);
  const std::int64_t s = up(1000 * kMs);
  if (s < 120) return fmt::format("{} s", s);
  if (s < 7200) return s % 60 == 0 ? fmt::format("{} min", s / 60) : fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h", (s + 3599) / 3600);
}

std::string excerpt(std::string_view text, std::size_t bytes_max) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t shown = 0;
    std::size_t length = credential_length(text, at, shown);
    std::string piece;
    if (length > 0) {
      piece = std::string(text.substr(at, shown)) + "***";
    } else {
      length = sequence_length(text.substr(at));
      const auto c = static_cast<unsigned char>(text[at]);
      piece = length == 0 ? "?" : c < 0x20 || c == 0x7F ? " " : std::string(text.substr(at, length));
      length = std::max<std::size_t>(length, 1);
    }
    if (result.size() + piece.size() > bytes_max) return result + "…";
    result += piece;
    at += length;
  }
  return result;
}

std::string without(std::string text, std::string_view secret) {
  if (secret.empty()) return text;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
    text.replace(at, secret.size(), "***");
  return text;
}

}  // namespace weir
