#include "bench/replay/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace bench::replay {
namespace {

constexpr double kWorstMost = 1.01, kUsedLeast = 0.99;

// Of a provider that enforces nothing there is only one way to count.
std::string_view counts(const Row& row) { return row.regime == Regime::none ? "-" : name_of(row.counting); }

std::string missed(const Row& row) {
  const Bars met = bars(row);
  if (met.all()) return "met";
  std::string words;
  if (!met.worst) words += " worst";
  if (!met.used) words += " used";
  if (!met.refused) words += " refused";
  return "misses" + words;
}

}  // namespace

Bars bars(const Row& row) {
  return {.worst = row.score.worst <= kWorstMost,
          .used = std::max(row.score.used, row.score.counted) >= kUsedLeast,
          .refused = row.score.refused == 0};
}

std::string as_table(const std::vector<Row>& rows) {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{:<8} {:<10} {:<9} {:<11} {:<17} {:>6} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6} {:>6} {:>6}  {}\n",
                 "scenario", "provider", "counts as", "limiter", "setting", "worst", "worst1s", "used", "counted",
                 "refused", "in all", "p50 s", "p99 s", "done", "gave up", "bars");
  const Row* before = nullptr;
  std::size_t ours = 0, met_worst = 0, met_used = 0, met_refused = 0, met_all = 0;
  for (const Row& row : rows) {
    const bool same = before != nullptr && before->scenario == row.scenario && before->regime == row.regime &&
                      before->counting == row.counting;
    if (before != nullptr && !same) text += '\n';
    before = &row;
    const Score& s = row.score;
    fmt::format_to(out,
                   "{:<8} {:<10} {:<9} {:<11} {:<17} {:>5.3f}x {:>6.1f}x {:>6.1f}% {:>6.1f}% {:>7} {:>7} {:>6.1f} "
                   "{:>6.1f} {:>6} {:>7}{}{}\n",
                   name_of(row.scenario), name_of(row.regime), counts(row), row.limiter, row.setting, s.worst,
                   s.worst_second, s.used * 100, s.counted * 100, s.refused, s.refused_total, s.wait_p50_s,
                   s.wait_p99_s, s.done, s.gave_up, row.ours ? "  " : "", row.ours ? missed(row) : "");
    if (!row.ours) continue;
    const Bars met = bars(row);
    ++ours;
    met_worst += met.worst;
    met_used += met.used;
    met_refused += met.refused;
    met_all += met.all();
  }
  fmt::format_to(out,
                 "\nbars, met by how many of our {} rows: worst <= {}: {}; used >= {:.0f} %: {}; refused = 0 after "
                 "warming up: {}; all three: {}\n",
                 ours, kWorstMost, met_worst, kUsedLeast * 100, met_used, met_refused, met_all);
  return text;
}

std::string as_json_lines(const std::vector<Row>& rows) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const Row& row : rows) {
    const Score& s = row.score;
    // All names are ours: nothing in them needs escaping.
    fmt::format_to(out,
                   R"({{"scenario":"{}","provider":"{}","counts":"{}","limiter":"{}","setting":"{}","worst":{:.6f},)"
                   R"("worst1s":{:.6f},"used":{:.6f},"counted":{:.6f},"refused":{},"refused_total":{},)"
                   R"("wait_p50_s":{:.6f},"wait_p99_s":{:.6f},"done":{},"gave_up":{})",
                   name_of(row.scenario), name_of(row.regime), counts(row), row.limiter, row.setting, s.worst,
                   s.worst_second, s.used, s.counted, s.refused, s.refused_total, s.wait_p50_s, s.wait_p99_s, s.done,
                   s.gave_up);
    if (row.ours) {
      const Bars met = bars(row);
      fmt::format_to(out, R"(,"bars":{{"worst":{},"used":{},"refused":{}}})", met.worst, met.used, met.refused);
    }
    text += "}\n";
  }
  return text;
}

}  // namespace bench::replay
