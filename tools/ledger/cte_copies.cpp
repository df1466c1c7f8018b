// A chain of WITH clauses, each naming the one before twice, doubles what SQLite has to prepare at each link; sixteen
// take seconds, thirty a day, and nothing interrupts it. So the names are counted before SQLite sees the text.
#include <algorithm>
#include <map>
#include <set>

#include "tools/ledger/sql_guard.h"

namespace weir {
namespace {

constexpr std::int64_t kCopiesMax = std::int64_t{1} << 40;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Words and quoted names in lower case, other characters one by one; no comments, no white space. 'Texts' count as
// names too, since SQLite takes them for names where it expects one.
std::vector<std::string> tokens(const std::string& sql) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    if (sql.compare(at, 3, "\xEF\xBB\xBF") == 0) {  // a byte order mark, which SQLite skips
      at += 3;
    } else if (sql.compare(at, 2, "--") == 0) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (sql.compare(at, 2, "/*") == 0) {
      const auto end = sql.find("*/", at + 2);
      at = end == std::string::npos ? sql.size() : end + 2;
    } else if (c == '"' || c == '`' || c == '\'' || c == '[') {
      const char close = c == '[' ? ']' : c;
      std::string name = "\"";  // so that a quoted AS is no keyword
      for (++at; at < sql.size(); ++at) {
        if (sql[at] == close) {
          if (c == '[' || at + 1 >= sql.size() || sql[at + 1] != close) break;
          ++at;
        }
        name += sql[at];
      }
      ++at;
      found.push_back(lower_case(std::move(name)));
    } else if (is_word(c)) {
      const std::size_t first = at;
      while (at < sql.size() && is_word(sql[at])) ++at;
      found.push_back(lower_case(sql.substr(first, at - first)));
    } else {
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f') found.emplace_back(1, c);
      ++at;
    }
  }
  return found;
}

std::string name_of(const std::string& token) { return token.starts_with('"') ? token.substr(1) : token; }

}  // namespace

bool names_printf(const std::string& sql) {
  const auto all = tokens(sql);
  return std::any_of(all.begin(), all.end(),
                     [](const std::string& token) { return name_of(token) == "printf" || name_of(token) == "format"; });
}

std::int64_t cte_copies_max(const std::string& sql) {
  const auto all = tokens(sql);
  // NAME AS (, NAME (a, b) AS (, with [NOT] MATERIALIZED between: whatever else looks so is counted as well.
  std::set<std::string> defined;
  for (std::size_t at = 1; at + 1 < all.size(); ++at) {
    if (all[at] != "as") continue;
    std::size_t next = at + 1;
    while (next < all.size() && (all[next] == "not" || all[next] == "materialized")) ++next;
    if (next >= all.size() || all[next] != "(") continue;
    std::size_t before = at - 1;
    if (all[before] == ")") {
      while (before > 0 && all[before] != "(") --before;
      if (before == 0) continue;
      --before;
    }
    defined.insert(name_of(all[before]));
  }
  std::map<std::string, std::int64_t> named;
  for (const std::string& token : all)
    if (const std::string name = name_of(token); defined.contains(name)) ++named[name];
  // A copy is a way from the outermost SELECT through names, each at most once: for every expression either not at
  // all, or by one of the places that name it. The definition itself is one of those counted.
  std::int64_t copies = 1;
  for (const auto& [name, times] : named) copies = std::min(copies * times, kCopiesMax);
  return copies;
}

}  // namespace weir
