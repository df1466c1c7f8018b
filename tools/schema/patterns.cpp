#include "tools/schema/patterns.h"

#include <re2/re2.h>

#include <array>

namespace weir::schema {
namespace {

// White space and line ends of ECMA 262, as the inside of a class, and all else.
constexpr std::string_view kSpace =
    R"(\t\n\x0b\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kNotSpace =
    R"(\x00-\x08\x0e-\x1f!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e})"
    R"(\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";

// The long names of general categories; scripts have the same names in both.
constexpr std::array<std::pair<std::string_view, std::string_view>, 37> kCategories{{
    {"Letter", "L"},
    {"Cased_Letter", "L"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"Format", "Cf"},
}};

// What generators write with lookaround, although it can be said without: Pydantic, of a Decimal as text.
constexpr std::array<std::pair<std::string_view, std::string_view>, 1> kWithoutLookaround{{
    {R"(^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$)", R"(^[+-]?(\d+\.?\d*|\.\d+)$)"},
}};

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdefABCDEF") == text.npos; }

// The code unit of "\uXXXX" at the front, or -1.
int code_unit(std::string_view text) {
  const bool whole = text.size() >= 6 && text.starts_with("\\u") && is_hex(text.substr(2, 4));
  return whole ? std::stoi(std::string(text.substr(2, 4)), nullptr, 16) : -1;
}

std::string code_point(long value) {
  char text[16];
  std::snprintf(text, sizeof text, "\\x{%lx}", value);
  return text;
}

// One escape, taken off the front: "\" and at least one character.
std::string take_escape(std::string_view& rest, bool in_class) {
  const char kind = rest[1];
  std::size_t length = 2;
  std::string written;
  if (kind == 's' || kind == 'S') {
    written = kind == 's' ? kSpace : kNotSpace;
    if (!in_class) written = '[' + written + ']';
  } else if (kind == 'c' && rest.size() > 2 && std::isalpha(static_cast<unsigned char>(rest[2])) != 0) {
    length = 3;
    written = code_point(rest[2] % 32);
  } else if (const int unit = code_unit(rest); unit >= 0) {
    length = 6;
    const int low = code_unit(rest.substr(6));
    const bool pair = unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 && low < 0xe000;
    written = code_point(pair ? 0x10000 + (unit - 0xd800) * 0x400 + (low - 0xdc00) : unit);
    length += pair ? 6 : 0;
  } else if (kind == 'u' && rest.substr(2).starts_with('{')) {
    written = "\\x";  // \u{1F600} is \x{1F600}
  } else if ((kind == 'p' || kind == 'P') && rest.substr(2).starts_with('{') && rest.find('}') != rest.npos) {
    length = rest.find('}') + 1;
    std::string_view name = rest.substr(3, length - 4);
    for (const std::string_view key : {"General_Category=", "gc=", "Script=", "sc="})
      if (name.starts_with(key)) name.remove_prefix(key.size());
    for (const auto& [longer, shorter] : kCategories) name = name == longer ? shorter : name;
    written = std::string("\\") + kind + '{' + std::string(name) + '}';
  } else {
    written = rest.substr(0, 2);
  }
  rest.remove_prefix(length);
  return written;
}

}  // namespace

std::string re2_syntax(std::string_view rest) {
  for (const auto& [with, without] : kWithoutLookaround) rest = rest == with ? without : rest;
  std::string written;
  bool in_class = false;
  while (!rest.empty()) {
    if (rest.front() == '\\' && rest.size() > 1) {
      written += take_escape(rest, in_class);
      continue;
    }
    if (!in_class && rest.starts_with("(?<") && !rest.starts_with("(?<=") && !rest.starts_with("(?<!")) {
      written += "(?P<";
      rest.remove_prefix(3);
      continue;
    }
    if (rest.front() == '[') {
      // RE2 would read [[:alpha:]] by its own rules; in ECMA "[" inside of a class is itself.
      if (in_class) written += '\\';
      in_class = true;
    } else if (rest.front() == ']') {
      in_class = false;
    }
    written += rest.front();
    rest.remove_prefix(1);
  }
  return written;
}

tl::expected<Pattern, std::string> compile_pattern(const std::string& ecma) {
  if (ecma.size() > kPatternBytesMax)
    return tl::unexpected("is a pattern of " + std::to_string(ecma.size()) + " bytes; at most " +
                          std::to_string(kPatternBytesMax) + " are");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(2 << 20);
  auto pattern = std::make_shared<RE2>(re2_syntax(ecma), options);
  if (!pattern->ok())
    return tl::unexpected("is not a pattern that can be used: " + pattern->error() +
                          " (patterns run in linear time: no lookaround, no back references)");
  return pattern;
}

bool matches(const Pattern& pattern, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern);
}

std::uint64_t match_steps(const Pattern& pattern, std::string_view text) {
  return 1 + text.size() * static_cast<std::uint64_t>(pattern->ProgramSize()) / 256;
}

}  // namespace weir::schema
