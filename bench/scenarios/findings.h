// What the scenarios found: a number, what it stands beside, and whether the bar is met; as a table for people, or one
// JSON object a line for programs.
// Shape:   `exact` findings come from virtual time: the same on every machine. The others measure this one.
// Units:   as `unit` says.
// Threads: values.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bench::scenarios {

struct Beside {
  std::string name;
  double value = 0;
};

struct Bar {
  std::string text;  // "<= 2"
  bool met = false;
};
Bar at_most(double bar, double value);
Bar at_least(double bar, double value);

struct Finding {
  std::string scenario{}, name{};
  double value = 0;
  std::string unit{};
  std::optional<Beside> beside{};
  std::optional<double> ratio{};  // absent: value / beside
  std::optional<Bar> bar{};
  bool exact = true;
};
using Findings = std::vector<Finding>;

// value / beside; nothing where there is nothing to divide by.
std::optional<double> ratio_of(const Finding& finding);

std::string as_table(const Findings& findings);
std::string as_json_lines(const Findings& findings);

}  // namespace bench::scenarios
