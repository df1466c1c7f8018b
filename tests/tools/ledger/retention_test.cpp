// What is forgotten, when, and what stays.
#include "tools/ledger/retention.h"

#include <fmt/format.h>

#include "tests/tools/ledger/ledger_field.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::Asked;
using fakes::LedgerField;

TEST_CASE_METHOD(LedgerField, "calls go when they are too old, with what belongs to them; their sums stay",
                 "[ledger]") {
  LedgerOptions ten_days = options(file());
  ten_days.keep = 240h;
  const auto one = ledger(ten_days);
  CallRecord with_text = call(1);
  with_text.answer = "{}";
  one->attempted(attempt(1));
  one->attempted(attempt(1, 2));
  one->ended(with_text);
  one->attempted(attempt(77));  // its call never ended
  flush(*one);
  loop.pass(240h);
  tell(*one, 2);
  flush(*one);
  Asked asked(file());
  CHECK(asked.rows("calls") == 2);
  loop.pass(1h);
  flush(*one);
  CHECK(asked.text("SELECT group_concat(id & 255) FROM calls") == "2");
  CHECK(asked.text("SELECT group_concat(call_id & 255) FROM attempts") == "2");
  CHECK(asked.rows("texts") == 0);
  CHECK(asked.text("SELECT sum(calls), sum(attempts) FROM hourly") == "2|4");
  CHECK(asked.text("SELECT sum(calls), sum(attempts) FROM daily") == "2|4");
}

TEST_CASE_METHOD(LedgerField, "a great many that are too old go at once", "[ledger]") {
  LedgerOptions a_day = options(file());
  a_day.keep = 24h;
  const auto one = ledger(a_day);
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    tell(*one, i);
    loop.pass(1ms);
  }
  flush(*one);
  loop.pass(25h);
  Asked asked(file());
  while (asked.rows("calls") > 0) flush(*one);  // a step each
  CHECK(asked.rows("attempts") == 0);
  CHECK(asked.number("SELECT sum(calls) FROM daily") == 3000);
  CHECK(complained() == 0);
}

TEST_CASE_METHOD(LedgerField, "sums by hour, notes and spending by day go after their time; sums by day stay",
                 "[ledger]") {
  LedgerOptions days = options(file());
  days.keep = 24h;
  days.keep_hours = 72h;
  const auto one = ledger(days);
  AttemptRecord charged = attempt(1);
  charged.charge = {.day = "2027-01-15", .month = "2027-01", .nano = 500, .tokens = 30};
  one->attempted(charged);
  one->noted({.at = loop.wall(), .kind = "paused", .subject = "fast"});
  flush(*one);
  Asked asked(file());
  loop.pass(71h);
  flush(*one);
  CHECK(asked.rows("hourly") == 1);
  CHECK(asked.rows("audit") == 1);
  loop.pass(3h);
  flush(*one);
  CHECK(asked.rows("hourly") == 0);
  CHECK(asked.rows("audit") == 0);
  CHECK(asked.rows("spent") == 8);
  CHECK(asked.rows("daily") == 1);
  loop.pass(100h);
  flush(*one);
  CHECK(asked.text("SELECT count(*), min(length(period)), max(length(period)) FROM spent") == "4|7|7");
  loop.pass(24h * 100);
  flush(*one);
  CHECK(asked.rows("spent") == 0);
  CHECK(asked.rows("daily") == 1);
}

TEST_CASE_METHOD(LedgerField, "too large a file loses its oldest calls, and shrinks", "[ledger]") {
  std::uint64_t number = 0;
  const auto fill = [&](Ledger& ledger, int count) {
    for (int i = 0; i < count; ++i) {
      CallRecord call = this->call(++number);
      call.answer = std::string(1000, 'x');
      ledger.attempted(attempt(number));
      ledger.ended(call);
      loop.pass(1ms);
    }
    flush(ledger);
  };
  {
    const auto roomy = ledger();
    fill(*roomy, 6000);
  }
  REQUIRE(std::filesystem::file_size(file()) > 7'000'000);
  LedgerOptions narrow = options(file());
  narrow.bytes_max = 4'000'000;
  {
    const auto one = ledger(narrow);
    number = 0;
    while (one->state().file_bytes == 0 || one->state().file_bytes > 4'000'000) flush(*one);
    fill(*one, 1);
    Asked asked(file());
    CHECK(asked.rows("calls") > 1000);
    CHECK(asked.rows("texts") == asked.rows("calls"));
    CHECK(asked.rows("attempts") == asked.rows("calls"));
    CHECK(asked.number("SELECT min(id & 4294967295) FROM calls WHERE id >> 32 = 1") ==
          6001 - asked.number("SELECT count(*) FROM calls WHERE id >> 32 = 1"));
    CHECK(asked.number("SELECT sum(calls) FROM hourly") == 6001);
    for (int round = 0; round < 5; ++round) {
      fill(*one, 500);
      flush(*one);
      CHECK(one->state().file_bytes <= 4'000'000);
    }
    CHECK(asked.number("SELECT sum(calls) FROM daily") == 8501);
  }
  CHECK(std::filesystem::file_size(file()) <= 4'000'000);
  CHECK(complained() == 0);
}

TEST_CASE_METHOD(LedgerField, "in memory the size is bounded too", "[ledger]") {
  LedgerOptions narrow = options("");
  narrow.bytes_max = 1'000'000;
  const auto one = ledger(narrow);
  for (std::uint64_t i = 1; i <= 4000; ++i) {
    tell(*one, i);
    loop.pass(1ms);
    if (i % 500 == 0) flush(*one);
  }
  flush(*one);
  CHECK(one->state().file_bytes <= 1'000'000);
  Asked asked(one->name());
  CHECK(asked.rows("calls") > 0);
  CHECK(asked.number("SELECT max(id & 65535) FROM calls") == 4000);
  CHECK(asked.number("SELECT sum(calls) FROM hourly") == 4000);
  CHECK(complained() == 0);
}

}  // namespace
}  // namespace weir
