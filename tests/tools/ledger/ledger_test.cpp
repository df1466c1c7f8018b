// What is told becomes rows, sums and spending, once.
#include "tools/ledger/ledger.h"

#include <sys/stat.h>

#include <thread>

#include "tests/fakes/property.h"
#include "tests/tools/ledger/ledger_field.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::Asked;
using fakes::LedgerField;

constexpr std::int64_t kHourUs = 3'600'000'000, kDayUs = 24 * kHourUs;

// In memory: whoever comes while a transaction is written is sent away.
bool is_being_written(const std::string& name) {
  try {
    SQLite::Database(name, SQLite::OPEN_READWRITE | SQLite::OPEN_URI, 0).execAndGet("SELECT count(*) FROM calls");
    return false;
  } catch (const SQLite::Exception&) {
    return true;
  }
}

TEST_CASE_METHOD(LedgerField, "an attempt becomes a row with all that was told of it", "[ledger]") {
  const auto one = ledger();
  CallIdentity call{.number = 7, .tool = "analyse", .client = "ci", .parent = "team", .transport = "http"};
  call.trace.trace[15] = 0xab;
  call.trace.span[0] = 0x12;
  AttemptRecord attempt{
      .call = std::make_shared<CallIdentity>(call),
      .flight = 3,
      .number = 2,
      .model = "deep",
      .provider = "anthropic",
      .account = "second",
      .profile = "thorough",
      .asked = loop.wall(),
      .sent = loop.wall() + 40ms,
      .ended = loop.wall() + 2s,
      .queued = 10ms,
      .throttled = 30ms + 999ns,
      .throttled_by = {{"tpm", 20ms}, {"rpm", 10ms}, {"tpm", 5us}},
      .first_byte = 300ms,
      .outcome = "error",
      .fault = Fault::bad_reply,
      .status = 200,
      .used = TokenCounts{.input = 100, .cached_input = 30, .output = 20, .reasoning = 5, .cache_write = 8},
      .at_least = true,
      .reserved = {.input_tokens = 120, .output_tokens = 400},
      .debt = 11,
      .cost_nano = 1234,
      .request_id = "req-\"1\""};
  one->attempted(attempt);
  attempt.number = 3;
  attempt.used.reset();
  attempt.cost_nano.reset();
  attempt.first_byte.reset();
  attempt.fault.reset();
  attempt.throttled_by.clear();
  one->attempted(attempt);
  flush(*one);
  Asked asked(file());
  CHECK(asked.text(
            "SELECT call_id >> 32, call_id & 4294967295, flight, number, sent_us - asked_us, ended_us - asked_us, "
            "tool, client, model, provider, account, profile, outcome, fault, status FROM attempts WHERE number = 2") ==
        "1|7|3|2|40000|2000000|analyse|ci|deep|anthropic|second|thorough|error|bad_reply|200");
  CHECK(asked.text("SELECT uncached_input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, "
                   "reasoning_tokens, at_least, reserved_input_tokens, reserved_output_tokens, debt_tokens, queued_us, "
                   "throttled_us, throttled_by, first_byte_us, took_us, cost_nano, request_id, span_id "
                   "FROM attempts WHERE number = 2") ==
        "70|30|8|20|5|1|120|400|11|10000|30000|{\"rpm\":10000,\"tpm\":20005}|300000|1960000|1234|req-\"1\"|"
        "1200000000000000");
  CHECK(asked.text("SELECT uncached_input_tokens, output_tokens, cost_nano, first_byte_us, fault, throttled_by "
                   "FROM attempts WHERE number = 3") == "NULL|NULL|NULL|NULL|NULL|{}");
  CHECK(asked.text("SELECT asked_us FROM attempts WHERE number = 2") == "1800000000000000");
}

TEST_CASE_METHOD(LedgerField, "a call becomes a row, with its texts only if it has them", "[ledger]") {
  const auto one = ledger();
  CallRecord refused = call(1);
  refused.outcome = "refused";
  refused.refused_by = "tpm";
  refused.refused_of = "model fast";
  refused.rows = 5;
  refused.rows_failed = 2;
  refused.waited = 3ms;
  refused.ended += 9ms;
  refused.took = 9ms;
  one->ended(refused);
  CallRecord kept = call(2);
  kept.arguments = std::string("{\"a\":\"\0\"}", 9);
  kept.answer = std::string(1 << 20, 'x');
  one->ended(kept);
  CallRecord long_one = call(3);
  long_one.answer = std::string((1 << 20) + 1, 'x');
  one->ended(long_one);
  one->noted({.at = loop.wall(), .kind = "paused", .subject = "fast", .detail = "{\"s\":1}"});
  one->noted({.at = loop.wall(), .kind = "load", .subject = "", .detail = std::string(16 * 1024 + 1, 'x')});
  flush(*one);
  Asked asked(file());
  CHECK(asked.text(
            "SELECT started_us, ended_us, tool, kind, client, transport, model, provider, profile, outcome, fault, "
            "refused_by, refused_of, rows, rows_failed, waited_us, took_us, attempts, trace_id FROM calls "
            "WHERE id = (1 << 32) + 1") ==
        "1800000000000000|1800000000009000|summarise|prompt|ci|http|fast|openai||refused|NULL|tpm|model fast|5|2|3000|"
        "9000|1|");
  CHECK(asked.text("SELECT refused_by, refused_of FROM calls WHERE id & 15 = 2") == "NULL|NULL");
  CHECK(asked.table("SELECT call_id & 15, length(CAST(arguments AS BLOB)), length(answer) FROM texts") ==
        std::vector<std::string>{"2|9|1048576"});
  CHECK(asked.table("SELECT at_us, kind, subject, detail FROM audit") ==
        std::vector<std::string>{"1800000000000000|paused|fast|{\"s\":1}",
                                 "1800000000000000|load||{\"left_out_bytes\":16385}"});
}

TEST_CASE_METHOD(LedgerField, "nothing is written before its time, and all of it when the ledger goes", "[ledger]") {
  {
    const auto one = ledger();
    flush(*one);
    for (std::uint64_t i = 1; i <= 100; ++i) tell(*one, i);
    CHECK(one->state().told == 200);
    CHECK(one->state().waiting == 200);
    CHECK(one->state().committed == 0);
    loop.pass(3s);
    CHECK(one->state().lag == 3s);
  }
  CHECK(Asked(file()).rows("calls") == 100);
  CHECK(complained() == 0);
  struct stat status {};
  REQUIRE(stat(file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE_METHOD(LedgerField, "without a flush time, and when many wait, nobody need ask", "[ledger]") {
  LedgerOptions at_once = options(file());
  at_once.flush = 0s;
  const auto one = ledger(at_once), two = ledger(options(""));
  flush(*two);
  tell(*one, 1);
  for (std::uint64_t i = 1; i <= 256; ++i) tell(*two, i);
  while (one->state().committed < 2 || two->state().committed < 512) std::this_thread::yield();
  CHECK(one->state().waiting == 0);
  CHECK(one->state().lag == 0s);
  CHECK(one->state().writing);
}

TEST_CASE_METHOD(LedgerField, "what is told twice is written and counted once", "[ledger]") {
  const auto one = ledger();
  for (int round = 0; round < 2; ++round) {
    tell(*one, 1);
    tell(*one, 1);
    flush(*one);
  }
  Asked asked(file());
  CHECK(
      asked.text("SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM attempts), calls, attempts FROM hourly") ==
      "1|1|1|1");
}

TEST_CASE_METHOD(LedgerField, "two processes share a file", "[ledger]") {
  const auto one = ledger(), two = ledger();
  for (std::uint64_t i = 1; i <= 200; ++i) {
    tell(*one, i);
    tell(*two, i);
    if (i % 20 > 0) continue;
    bool first = false, second = false;
    one->flush([&] { first = true; });
    two->flush([&] { second = true; });
    while (!first || !second) loop.take_in();
  }
  while (one->state().waiting > 0 || two->state().waiting > 0) {  // a lock of the other's, for a millisecond
    flush(*one);
    flush(*two);
  }
  Asked asked(file());
  CHECK(asked.table("SELECT id >> 32, count(*), max(id & 4294967295) FROM calls GROUP BY 1") ==
        std::vector<std::string>{"1|200|200", "2|200|200"});
  CHECK(asked.text("SELECT calls, attempts FROM hourly") == "400|400");
  CHECK(asked.table("SELECT id, version FROM sessions") == std::vector<std::string>{"1|1.2.3", "2|1.2.3"});
}

TEST_CASE_METHOD(LedgerField, "what was spent is known to the next process, by period and scope", "[ledger]") {
  {
    const auto one = ledger();
    AttemptRecord charged = attempt(1);
    charged.charge = {.day = "2027-01-15", .month = "2027-01", .nano = 500, .tokens = 30};
    auto who = *charged.call;
    who.parent = "team";
    charged.call = std::make_shared<CallIdentity>(who);
    one->attempted(charged);
    charged.number = 2;
    charged.charge.day = "2027-01-16";
    one->attempted(charged);
    one->attempted(attempt(2));  // charged to nobody
  }
  std::vector<std::string> all;
  Ledger two(loop, options(file()), {"2027-01", "2027-01-16", "2027-01-17"}, [&](const std::vector<Spent>& spent) {
    for (const Spent& one : spent)
      all.push_back(one.period + " " + one.scope + " " + one.name + " " + std::to_string(one.nano) + " " +
                    std::to_string(one.tokens));
  });
  AttemptRecord own = attempt(1);
  own.charge = {.day = "2027-01-16", .month = "2027-01", .nano = 1, .tokens = 1};
  two.attempted(own);
  flush(two);
  CHECK(all == std::vector<std::string>{"2027-01 client ci 1000 60", "2027-01 client team 1000 60",
                                        "2027-01 model fast 1000 60", "2027-01 server  1000 60",
                                        "2027-01 tool summarise 1000 60", "2027-01-16 client ci 500 30",
                                        "2027-01-16 client team 500 30", "2027-01-16 model fast 500 30",
                                        "2027-01-16 server  500 30", "2027-01-16 tool summarise 500 30"});
  CHECK(Asked(file()).text("SELECT nano, tokens FROM spent WHERE period = '2027-01' AND scope = 'server'") ==
        "1001|61");
}

TEST_CASE("sums by hour and by day are those of the rows", "[ledger]") {
  fakes::property("whatever is told", [] {
    LedgerField field;
    const auto one = field.ledger();
    const auto below = [](std::int64_t end) { return *rc::gen::inRange<std::int64_t>(0, end); };
    const auto of = [&](std::vector<std::string> words) {
      return words[static_cast<std::size_t>(below(std::ssize(words)))];
    };
    const std::int64_t count = below(60);
    for (std::int64_t i = 1; i <= count; ++i) {
      field.loop.pass(std::chrono::minutes(below(200)) + Duration(below(1'000'000)));
      const auto number = static_cast<std::uint64_t>(i);
      const auto who = field.identity(number, of({"a", "b"}));
      CallRecord call = field.call(number);
      call.call = who;
      call.outcome = of({"ok", "length", "refused", "cancelled", "error", "bad_input"});
      call.took = Duration(below(5'000'000'000));
      call.from_cache = below(3);
      call.shared = below(3);
      AttemptRecord attempt = field.attempt(number);
      attempt.call = who;
      attempt.outcome = of({"ok", "rate_limited", "error"});
      attempt.queued = Duration(below(5'000'000'000));
      attempt.throttled = Duration(below(5'000'000'000));
      for (attempt.number = 1; attempt.number <= 1 + below(3); ++attempt.number) {
        // A provider may say anything.
        attempt.used =
            TokenCounts{.input = *rc::gen::arbitrary<std::int64_t>(), .cached_input = below(50), .output = below(50)};
        if (below(3) == 0) attempt.used.reset();
        attempt.cost_nano = below(1000);
        if (below(3) == 0) attempt.cost_nano.reset();
        one->attempted(attempt);
      }
      one->ended(call);
      if (below(20) == 0) field.flush(*one);
    }
    field.flush(*one);
    Asked asked(field.file());
    RC_ASSERT(asked.rows("calls") == count);
    RC_ASSERT(wrong_sums(asked, "hourly", kHourUs).empty());
    RC_ASSERT(wrong_sums(asked, "daily", kDayUs).empty());
  });
}

TEST_CASE_METHOD(LedgerField, "in memory it can be asked by its name, and a reader only delays it", "[ledger]") {
  const auto one = ledger(options("")), other = ledger(options(""));
  CHECK(one->name() != other->name());
  tell(*one, 1);
  flush(*one);
  Asked reader(one->name());
  reader.exec("BEGIN");
  CHECK(reader.rows("calls") == 1);
  tell(*one, 2);
  bool done = false;
  one->flush([&] { done = true; });
  while (!is_being_written(one->name())) std::this_thread::yield();
  CHECK(reader.rows("calls") == 1);
  reader.exec("COMMIT");
  while (!done) loop.take_in();
  CHECK(reader.rows("calls") == 2);
  CHECK(complained() == 0);
  CHECK(one->state().writing);
}

}  // namespace
}  // namespace weir
