// What was measured, as a table for people or one JSON object for programs; and the little statistics that it takes.
// Shape:   a row is a value and, if there is one, its baseline from the same run and their ratio. Machines are noisy:
// only
//          the ratio means something on another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench {

// The value below which a share of the samples lies (0.5 = the median); 0 of none.
double quantile(std::vector<double> samples, double share);
inline double median(std::vector<double> samples) { return quantile(std::move(samples), 0.5); }

struct Baseline {
  std::string name;
  double value = 0;
};

struct Row {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<Baseline> baseline = {};
  std::optional<double> ratio = {};  // absent: value / baseline
};

class Report {
 public:
  Report(std::string title, bool json) : title_(std::move(title)), json_(json) {}
  void add(Row row);
  // Answers that were not what was asked for. The first is shown: numbers about wrong answers mean nothing.
  void add_wrong(std::int64_t answers, const std::string& first);
  void note(const std::string& text) { notes_.push_back(text); }
  // Prints it; answers the program's exit code.
  int finish() const;

 private:
  void print_table() const;
  void print_json() const;
  std::string title_;
  bool json_;
  std::vector<Row> rows_;
  std::vector<std::string> notes_;
  std::int64_t wrong_ = 0;
  std::string first_wrong_;
};

struct Options {
  bool json = false;
};

// What main() of each is: reads the command line (--json, --help), runs, and answers 1 after printing what failed.
int run_bench(int argc, char** argv, const char* help, int (*run)(const Options&));

}  // namespace bench
