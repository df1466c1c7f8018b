// What the limiter promises beyond never exceeding its limits: fairness, order, exact wake-ups, waits that hold.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string_view>

#include "bench/scenarios/scenarios.h"

namespace bench::scenarios {
namespace {

constexpr std::string_view kHelp =
    "bench-limiter-scenarios [--json] [--virtual]\n"
    "Plays the production gate and store through scenarios in virtual time, with fixed seeds: one client with 10,000\n"
    "calls beside 99 light ones, shares of clients who all want more, batch calls beside interactive ones, a large "
    "call\n"
    "among small ones, wake-ups beside the exact instant, what settling and learning are worth, callers who come back\n"
    "when told, an exhausted model beside another. Then the wake-ups again by the real loop, for two seconds, beside\n"
    "bare timers. --virtual leaves that out: then the output is the same on every machine.\n"
    "Missing a bar changes nothing about the exit code.\n";

int run(int argc, char** argv) {
  bool json = false, only_virtual = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") {
      fmt::print("{}", kHelp);
      return 0;
    }
    if (word == "--json") {
      json = true;
    } else if (word == "--virtual") {
      only_virtual = true;
    } else {
      fmt::print(stderr, "{}: \"{}\" is not an option; there are --json, --virtual and --help\n", argv[0], word);
      return 2;
    }
  }
  Findings findings = play({});
  if (!only_virtual)
    for (Finding& finding : wake_up_of_this_machine()) findings.push_back(std::move(finding));
  fmt::print("{}", json ? as_json_lines(findings) : as_table(findings));
  return 0;
}

}  // namespace
}  // namespace bench::scenarios

int main(int argc, char** argv) {
  try {
    return bench::scenarios::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}
