#include "bench/scenarios/findings.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace bench::scenarios {
namespace {

// Four digits that matter.
std::string number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e9) return fmt::format("{:.0f}", value);
  const double size = std::abs(value);
  return size >= 1000 ? fmt::format("{:.0f}", value)
         : size >= 10 ? fmt::format("{:.1f}", value)
                      : fmt::format("{:.3f}", value);
}

}  // namespace

Bar at_most(double bar, double value) { return {fmt::format("<= {}", number(bar)), value <= bar}; }
Bar at_least(double bar, double value) { return {fmt::format(">= {}", number(bar)), value >= bar}; }

std::optional<double> ratio_of(const Finding& finding) {
  if (finding.ratio) return finding.ratio;
  if (!finding.beside || finding.beside->value == 0) return std::nullopt;
  return finding.value / finding.beside->value;
}

std::string as_table(const Findings& findings) {
  std::string text;
  auto out = std::back_inserter(text);
  const std::string* before = nullptr;
  std::size_t bars = 0, met = 0;
  for (const Finding& finding : findings) {
    if (before == nullptr || *before != finding.scenario)
      fmt::format_to(out, "{}{:<62} {:>12} {:>30} {:>8}  {}\n", before == nullptr ? "" : "\n", finding.scenario,
                     "value", "beside", "ratio", "bar");
    before = &finding.scenario;
    const auto ratio = ratio_of(finding);
    fmt::format_to(out, "  {:<60} {:>12} {:>30} {:>8}  {}\n", finding.name, number(finding.value) + " " + finding.unit,
                   finding.beside ? fmt::format("{} ({})", number(finding.beside->value), finding.beside->name) : "",
                   ratio ? number(*ratio) : "",
                   finding.bar ? finding.bar->text + (finding.bar->met ? " met" : " MISSED") : "");
    if (!finding.bar) continue;
    ++bars;
    met += finding.bar->met;
  }
  fmt::format_to(out, "\n{} of {} bars are met\n", met, bars);
  return text;
}

std::string as_json_lines(const Findings& findings) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const Finding& finding : findings) {
    // All names are ours: nothing in them needs escaping.
    fmt::format_to(out, R"({{"scenario":"{}","name":"{}","value":{:.9g},"unit":"{}")", finding.scenario, finding.name,
                   finding.value, finding.unit);
    if (finding.beside)
      fmt::format_to(out, R"(,"beside":"{}","beside_value":{:.9g})", finding.beside->name, finding.beside->value);
    if (const auto ratio = ratio_of(finding)) fmt::format_to(out, R"(,"ratio":{:.9g})", *ratio);
    if (finding.bar) fmt::format_to(out, R"(,"bar":"{}","met":{})", finding.bar->text, finding.bar->met);
    fmt::format_to(out, ",\"exact\":{}}}\n", finding.exact);
  }
  return text;
}

}  // namespace bench::scenarios
