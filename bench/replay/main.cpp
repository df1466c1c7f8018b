// What the limiter does against providers that enforce exactly, in virtual time, beside the arithmetic of others.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "bench/replay/plan.h"

namespace bench::replay {
namespace {

constexpr std::string_view kHelp =
    "bench-limiter-replay [--json] [--seed N] [--minutes N] [--only TEXT]\n"
    "Replays one workload (200,000 tokens a minute, 256 eager callers, heavy-tailed answers) through the production\n"
    "limiter and through the published arithmetic of others, against providers that enforce exactly, in virtual time.\n"
    "  worst    the largest sum of tokens in any rolling minute / the limit: as used, at the instant of sending\n"
    "  worst1s  the same for a second, / a sixtieth of the limit\n"
    "  used     tokens used / what the provider would have let through, after warming up; counted: as it counted them\n"
    "  refused  429s after warming up; and in all\n"
    "  p50, p99 from asking to being sent; done: calls answered; gave up: begun anew, their retries being used up\n"
    "Settings that end in /flights go the whole way: flights, retries, headers and errors in OpenAI's dialect.\n"
    "--minutes simulated (20); --only the runs whose labels contain TEXT, such as \"steady rolling\".\n"
    "Missing a bar changes nothing about the exit code; a leaked slot or token does.\n";

std::optional<std::uint64_t> number(std::string_view word, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || value < 1 || value > most) return std::nullopt;
  return value;
}

int run(int argc, char** argv) {
  Asked asked;
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--json") {
      json = true;
    } else if (word == "--help") {
      fmt::print("{}", kHelp);
      return 0;
    } else if ((word == "--seed" || word == "--minutes" || word == "--only") && i + 1 < argc) {
      const std::string_view value = argv[++i];
      const auto given = number(value, word == "--seed" ? ~std::uint64_t{0} : 600);
      if (word == "--only") {
        asked.only = value;
      } else if (!given) {
        fmt::print(stderr, "{}: {} {}: needs a whole number from 1{}\n", argv[0], word, value,
                   word == "--seed" ? "" : " to 600");
        return 2;
      } else if (word == "--seed") {
        asked.seed = *given;
      } else {
        asked.length = std::chrono::minutes(*given);
      }
    } else {
      fmt::print(stderr, "{}: \"{}\" is not an option, or lacks its value; see --help\n", argv[0], word);
      return 2;
    }
  }
  const Played played = play(asked);
  if (played.rows.empty()) {
    fmt::print(stderr, "{}: no run's labels contain \"{}\"; see the first five columns\n", argv[0], asked.only);
    return 2;
  }
  fmt::print("{}", json ? as_json_lines(played.rows) : as_table(played.rows));
  for (const std::string& what : played.wrong) fmt::print(stderr, "{}: wrong: {}\n", argv[0], what);
  return played.wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace bench::replay

int main(int argc, char** argv) {
  try {
    return bench::replay::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}
