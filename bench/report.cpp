#include "bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string_view>

namespace bench {
namespace {

// Three or four digits that matter, whatever the size.
std::string number(double value) {
  const double size = std::abs(value);
  if (size >= 1000) return fmt::format("{:.0f}", value);
  if (size >= 10) return fmt::format("{:.1f}", value);
  return fmt::format("{:.3f}", value);
}

std::optional<double> ratio(const Row& row) {
  if (row.ratio || !row.baseline || row.baseline->value == 0) return row.ratio;
  return row.value / row.baseline->value;
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      result += c;
  }
  return result += '"';
}

std::string json(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null"; }

}  // namespace

double quantile(std::vector<double> samples, double share) {
  if (samples.empty()) return 0;
  const auto last = static_cast<double>(samples.size() - 1);
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(std::ceil(share * last));
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

void Report::add(Row row) { rows_.push_back(std::move(row)); }

void Report::add_wrong(std::int64_t answers, const std::string& first) {
  if (wrong_ == 0 && answers > 0) first_wrong_ = first;
  wrong_ += answers;
}

int Report::finish() const {
  json_ ? print_json() : print_table();
  if (wrong_ > 0) fmt::print(stderr, "{}: {} wrong answers, the first: {}\n", title_, wrong_, first_wrong_);
  return wrong_ > 0 ? 1 : 0;
}

void Report::print_table() const {
  std::size_t name = 4, value = 5, baseline = 8;
  const auto valued = [](const Row& row) { return number(row.value) + " " + row.unit; };
  const auto based = [](const Row& row) {
    return row.baseline ? fmt::format("{} ({})", number(row.baseline->value), row.baseline->name) : std::string();
  };
  for (const Row& row : rows_) {
    name = std::max(name, row.name.size());
    value = std::max(value, valued(row).size());
    baseline = std::max(baseline, based(row).size());
  }
  fmt::print("{}\n{:<{}}  {:>{}}  {:>{}}  {:>8}\n", title_, "", name, "value", value, "baseline", baseline, "ratio");
  for (const Row& row : rows_) {
    const auto share = ratio(row);
    fmt::print("{:<{}}  {:>{}}  {:>{}}  {:>8}\n", row.name, name, valued(row), value, based(row), baseline,
               share ? number(*share) : "");
  }
  for (const std::string& note : notes_) fmt::print("{}\n", note);
}

void Report::print_json() const {
  fmt::print("{{\"bench\":{},\"wrong_answers\":{},\"rows\":[", quoted(title_), wrong_);
  const char* separator = "";
  for (const Row& row : rows_) {
    fmt::print("{}{{\"name\":{},\"value\":{},\"unit\":{}", separator, quoted(row.name), json(row.value),
               quoted(row.unit));
    if (row.baseline)
      fmt::print(",\"baseline\":{},\"baseline_name\":{}", json(row.baseline->value), quoted(row.baseline->name));
    if (const auto share = ratio(row)) fmt::print(",\"ratio\":{}", json(*share));
    fmt::print("}}");
    separator = ",";
  }
  fmt::print("],\"notes\":[");
  separator = "";
  for (const std::string& note : notes_) {
    fmt::print("{}{}", separator, quoted(note));
    separator = ",";
  }
  fmt::print("]}}\n");
}

int run_bench(int argc, char** argv, const char* help, int (*run)(const Options&)) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json") {
      options.json = true;
    } else if (word == "--help") {
      fmt::print("{}", help);
      return 0;
    } else {
      fmt::print(stderr, "{}: \"{}\" is not an option; there are --json and --help\n", argv[0], word);
      return 2;
    }
  }
  try {
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace bench
