#include "config/units.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

namespace weir {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations are read in each unit, with up to six decimals, exactly", "[units]") {
  CHECK(parse_duration("250ms") == Duration(250ms));
  CHECK(parse_duration("30s") == Duration(30s));
  CHECK(parse_duration("1.5s") == Duration(1500ms));
  CHECK(parse_duration("2m") == Duration(2min));
  CHECK(parse_duration("1h") == Duration(1h));
  CHECK(parse_duration("0s") == Duration(0));
  CHECK(parse_duration("0.000001ms") == Duration(1ns));
  CHECK(parse_duration("0.1s") == Duration(100ms));
  CHECK(parse_duration("2562047h") == Duration(2562047h));  // the last whole hour in 64 bits of nanoseconds
}

TEST_CASE("what is no duration is refused", "[units]") {
  for (const char* text : {"", "30", "s", ".5s", "5.s", "1.2.3s", "-1s", "+1s", " 1s", "1 s", "1s ", "1d", "1S", "1e3s",
                           "0x1s", "1.0000001s", "2562048h", "99999999999999999999s", "1m30s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("sizes are read in KiB, MiB and GiB, and in nothing else", "[units]") {
  CHECK(parse_size("64KiB") == 65536);
  CHECK(parse_size("2MiB") == 2097152);
  CHECK(parse_size("1GiB") == 1073741824);
  CHECK(parse_size("8589934591GiB") == 9223372035781033984);
  for (const char* text :
       {"", "64", "KiB", "2MB", "2mib", "2 MiB", "1.5MiB", "-1KiB", "8589934592GiB", "99999999999999999999KiB"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("a price in dollars per million tokens is exact in picodollars per token", "[units]") {
  CHECK(parse_price(0.10) == 100'000);
  CHECK(parse_price(0.025) == 25'000);
  CHECK(parse_price(0.40) == 400'000);
  CHECK(parse_price(0.000001) == 1);
  CHECK(parse_price(0) == 0);
  CHECK(parse_price(1'000'000) == 1'000'000'000'000);
  CHECK_FALSE(parse_price(1'000'000.01));
  CHECK_FALSE(parse_price(-0.000001));
  CHECK_FALSE(parse_price(0.0000001));
  CHECK_FALSE(parse_price(0.1000001));
}

TEST_CASE("every price of at most six decimals is taken exactly, and one with a seventh is not", "[units]") {
  const bool holds = rc::check([] {
    const auto picodollars = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000);
    RC_ASSERT(parse_price(std::stod(format_price(picodollars))) == picodollars);
    if (picodollars > 100'000'000'000) return;  // beyond, doubles hold no seventh decimal
    const auto digit = *rc::gen::inRange(1, 10);
    std::string text = std::to_string(picodollars / 1'000'000) + '.';
    text += std::to_string(1'000'000 + picodollars % 1'000'000).substr(1) + std::to_string(digit);
    RC_ASSERT(!parse_price(std::stod(text)));
  });
  CHECK(holds);
}

TEST_CASE("what is written as a duration or a size reads back as it was", "[units]") {
  const bool holds = rc::check([] {
    const auto duration = *rc::gen::oneOf(
        rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000'000),
        rc::gen::map(rc::gen::inRange<std::int64_t>(0, 100'000), [](std::int64_t ms) { return ms * 1'000'000; }));
    RC_ASSERT(parse_duration(format_duration(Duration(duration))) == Duration(duration));
    const auto kibibytes = *rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 40);
    RC_ASSERT(parse_size(format_size(kibibytes * 1024)) == kibibytes * 1024);
  });
  CHECK(holds);
}

TEST_CASE("durations and sizes are written in the largest unit that holds them whole", "[units]") {
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(2min) == "2m");
  CHECK(format_duration(24h) == "24h");
  CHECK(format_duration(1ns) == "0.000001ms");
  CHECK(format_size(1 << 20) == "1MiB");
  CHECK(format_size(1000) == "1000");
  CHECK(format_price(100'000) == "0.1");
  CHECK(format_price(3'000'000) == "3");
}

}  // namespace
}  // namespace weir
