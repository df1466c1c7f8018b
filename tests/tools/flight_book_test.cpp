// What a flight tells of itself and of its attempts, what it is charged to budgets, and what it sends of its trace.
#include <catch2/catch.hpp>

#include "limiter/budgets.h"
#include "tests/tools/flight_field.h"
#include "tools/call_log.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::answer;
using fakes::answer_without_usage;
using fakes::failure;
using fakes::FlightField;

// BudgetSettings, of which only some are said.
struct Amounts {
  std::optional<std::int64_t> day_nano{}, month_nano{}, day_tokens{}, month_tokens{};
  operator BudgetSettings() const { return {day_nano, month_nano, day_tokens, month_tokens}; }
};

struct Heard final : CallLog {
  std::vector<AttemptRecord> attempts;
  std::vector<FlightRecord> flights;
  void attempted(const AttemptRecord& attempt) override { attempts.push_back(attempt); }
  void flown(const FlightRecord& flight) override { flights.push_back(flight); }
};

// prompt() may take 8 tokens in and 100 out: at 2 and 3 nano-dollars a token, 316 nano-dollars.
struct Field : FlightField {
  Heard log;
  Budgets limits{"UTC", {}};
  std::shared_ptr<CallIdentity> call = std::make_shared<CallIdentity>();

  Field() {
    model->settings.model = "gpt-x";
    model->settings.facts.prices = {.input = 2'000, .cached_input = {}, .output = 3'000};
    call->number = 7;
    call->client = "ci";
    call->tool = "summarise";
    air.log = &log;
    limits.state({}, "UTC", loop.wall());
  }
  std::unique_ptr<Flight> take_off(std::optional<Instant> deadline = {}) {
    Job job = this->job(deadline);
    job.call = call;
    return start_flight(air, std::move(job), [this](Landing landing) { landings.push_back(std::move(landing)); });
  }
  void give(const BudgetSettings& budget) {
    air.budgets = &limits;
    limits.state({{{BudgetScope::client, "ci"}, budget}}, "UTC", loop.wall());
  }
  BudgetState budget(std::size_t i = 0) { return limits.states(loop.wall()).at(i); }
};

HttpResponse status(int code, HttpHeaders headers = {}) {
  return {code, std::move(headers), R"({"error":{"message":"no","type":"x","code":"rate_limit_exceeded"}})"};
}

TEST_CASE("an answer is told as one attempt and one flight", "[flight][book]") {
  Field f;
  const WallTime began = f.loop.wall();
  const auto flight = f.take_off();
  CHECK(f.log.attempts.empty());
  f.loop.run_for(2s);
  HttpResponse response = answer(9, 4);
  response.headers.emplace_back("x-request-id", "req-1");
  f.http.answer(0, response);
  REQUIRE(f.log.attempts.size() == 1);
  REQUIRE(f.log.flights.size() == 1);
  const AttemptRecord& attempt = f.log.attempts[0];
  CHECK(attempt.call == f.call);
  CHECK(attempt.number == 1);
  CHECK(attempt.model == "fast");
  CHECK(attempt.provider == "compatible");
  CHECK(attempt.account.empty());
  CHECK(attempt.wire_model == "gpt-x");
  CHECK(attempt.answered_by == "m");
  CHECK(attempt.request_id == "req-1");
  CHECK(attempt.asked == began);
  CHECK(attempt.sent == began);
  CHECK(attempt.ended == began + 2s);
  CHECK(attempt.outcome == "ok");
  CHECK_FALSE(attempt.fault);
  CHECK(attempt.status == 200);
  CHECK(attempt.used == TokenCounts{.input = 9, .output = 4});
  CHECK(attempt.reserved == Estimate{8, 100, 100});
  CHECK(attempt.cap == 100);
  CHECK(attempt.debt == 0);
  CHECK(attempt.cost_nano == 9 * 2 + 4 * 3);
  CHECK(attempt.charge.nano == 30);
  CHECK(attempt.charge.tokens == 13);
  const FlightRecord& told = f.log.flights[0];
  CHECK(told.outcome == "ok");
  CHECK(told.started == began);
  CHECK(told.ended == began + 2s);
  CHECK(told.flight == attempt.flight);
  CHECK(told.attempts.size() == 1);
}

TEST_CASE("a job that is nobody's call is told to no log", "[flight][book]") {
  Field f;
  const auto flight = f.fly();
  f.http.answer(0, answer(9, 4));
  CHECK(f.log.attempts.empty());
  CHECK(f.log.flights.empty());
}

TEST_CASE("each attempt is told as what became of it, and costs what it did", "[flight][book]") {
  Field f;
  f.model->settings.max_attempts = 4;
  const auto flight = f.take_off();
  f.http.answer(0, failure(Fault::unavailable, false));
  f.loop.run_for(1min);
  f.http.answer_last(status(500));
  f.loop.run_for(1min);
  f.http.answer_last(failure(Fault::unavailable, true));
  f.loop.run_for(2min);
  REQUIRE(f.http.count() == 4);
  f.http.answer_last(answer(8, 200));
  REQUIRE(f.log.attempts.size() == 4);
  const auto& told = f.log.attempts;
  CHECK(told[0].outcome == "unsent");
  CHECK(told[0].cost_nano == 0);
  CHECK(told[1].outcome == "error");
  CHECK(told[1].status == 500);
  CHECK(told[1].cost_nano == 0);
  CHECK(told[2].outcome == "error");
  CHECK(told[2].fault == Fault::unavailable);
  CHECK_FALSE(told[2].cost_nano);
  CHECK_FALSE(told[2].used);
  CHECK(told[3].outcome == "ok");
  CHECK(told[3].number == 4);
  CHECK(told[3].cost_nano == 616);
  CHECK(told[3].debt == 100);
  REQUIRE(f.log.flights.size() == 1);
  CHECK(f.log.flights[0].outcome == "ok");
  CHECK(f.log.flights[0].attempts.size() == 4);
}

TEST_CASE("a refusal for a rate is told as that", "[flight][book]") {
  Field f;
  f.model->settings.max_attempts = 1;
  const auto flight = f.take_off();
  f.http.answer(0, status(429));
  REQUIRE(f.log.flights.size() == 1);
  CHECK(f.log.attempts[0].outcome == "rate_limited");
  CHECK(f.log.attempts[0].cost_nano == 0);
  CHECK(f.log.flights[0].outcome == "rate_limited");
}

TEST_CASE("who is dropped in the air is told as cancelled, before and after sending", "[flight][book]") {
  Field f;
  auto sent = f.take_off(), unsent = f.take_off(), waiting = f.take_off();
  f.http[0].sent = true;
  sent.reset();
  unsent.reset();
  waiting.reset();
  REQUIRE(f.log.attempts.size() >= 2);
  CHECK(f.log.attempts[0].outcome == "cancelled");
  CHECK_FALSE(f.log.attempts[0].cost_nano);
  CHECK(f.log.attempts[1].outcome == "unsent");
  CHECK(f.log.attempts[1].cost_nano == 0);
  REQUIRE(f.log.flights.size() == 3);
  for (const FlightRecord& flight : f.log.flights) CHECK(flight.outcome == "cancelled");
  CHECK(f.landings.empty());
}

TEST_CASE("a refusal by a limit is a flight without attempts", "[flight][book]") {
  Field f;
  Job job = f.job();
  job.call = f.call;
  job.prompt.max_output_tokens = 10'000;
  const auto flight = start_flight(f.air, job, [](Landing) {});
  f.loop.run_all();
  REQUIRE(f.log.flights.size() == 1);
  CHECK(f.log.flights[0].outcome == "refused");
  CHECK(f.log.flights[0].refusal->limit == "tpm");
  CHECK(f.log.attempts.empty());
}

TEST_CASE("a stream tells when its first byte came, and what was seen of one that broke off", "[flight][book]") {
  Field f;
  f.model->settings.stream = true;
  auto flight = f.take_off();
  f.http[0].sent = true;
  f.loop.run_for(300ms);
  const HttpResponse head{200, {{"content-type", "text/event-stream"}, {"x-request-id", "req-2"}}, {}};
  f.http.piece_last(head, "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" +
                              std::string(80, 'w') + "\"},\"finish_reason\":null}]}\n\n");
  f.loop.run_for(300ms);
  flight.reset();
  REQUIRE(f.log.attempts.size() == 1);
  const AttemptRecord& attempt = f.log.attempts[0];
  CHECK(attempt.streamed);
  CHECK(attempt.first_byte == Duration(300ms));
  CHECK(attempt.request_id == "req-2");
  CHECK(attempt.status == 200);
  CHECK(attempt.at_least);
  CHECK(attempt.used == TokenCounts{.output = 10});
  CHECK(attempt.cost_nano == 30);
  CHECK(attempt.outcome == "cancelled");
}

TEST_CASE("a provider is told of the call's trace only if that is wanted, and there is one", "[flight][book]") {
  Field f;
  const auto header = [&](const char* name) -> std::string {
    for (const auto& [key, value] : f.http.last().request.headers)
      if (key == name) return value;
    return "";
  };
  f.air.trace_upstream = true;
  f.take_off();
  CHECK(header("traceparent").empty());
  f.call->trace.trace[15] = 0xab;
  f.call->trace.sampled = true;
  f.take_off();
  const std::string sent = header("traceparent");
  REQUIRE(sent.size() == 55);
  CHECK(sent.substr(0, 36) == "00-000000000000000000000000000000ab-");
  CHECK(sent.substr(36, 16) == hex(f.log.flights.back().trace.span));
  CHECK(sent.substr(36, 16) != "0000000000000000");
  CHECK(header("tracestate").empty());
  f.call->trace.state = "vendor=1";
  f.take_off();
  CHECK(header("tracestate") == "vendor=1");
  f.air.trace_upstream = false;
  f.take_off();
  CHECK(header("traceparent").empty());
}

TEST_CASE("what a call may cost at most is held until it is known what it cost", "[flight][book][budgets]") {
  Field f;
  f.give(Amounts{.day_nano = 1'000, .day_tokens = 10'000});
  const auto flight = f.take_off();
  CHECK(f.budget(0).held == 316);
  CHECK(f.budget(1).held == 108);
  f.http.answer(0, answer(9, 4));
  CHECK(f.budget(0).held == 0);
  CHECK(f.budget(0).spent == 30);
  CHECK(f.budget(1).spent == 13);
  REQUIRE(f.log.attempts.size() == 1);
  CHECK(f.log.attempts[0].charge == BudgetCharge{"2027-01-15", "2027-01", 30, 13});
}

TEST_CASE("the dearest way to read the input is what is held", "[flight][book][budgets]") {
  Field f;
  f.model->settings.facts.prices.cache_write = 5'000;
  f.give(Amounts{.day_nano = 1'000});
  const auto flight = f.take_off();
  CHECK(f.budget().held == 8 * 5 + 100 * 3);
}

TEST_CASE("a budget refuses at once, by name, what it cannot bear, and nothing is sent", "[flight][book][budgets]") {
  Field f;
  f.give(Amounts{.day_nano = 632});
  const auto first = f.take_off(), second = f.take_off();
  CHECK(f.http.count() == 2);
  CHECK(f.budget().held == 632);
  const auto third = f.take_off();
  CHECK(f.landings.empty());  // never inside start
  f.loop.run_for(1ms);
  REQUIRE(f.landings.size() == 1);
  const auto& refusal = std::get<Refusal>(f.landings[0].outcome);
  CHECK(refusal.limit == "budget_day_usd");
  CHECK(refusal.scope == "ci");
  CHECK(f.http.count() == 2);
  CHECK(f.log.flights.at(0).outcome == "refused");
}

TEST_CASE("an answer whose cost nobody knows is charged as it was held", "[flight][book][budgets]") {
  Field f;
  f.give(Amounts{.day_nano = 1'000, .day_tokens = 1'000});
  f.model->settings.max_attempts = 1;
  const auto without_usage = f.take_off();
  f.http.answer_last(answer_without_usage());
  CHECK(f.budget(0).spent == 316);
  CHECK(f.budget(1).spent == 108);
  const auto broken = f.take_off();
  f.http.answer_last(failure(Fault::unavailable, true));
  CHECK(f.budget(0).spent == 632);
  const auto rejected = f.take_off();
  f.http.answer_last(status(500));
  const auto unsent = f.take_off();
  f.http.answer_last(failure(Fault::unavailable, false));
  CHECK(f.budget(0).spent == 632);
  CHECK(f.budget(0).held == 0);
  CHECK(f.log.attempts.at(1).charge.nano == 316);
  CHECK(f.log.attempts.at(2).charge.nano == 0);
}

TEST_CASE("whoever leaves the queue gives back what was held for him", "[flight][book][budgets]") {
  Field f;
  f.give(Amounts{.day_nano = 10'000});
  const auto first = f.take_off(), second = f.take_off();
  auto cancelled = f.take_off(), dropped = f.take_off();
  const auto refused = f.take_off(f.loop.now() + 1s);
  CHECK(f.http.count() == 2);
  CHECK(f.budget().held == 5 * 316);
  cancelled->cancel();
  CHECK(f.budget().held == 4 * 316);
  dropped.reset();
  CHECK(f.budget().held == 3 * 316);
  f.loop.run_for(2s);
  CHECK(f.budget().held == 2 * 316);
  CHECK(f.budget().spent == 0);
}

TEST_CASE("what has no price is not let past a budget in money", "[flight][book][budgets]") {
  Field f;
  f.model->settings.facts.prices = {};
  f.give(Amounts{.day_nano = 10'000});
  const auto refused = f.take_off();
  f.loop.run_for(1ms);
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().fault == Fault::bad_input);
  CHECK(f.error().message.find("budget_day_usd") != std::string::npos);
  CHECK(f.http.count() == 0);
  f.give(Amounts{.day_tokens = 10'000});
  const auto by_tokens = f.take_off();
  CHECK(f.http.count() == 1);
  CHECK(f.budget().held == 108);
}

}  // namespace
}  // namespace weir
