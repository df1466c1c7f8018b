#include <catch2/catch.hpp>

#include "tests/config/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

// The limit that these lines of a model give; they are right.
LimitSettings limit(const std::string& lines, const std::string& name) {
  INFO(lines);
  INFO(messages(kOneModel + lines));
  const auto config = parse(kOneModel + lines);
  REQUIRE(config);
  const LimitSettings* found = limit_of_fast(*config, name);
  REQUIRE(found != nullptr);
  return *found;
}

std::string amount(std::int64_t amount) { return " = " + std::to_string(amount) + '\n'; }

TEST_CASE("a limit's name says what it counts and over which period", "[limits]") {
  struct Counted {
    std::string prefix;
    LimitCounts counts;
  };
  struct Period {
    char letter;
    Duration per;
  };
  for (const auto& [prefix, counts] :
       {Counted{"rp", LimitCounts::requests}, Counted{"tp", LimitCounts::tokens},
        Counted{"input_tp", LimitCounts::input_tokens}, Counted{"output_tp", LimitCounts::output_tokens}}) {
    for (const auto& [letter, per] : {Period{'s', 1s}, Period{'m', 1min}, Period{'h', 1h}, Period{'d', 24h}}) {
      const std::string name = prefix + letter;
      const LimitSettings read = limit(name + " = 720\n", name);
      CHECK(read.counts == counts);
      CHECK(read.per == per);
      CHECK(read.amount == 720);
      CHECK(read.shape == (per == 24h ? LimitShape::calendar : LimitShape::bucket));
      const LimitSettings longer = limit("limits." + name + " = { amount = 720 }\n", name);
      CHECK(longer == read);
    }
  }
}

TEST_CASE("a bucket's burst is one second of requests and ten seconds of tokens by default, at least 1", "[limits]") {
  const auto burst = [](const std::string& name, std::int64_t of) {
    const LimitSettings read = limit(name + amount(of), name);
    CHECK_FALSE(read.burst_given);
    return read.burst;
  };
  CHECK(burst("rpm", 1) == 1);
  CHECK(burst("rpm", 60) == 1);
  CHECK(burst("rpm", 61) == 2);
  CHECK(burst("tpm", 6) == 1);
  CHECK(burst("tpm", 7) == 2);
  CHECK(burst("input_tpm", 60'000) == 10'000);
  CHECK(burst("output_tpm", 60'000'000'000) == 10'000'000'000);
  CHECK(burst("rph", 60) == 1);
  CHECK(burst("rph", 61) == 2);
  CHECK(burst("tph", 6) == 1);
  CHECK(burst("tph", 7) == 2);
  CHECK(burst("rps", 7) == 7);  // a slice that is the period or more: all
  CHECK(burst("tps", 7) == 7);
}

TEST_CASE("a rolling limit's burst is a tenth by default, or what a second has", "[limits]") {
  const auto burst = [](const std::string& keys) {
    return limit("limits.own = { counts = \"tokens\", shape = \"rolling\", " + keys + " }\n", "own").burst;
  };
  CHECK(burst("per = \"1m\", amount = 10") == 1);
  CHECK(burst("per = \"1m\", amount = 11") == 2);
  CHECK(burst("per = \"1h\", amount = 1000") == 100);
  CHECK(burst("per = \"10s\", amount = 1000") == 100);
  CHECK(burst("per = \"5s\", amount = 1000") == 200);
  CHECK(burst("per = \"1s\", amount = 1000") == 1000);
}

TEST_CASE("a burst may be the amount, and no more", "[limits]") {
  CHECK(limit("rpm = 5\nrpm_burst = 5\n", "rpm").burst == 5);
  CHECK_FALSE(messages(kOneModel + "rpm = 5\nrpm_burst = 6\n").empty());
  CHECK(limit("limits.tpm = { amount = 5, burst = 5, shape = \"rolling\" }\n", "tpm").burst == 5);
  CHECK_FALSE(messages(kOneModel + "limits.tpm = { amount = 5, burst = 6, shape = \"rolling\" }\n").empty());
}

TEST_CASE("a limit's debt is its amount by default, and may be none or more", "[limits]") {
  CHECK(limit("tpm = 500\n", "tpm").debt == 500);
  CHECK_FALSE(limit("tpm = 500\n", "tpm").debt_given);
  CHECK(limit("limits.tpm = { amount = 500, debt = 0 }\n", "tpm").debt == 0);
  CHECK(limit("limits.tpm = { amount = 500, debt = 501 }\n", "tpm").debt == 501);
}

TEST_CASE("a limit per day is of the calendar: Google's days are California's, all others' UTC's", "[limits]") {
  const LimitSettings plain = limit("rpd = 100\n", "rpd");
  CHECK(plain.shape == LimitShape::calendar);
  CHECK(plain.zone == "UTC");
  CHECK(plain.burst == 100);
  CHECK(limit("charge_model = \"google\"\nrpd = 100\n", "rpd").zone == "America/Los_Angeles");
  CHECK(limit("charge_model = \"anthropic\"\nlimits.tpd = { amount = 5 }\n", "tpd").zone == "UTC");
  CHECK(limit("limits.rpd = { amount = 100, resets = \"Asia/Beirut\" }\n", "rpd").zone == "Asia/Beirut");
  CHECK(limit("limits.own = { amount = 1, counts = \"requests\", per = \"24h\" }\n", "own").zone == "UTC");
}

TEST_CASE("resets alone makes an own limit one per day", "[limits]") {
  const LimitSettings own =
      limit("limits.own = { amount = 3, counts = \"input_tokens\", resets = \"America/Los_Angeles\" }\n", "own");
  CHECK(own.shape == LimitShape::calendar);
  CHECK(own.per == 24h);
  CHECK(own.counts == LimitCounts::input_tokens);
}

TEST_CASE("a limit per day may be a bucket, where it says so", "[limits]") {
  const LimitSettings day = limit("limits.rpd = { amount = 86_401, shape = \"bucket\" }\n", "rpd");
  CHECK(day.shape == LimitShape::bucket);
  CHECK(day.per == 24h);
  CHECK(day.zone.empty());
  CHECK(day.burst == 1441);
}

TEST_CASE("a rolling limit is over an hour at most", "[limits]") {
  const auto over = [](const std::string& per) {
    return messages(kOneModel + "limits.own = { amount = 1, counts = \"requests\", shape = \"rolling\", per = \"" +
                    per + "\" }\n");
  };
  CHECK(over("1h").empty());
  CHECK_FALSE(over("3600.001s").empty());
  CHECK(limit("limits.rph = { amount = 10, shape = \"rolling\" }\n", "rph").shape == LimitShape::rolling);
}

TEST_CASE("an own limit's period is from a second to 31 days, its name up to 64 bytes", "[limits]") {
  const auto own = [](const std::string& name, const std::string& per) {
    return messages(kOneModel + "limits." + name + " = { amount = 1, counts = \"requests\", per = \"" + per + "\" }\n");
  };
  CHECK(own("own", "1s").empty());
  CHECK_FALSE(own("own", "999ms").empty());
  CHECK(own("own", "744h").empty());
  CHECK_FALSE(own("own", "744.1h").empty());
  CHECK(own(std::string(64, 'a'), "1m").empty());
  CHECK_FALSE(own(std::string(65, 'a'), "1m").empty());
  CHECK(own("0_a", "1m").empty());
}

TEST_CASE("at most a token a nanosecond, or a request in sixty, is allowed", "[limits]") {
  const auto fits = [](const std::string& lines) { return messages(kOneModel + lines).empty(); };
  CHECK(fits("tps = 1_000_000_000\n"));
  CHECK_FALSE(fits("tps = 1_000_000_001\n"));
  CHECK(fits("rpm = 1_000_000_000\n"));
  CHECK_FALSE(fits("rpm = 1_000_000_001\n"));
  CHECK(fits("limits.own = { amount = 2_678_400_000_000_000, counts = \"tokens\", per = \"744h\" }\n"));
  CHECK_FALSE(fits("limits.own = { amount = 2_678_400_000_000_001, counts = \"tokens\", per = \"744h\" }\n"));
}

TEST_CASE("a name may say what it says anyway", "[limits]") {
  CHECK(limit("limits.rpm = { amount = 5, counts = \"requests\", per = \"60s\" }\n", "rpm") ==
        limit("limits.rpm = { amount = 5 }\n", "rpm"));
}

TEST_CASE("eight limits of a table are taken, one more is a mistake", "[limits]") {
  std::string lines = "rpm = 1\ntpm = 1\nrpd = 1\ntpd = 1\n";
  for (const char* name : {"a", "b", "c"})
    lines += std::string("limits.") + name + " = { amount = 1, counts = \"tokens\", per = \"1m\" }\n";
  const auto most = parse(kOneModel + lines + "rps = 1\n");
  REQUIRE(most);
  CHECK(most->models.at("fast").limits.size() == 8);
  CHECK(messages(kOneModel + lines + "rps = 1\nrph = 1\n") ==
        "weir.toml:12: model \"fast\": 9 limits; at most 8 are allowed\n");
}

TEST_CASE("limits are ordered by name, and remember their lines", "[limits]") {
  const auto config =
      parse(kOneModel + "tpm = 1\nlimits.own = { amount = 1, counts = \"tokens\", per = \"1m\" }\nrpd = 1\n");
  REQUIRE(config);
  const auto& limits = config->models.at("fast").limits;
  REQUIRE(limits.size() == 3);
  CHECK(limits[0].name == "own");
  CHECK(limits[0].line == 5);
  CHECK(limits[1].name == "rpd");
  CHECK(limits[1].line == 6);
  CHECK(limits[2].name == "tpm");
  CHECK(limits[2].line == 4);
  CHECK(limits[2].section.empty());
}

TEST_CASE("aliases of one account may state the same limits in other words", "[limits]") {
  const std::string same = "[models.same]\nmodel = \"gpt-4.1-nano\"\napi_key = \"env:SAME_KEY\"\n";
  CHECK(messages(kOneModel + "rpm = 60\nrpd = 5\n" + same +
                 "limits.rpm = { amount = 60, burst = 1, shape = \"bucket\", debt = 60 }\n"
                 "limits.rpd = { amount = 5, resets = \"UTC\" }\n") == "");
}

}  // namespace
}  // namespace weir
