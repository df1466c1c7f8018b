#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "tests/structure/rules.h"

namespace weir::structure {
namespace {

constexpr std::size_t kLinesMax = 450;

bool in_chain(const Source& source) {
  return source.in("config") || source.in("limiter") || source.in("tools") || source.in("mcp");
}

// One finding for each line in which a word stands.
Findings with_words(const Source& source, const std::string& text, const std::vector<std::string_view>& words,
                    std::string_view reason) {
  Findings findings;
  int number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    const auto word = std::find_if(words.begin(), words.end(), [&](auto each) { return has_word(line, each); });
    if (word != words.end()) findings.push_back(fmt::format("{}:{}: {}; {}", source.path, number, *word, reason));
  }
  return findings;
}

// One finding for each line in which the pattern's first group matches.
Findings matching(const Source& source, const RE2& pattern, std::string_view reason) {
  Findings findings;
  int number = 0;
  for (const std::string_view line : lines_of(source.text)) {
    ++number;
    std::string match;
    if (RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), pattern, &match)) {
      findings.push_back(fmt::format("{}:{}: {}; {}", source.path, number, match, reason));
    }
  }
  return findings;
}

bool ends_with_any(const Source& source, const std::vector<std::string_view>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](auto ending) { return source.path.ends_with(ending); });
}

bool is_shell(const Source& source) {
  const std::string_view first = std::string_view(source.text).substr(0, source.text.find('\n'));
  return source.path.ends_with(".sh") || (first.starts_with("#!") && first.find("sh") != first.npos);
}

}  // namespace

Findings sleeps(const Source& source) {
  static const RE2 shell(R"((?:^|[;&|({]|\bdo\b|\bthen\b|\belse\b)\s*(sleep)\s)");
  static const RE2 script(
      R"rx((time\.sleep\(|asyncio\.sleep\(|timers/promises|Atomics\.wait\(|=>\s*setTimeout\(\w+\s*,\s*\w+\s*\)))rx");
  constexpr std::string_view reason = "wait for what is to happen, not for time to pass";
  if (source.is_cpp()) {
    return with_words(source, code_of(source.text, Strings::blank),
                      {"sleep_for", "sleep_until", "usleep", "nanosleep", "clock_nanosleep", "sleep("}, reason);
  }
  if (!source.in("tests")) return {};
  if (ends_with_any(source, {".py", ".js", ".mjs", ".cjs", ".ts"})) return matching(source, script, reason);
  return is_shell(source) ? matching(source, shell, reason) : Findings{};
}

Findings clock_reads(const Source& source) {
  if (!source.is_cpp() || !in_chain(source) || source.path.starts_with("limiter/loop")) return {};
  return with_words(source, code_of(source.text, Strings::blank),
                    {"steady_clock::now", "system_clock::now", "high_resolution_clock::now", "Clock::now", "clock::now",
                     "uv_hrtime", "uv_now", "uv_update_time", "clock_gettime", "gettimeofday", "timespec_get",
                     "std::time", "::time(", "time(nullptr)", "time(NULL)", "time(0)"},
                    "time comes from a Loop");
}

Findings protocol_dates(const Source& source) {
  if (!source.is_cpp() || !in_chain(source) || source.path.starts_with("mcp/rev")) return {};
  return with_words(source, code_of(source.text, Strings::keep),
                    {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"},
                    "protocol revisions are told apart in mcp/rev* only");
}

Findings machine_paths(const Source& source) {
  static const RE2 pattern(R"((?:^|[^A-Za-z0-9_.)}-])(/(?:work|root|home/\w+|Users/\w+)\b))");
  Findings findings = matching(source, pattern, "a path of one machine");
  // In what a person reads, home is that of "me" or "you".
  std::erase_if(findings, [](const std::string& finding) {
    return finding.find(": /home/me;") != finding.npos || finding.find(": /home/you;") != finding.npos;
  });
  return findings;
}

Findings too_long(const Source& source) {
  const std::size_t count = lines_of(source.text).size();
  if (!source.is_cpp() || count <= kLinesMax) return {};
  return {fmt::format("{}: {} lines; a file is one idea, of at most {} lines", source.path, count, kLinesMax)};
}

Findings types_defined_twice(const std::vector<Source>& sources) {
  static const RE2 definition(R"(^(?:struct|class|enum class) (\w+)(?: final)?(?: : [^;]*)? ?\{)");
  static const RE2 opening(R"(^namespace ([\w:]+) \{)");
  std::map<std::string, std::string> first_place;
  Findings findings;
  for (const Source& source : sources) {
    const bool in_chain = source.in("config") || source.in("limiter") || source.in("tools") || source.in("mcp");
    if (!in_chain || !source.path.ends_with(".h")) continue;
    const std::string code = code_of(source.text, Strings::blank);
    std::string scope, name;
    for (const std::string_view line : lines_of(code)) {
      const re2::StringPiece piece(line.data(), line.size());
      RE2::PartialMatch(piece, opening, &scope);
      if (!RE2::PartialMatch(piece, definition, &name)) continue;
      const auto [place, is_new] = first_place.emplace(scope + "::" + name, source.path);
      if (!is_new) findings.push_back(source.path + ": " + name + " is defined in " + place->second + " too");
    }
  }
  return findings;
}

}  // namespace weir::structure
