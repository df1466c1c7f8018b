#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/schema/checker.h"
#include "tools/schema/formats.h"
#include "tools/schema/patterns.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

constexpr std::size_t kShownMax = 200;

std::uint64_t code_points(std::string_view text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), begins));
}

std::string number_text(Number number) { return fmt::format("{}", static_cast<double>(number)); }

std::string_view format_words(Format format) {
  switch (format) {
    case Format::none:
      break;
    case Format::date_time:
      return "a date and time of RFC 3339, as 2026-01-31T12:00:00Z";
    case Format::date:
      return "a date, as 2026-01-31";
    case Format::time:
      return "a time of RFC 3339, as 12:00:00Z";
    case Format::duration:
      return "a duration, as P1DT12H";
    case Format::email:
      return "an email address";
    case Format::hostname:
      return "a host name";
    case Format::ipv4:
      return "an IPv4 address";
    case Format::ipv6:
      return "an IPv6 address";
    case Format::uuid:
      return "a UUID";
  }
  return "";
}

}  // namespace

bool Checker::type(const Visit& visit) {
  const bool holds = visit.node.types == 0 || (visit.node.types & type_bits(visit.value)) != 0;
  return keeps(holds, visit, "type",
               [&] { return fmt::format("must be {}, is {}", type_names(visit.node.types), kind_of(visit.value)); });
}

bool Checker::constants(const Visit& visit) {
  const Node& node = visit.node;
  bool holds = true;
  if (node.constant != nullptr)
    holds = keeps(equal(*node.constant, visit.value, steps_), visit, "const",
                  [&] { return "must be " + shown(*node.constant, kShownMax); });
  if (node.choices == nullptr) return holds;
  const bool listed = std::any_of(node.choices->begin(), node.choices->end(),
                                  [&](const json& choice) { return equal(choice, visit.value, steps_); });
  return keeps(listed, visit, "enum", [&] { return "must be " + shown_list(*node.choices, kShownMax); }) && holds;
}

bool Checker::numbers(const Visit& visit) {
  if (!visit.value.is_number()) return true;
  const Node& node = visit.node;
  const Number number = number_of(visit.value);
  bool holds = true;
  const auto bound = [&](const std::optional<Number>& at, bool kept, const char* rule, const char* words) {
    if (!at) return;
    holds = keeps(kept, visit, rule, [&] { return fmt::format(fmt::runtime(words), number_text(*at)); }) && holds;
  };
  bound(node.minimum, number >= node.minimum.value_or(0), "minimum", "must be {} or more");
  bound(node.maximum, number <= node.maximum.value_or(0), "maximum", "must be {} or less");
  bound(node.above, number > node.above.value_or(0), "exclusiveMinimum", "must be above {}");
  bound(node.below, number < node.below.value_or(0), "exclusiveMaximum", "must be below {}");
  if (!node.multiple_of) return holds;
  const auto decimal = decimal_of(visit.value);
  return keeps(decimal && is_multiple(*decimal, *node.multiple_of), visit, "multipleOf",
               [&] { return "must be a multiple of " + node.multiple_text; }) &&
         holds;
}

bool Checker::keeps_span(std::uint64_t count, const Span& span, const Visit& visit, const char* least_rule,
                         const char* most_rule, const char* unit) {
  const bool enough = keeps(count >= span.least, visit, least_rule,
                            [&] { return fmt::format("must have {} or more {}, has {}", span.least, unit, count); });
  const bool few = keeps(count <= span.most, visit, most_rule,
                         [&] { return fmt::format("must have {} {} or fewer, has {}", span.most, unit, count); });
  return enough && few;
}

bool Checker::strings(const Visit& visit) {
  if (!visit.value.is_string()) return true;
  const Node& node = visit.node;
  const auto& text = visit.value.get_ref<const std::string&>();
  bool holds = keeps_span(code_points(text), node.length, visit, "minLength", "maxLength", "characters");
  if (node.pattern != nullptr) {
    if (!spend(match_steps(node.pattern, text))) return false;
    holds = keeps(matches(node.pattern, text), visit, "pattern",
                  [&] { return "must match the pattern " + node.pattern_text; }) &&
            holds;
  }
  if (!options_.assert_formats && !node.format_asserted) return holds;
  return keeps(has_format(node.format, text), visit, "format",
               [&] { return fmt::format("must be {}", format_words(node.format)); }) &&
         holds;
}

// Equal items have equal hashes: sorted by hash, only neighbours are compared.
bool Checker::unique(const Visit& visit) {
  if (!visit.node.unique_items || !visit.value.is_array()) return true;
  std::vector<std::pair<std::size_t, std::size_t>> hashes;  // hash, index
  hashes.reserve(visit.value.size());
  for (std::size_t i = 0; i < visit.value.size(); ++i) hashes.emplace_back(hash(visit.value[i], steps_), i);
  if (steps_ == 0) return false;
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 0; i < hashes.size(); ++i)
    for (std::size_t j = i + 1; j < hashes.size() && hashes[j].first == hashes[i].first; ++j)
      if (equal(visit.value[hashes[i].second], visit.value[hashes[j].second], steps_))
        return keeps(false, visit, "uniqueItems", [&] {
          return fmt::format("must have no two equal items; {} and {} are", hashes[i].second, hashes[j].second);
        });
  return steps_ != 0;
}

}  // namespace weir::schema
