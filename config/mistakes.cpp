#include "config/mistakes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir {

constexpr std::size_t kQuotedBytesMax = 60;
constexpr std::size_t kListedMax = 64;

std::string Mistake::text() const {
  return line > 0 ? fmt::format("{}:{}: {}", file, line, what) : fmt::format("{}: {}", file, what);
}

void Mistakes::add(int line, std::string what) {
  if (!full()) found_.push_back({file_, line, std::move(what)});
  ++count_;
}

std::vector<Mistake> Mistakes::by_line() && {
  std::stable_sort(found_.begin(), found_.end(), [](const Mistake& a, const Mistake& b) { return a.line < b.line; });
  if (full()) {
    const int last_line = found_.back().line;
    found_.push_back({file_, last_line, fmt::format("{} mistakes are reported; there may be more", kKeptMax)});
  }
  return std::move(found_);
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string in_quotes(std::string_view text) {
  if (text.size() <= kQuotedBytesMax) return '"' + printable(text) + '"';
  std::size_t end = kQuotedBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not within a UTF-8 character
  return '"' + printable(text.substr(0, end)) + "…\"";
}

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < kListedMax; ++i) list += (i == 0 ? "" : ", ") + in_quotes(names[i]);
  if (names.size() > kListedMax) list += fmt::format(" and {} more", names.size() - kListedMax);
  return list;
}

std::string suggestion(std::string_view wrong, const std::vector<std::string>& known) {
  const std::string near = nearest(wrong, known);
  if (!near.empty()) return fmt::format("; did you mean {}?", in_quotes(near));
  return known.empty() ? "" : fmt::format("; known are {}", listed(known));
}

}  // namespace weir
