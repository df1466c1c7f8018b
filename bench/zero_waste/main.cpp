// Whether calls waste what their account has, where another program takes some of it: in virtual time.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <string_view>

#include "bench/zero_waste/table.h"

namespace bench::zero_waste {
namespace {

constexpr std::string_view kHelp =
    "bench-limiter-zero-waste [--seed N] [--minutes N]\n"
    "Three providers as they count and refuse, 64 eager callers, heavy-tailed answers, configurations as a user "
    "begins:\n"
    "whole flights in virtual time. OpenAI in slices of a second, Anthropic in buckets, Gemini in rolling minutes.\n"
    "  sent     requests after the first minute; 429s and their share of them; before: 429s in the first minute\n"
    "  used     of the tightest limit, as the provider counts it: ours / what the other program left of it\n"
    "  foreign  what the other program, which Weir does not see, took of the whole\n"
    "  worst    the most that both took in any rolling minute / the limit\n"
    "  gave up  calls that landed as an error; later: calls told by Weir to come back later, which they did\n"
    "--minutes after the first (10). Missing a bar changes nothing about the exit code; a lost slot does.\n";

int program(int argc, char** argv) {
  std::uint64_t seed = 1, minutes = 10;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") {
      fmt::print("{}", kHelp);
      return 0;
    }
    const bool known = word == "--seed" || word == "--minutes";
    const std::string_view value = known && i + 1 < argc ? argv[++i] : "";
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < 1 ||
        (word == "--minutes" && number > 600)) {
      fmt::print(stderr, "{}: \"{} {}\": --seed N or --minutes 1..600 was expected; see --help\n", argv[0], word,
                 value);
      return 2;
    }
    (word == "--seed" ? seed : minutes) = number;
  }
  const Played played = play(seed, std::chrono::minutes(minutes));
  fmt::print("{}", as_table(played.rows));
  for (const std::string& what : played.wrong) fmt::print(stderr, "{}: wrong: {}\n", argv[0], what);
  return played.wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace bench::zero_waste

int main(int argc, char** argv) {
  try {
    return bench::zero_waste::program(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}
