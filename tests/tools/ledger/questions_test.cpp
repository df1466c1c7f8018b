// The ledger's questions by name: what they sum, whom they tell, and that a filter is never SQL.
#include <catch2/catch.hpp>

#include "tests/fakes/fake_loop.h"
#include "tests/tools/ledger/ledger_file.h"
#include "tools/ledger/usage_desk.h"
#include "tools/ledger/usage_times.h"

namespace weir {
namespace {

constexpr std::int64_t kDay = 1'700'006'400'000'000;  // 2023-11-15

Questions over(const LedgerFile& file) {
  return Questions(file.path(), [] { return Instant(); });
}
std::int64_t whole(const SqlCell& cell) { return std::get<std::int64_t>(cell); }
std::string words(const SqlCell& cell) { return std::get<std::string>(cell); }
SqlCell under(const UsageAnswer& answer, std::size_t row, const std::string& column) {
  for (std::size_t i = 0; i < answer.columns.size(); ++i)
    if (answer.columns[i] == column) return answer.rows.at(row)[i];
  FAIL("there is no column " << column);
  return {};
}

}  // namespace

TEST_CASE("usage by day is summed up of the daily sums, the latest last, and says when it is cut", "[questions]") {
  LedgerFile file;
  file.sums("daily", kDay, "summarise", "ci", "fast", 3, 1'000);
  file.sums("daily", kDay, "extract", "app", "deep", 1, 5'000, 1);
  file.sums("daily", kDay + kDayUs, "summarise", "ci", "fast", 2, 700);
  const auto answer = over(file).ask({.by = "day"});
  REQUIRE(answer);
  REQUIRE(answer->rows.size() == 2);
  CHECK(words(under(*answer, 0, "day")) == "2023-11-15");
  CHECK(whole(under(*answer, 0, "calls")) == 4);
  CHECK(whole(under(*answer, 0, "cost_nano")) == 6'000);
  CHECK(whole(under(*answer, 0, "cost_unknown")) == 1);
  CHECK(whole(under(*answer, 1, "calls")) == 2);
  CHECK_FALSE(answer->truncated);

  const auto cut = over(file).ask({.by = "day", .limit = 1});
  REQUIRE(cut);
  REQUIRE(cut->rows.size() == 1);
  CHECK(words(under(*cut, 0, "day")) == "2023-11-16");
  CHECK(cut->truncated_by == "1 rows");
  CHECK_FALSE(over(file).ask({.by = "day", .limit = 2})->truncated);
}

TEST_CASE("usage by model is ordered by cost, and of a range that is no whole day it is of the hourly sums",
          "[questions]") {
  LedgerFile file;
  file.sums("hourly", kDay, "summarise", "ci", "fast", 3, 1'000);
  file.sums("hourly", kDay + kHourUs, "summarise", "ci", "deep", 1, 5'000);
  file.sums("hourly", kDay + 2 * kHourUs, "summarise", "ci", "fast", 5, 9);
  const auto answer = over(file).ask({.by = "model", .since_us = kDay + 1, .until_us = kDay + kHourUs + 1});
  REQUIRE(answer);
  REQUIRE(answer->rows.size() == 2);  // both hours are counted whole
  CHECK(words(under(*answer, 0, "model")) == "deep");
  CHECK(whole(under(*answer, 1, "calls")) == 3);
  const auto hours = over(file).ask({.by = "hour", .since_us = kDay + kHourUs});
  REQUIRE(hours);
  REQUIRE(hours->rows.size() == 2);
  CHECK(words(under(*hours, 0, "hour")) == "2023-11-15T01:00Z");
}

TEST_CASE("the slowest and the latest calls are told from the view, with costs that nobody knows as none",
          "[questions]") {
  LedgerFile file;
  file.call(1, "ci", "fast", 9'000, "700");
  file.call(2, "app", "deep", 20'000, "NULL");
  file.call(3, "ci", "fast", 1'000, "10");
  const auto slowest = over(file).ask({.report = "slowest", .limit = 2});
  REQUIRE(slowest);
  REQUIRE(slowest->rows.size() == 2);
  CHECK(whole(under(*slowest, 0, "execution_time_ms")) == 20);
  CHECK(std::holds_alternative<std::monostate>(under(*slowest, 0, "total_lm_cost_nano")));
  CHECK(whole(under(*slowest, 1, "total_lm_cost_nano")) == 700);
  CHECK(slowest->truncated);
  const auto latest = over(file).ask({.report = "calls", .client = "ci"});
  REQUIRE(latest);
  REQUIRE(latest->rows.size() == 2);
  CHECK(words(under(*latest, 0, "execution_id")) == "0-3");
}

TEST_CASE("a caller who may see only his own usage sees no row of another, by no report", "[questions]") {
  LedgerFile file;
  file.sums("daily", kDay, "summarise", "ci", "fast", 3, 1'000);
  file.sums("daily", kDay, "summarise", "app", "fast", 5, 4'000);
  file.call(1, "ci", "fast", 9'000, "700");
  file.call(2, "app", "fast", 9'000, "700");
  file.exec(
      "INSERT INTO spent VALUES ('2023-11', 'client', 'ci', 7, 1), ('2023-11', 'client', 'app', 8, 1), "
      "('2023-11', 'server', '', 15, 2), ('2023-11', 'model', 'ci', 9, 2)");
  const Questions questions = over(file);
  for (const std::string by : {"day", "tool", "model", "client", "total"}) {
    const auto answer = questions.ask({.by = by, .only_client = "ci"});
    REQUIRE(answer);
    REQUIRE(answer->rows.size() == 1);
    CHECK(whole(under(*answer, 0, "calls")) == 3);
    CHECK(questions.ask({.by = by, .client = "app", .only_client = "ci"})->rows.empty());
  }
  for (const std::string report : {"calls", "slowest"}) {
    const auto answer = questions.ask({.report = report, .only_client = "ci"});
    REQUIRE(answer);
    REQUIRE(answer->rows.size() == 1);
    CHECK(words(under(*answer, 0, "client")) == "ci");
  }
  const auto spent = questions.ask({.report = "budgets", .only_client = "ci"});
  REQUIRE(spent);
  REQUIRE(spent->rows.size() == 1);
  CHECK(whole(under(*spent, 0, "spent_nano")) == 7);
  CHECK(questions.ask({.report = "budgets", .client = "app", .only_client = "ci"})->rows.empty());
  CHECK(questions.ask({.report = "audit", .only_client = "ci"}).error().fault == Fault::denied);
  CHECK(questions.ask({.report = "sql", .sql = "SELECT 1", .only_client = "ci"}).error().fault == Fault::denied);
}

TEST_CASE("what is filtered by is compared, whatever SQL it holds", "[questions]") {
  LedgerFile file;
  file.sums("daily", kDay, "summarise", "ci", "fast", 3, 1'000);
  const std::string before = file.bytes();
  for (const std::string evil : {"x' OR '1'='1", "'; DROP TABLE daily; --", "ci' --", "\" OR 1=1", "?1", "%", "*"}) {
    for (const std::string report : {"usage", "calls", "slowest", "budgets"}) {
      for (const auto& question :
           {UsageQuestion{.report = report, .tool = evil}, UsageQuestion{.report = report, .model = evil},
            UsageQuestion{.report = report, .client = evil}, UsageQuestion{.report = report, .only_client = evil}}) {
        const auto answer = over(file).ask(question);
        REQUIRE(answer);
        CHECK(answer->rows.empty());
      }
    }
  }
  CHECK(over(file).ask({.by = "day, (SELECT 1)"}).error().message ==
        "by: \"day, (SELECT 1)\" is none; there are: day, hour, tool, model, client, total");
  CHECK(file.bytes() == before);
}

TEST_CASE("a question that is wrong is told what would be right", "[questions]") {
  LedgerFile file;
  CHECK(over(file).ask({.report = "usag"}).error().message ==
        "report: \"usag\" is none; did you mean \"usage\"? there are: usage, calls, slowest, budgets, audit, sql");
  CHECK(over(file).ask({.limit = 0}).error().message == "limit: expected 1 to 1000, not 0");
  CHECK(over(file).ask({.limit = 1000}));
  CHECK_FALSE(over(file).ask({.limit = 1001}));
  CHECK_FALSE(over(file).ask({.since_us = 5, .until_us = 5}));
  CHECK(over(file).ask({.since_us = 5, .until_us = 6}));
  const auto nowhere = Questions("/nowhere/ledger.db", [] { return Instant(); }).ask({});
  CHECK(nowhere.error().fault == Fault::not_found);
}

TEST_CASE("times are taken as people write them; a day as the end of a range is included", "[questions]") {
  const WallTime now{std::chrono::microseconds(kDay + 10 * kHourUs)};
  CHECK(since_us("since", "24h", now) == kDay - 14 * kHourUs);
  CHECK(since_us("since", "7d", now) == kDay + 10 * kHourUs - 7 * kDayUs);
  CHECK(since_us("since", "today", now) == kDay);
  CHECK(until_us("until", "yesterday", now) == kDay);
  CHECK(since_us("since", "2023-11-15", now) == kDay);
  CHECK(until_us("until", "2023-11-15", now) == kDay + kDayUs);
  CHECK(until_us("until", "2023-11-15T10:30Z", now) == kDay + 10 * kHourUs + kHourUs / 2);
  for (const std::string wrong :
       {"", "d", "-7d", "7y", "2023-02-30", "2023-11-15T24:00", "99999999999999999999d", "7dd"})
    CHECK(since_us("since", wrong, now).error().fault == Fault::bad_input);
  CHECK(month_start_us(kDay) == kDay - 14 * kDayUs);
  CHECK(month_of(kDay) == "2023-11");
}

}  // namespace weir
