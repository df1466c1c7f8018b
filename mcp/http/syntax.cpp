#include "mcp/http/syntax.h"

#include <algorithm>
#include <array>

namespace weir::mcp {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

using CharSet = std::array<bool, 256>;

constexpr CharSet set_of(std::string_view more) {
  CharSet set{};
  for (const std::string_view part : {kDigits, kLetters, more})
    for (const char c : part) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr CharSet kToken = set_of("!#$%&'*+-.^_`|~");
constexpr CharSet kHost = set_of("-._~!$&'()*+,;=:%[]");

bool all_in(std::string_view text, const CharSet& set) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return set[static_cast<unsigned char>(c)]; });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && all_in(text, kToken); }

bool is_field_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

bool is_host(std::string_view text) { return all_in(text, kHost); }

bool equal_ignoring_case(std::string_view a, std::string_view lower_case_b) {
  return std::equal(a.begin(), a.end(), lower_case_b.begin(), lower_case_b.end(),
                    [](char x, char y) { return lower(x) == y; });
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool next_element(std::string_view& list, std::string_view& element) {
  if (list.data() == nullptr) return false;
  const auto comma = list.find(',');
  element = trimmed(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  return true;
}

LineReader::Outcome LineReader::feed(std::string_view& bytes, std::size_t bytes_max, std::string_view& line) {
  if (used_up_) {
    kept_.clear();
    used_up_ = false;
  }
  const auto room = bytes_max - std::min(bytes_max, kept_.size());
  const auto end = bytes.substr(0, room).find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() >= room) return Outcome::too_long;
    kept_.append(bytes);
    bytes.remove_prefix(bytes.size());
    return Outcome::partial;
  }
  if (kept_.empty()) {
    line = bytes.substr(0, end + 1);
  } else {
    kept_.append(bytes.substr(0, end + 1));
    line = kept_;
    used_up_ = true;
  }
  bytes.remove_prefix(end + 1);
  if (!line.ends_with("\r\n")) return Outcome::not_crlf;
  line.remove_suffix(2);
  return Outcome::whole;
}

void LineReader::release() {
  std::string().swap(kept_);
  used_up_ = false;
}

}  // namespace weir::mcp
