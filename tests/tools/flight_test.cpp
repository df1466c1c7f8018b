#include "tools/flight.h"

#include <catch2/catch.hpp>

#include "limiter/store_memory.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_loop.h"
#include "tools/flights.h"

namespace weir {
namespace {
using namespace std::chrono_literals;

HttpResponse answer(std::int64_t input, std::int64_t output) {
  return {200,
          {},
          R"({"model":"m","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":)" +
              std::to_string(input) + R"(,"completion_tokens":)" + std::to_string(output) + "}}"};
}
HttpResponse answer_without_usage() {
  return {200, {}, R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})"};
}
HttpResult failure(Fault fault, bool sent) {
  return tl::unexpected(HttpFailure{.fault = fault, .message = "it broke", .sent = sent});
}

// One model with 60 requests and 6,000 tokens a minute; prompt() reserves 108 tokens: 8 in, 100 out.
struct Field {
  fakes::FakeLoop loop;
  MemoryStore store;
  Gate gate{loop, store, {.slots = 2, .queue_limit = 8, .queue_bytes = 1 << 20, .max_wait = 30s}};
  fakes::FakeHttp http;
  RetryBudgets budgets;
  std::mt19937_64 random{1};
  Airspace air{loop, gate, http, budgets, random};
  std::shared_ptr<Model> model = std::make_shared<Model>();
  std::vector<Landing> landings;

  Field() {
    model->settings.alias = "fast";
    model->settings.provider = "compatible";
    model->settings.base_url = "http://provider/v1";
    model->settings.rpm = 60;
    model->settings.tpm = 6'000;
    model->settings.prices = {.input = 2, .cached_input = {}, .output = 3};
    model->group = gate.group(limit_group(model->settings));
  }
  static Prompt prompt() { return {.system = "", .user = "abc", .max_output_tokens = 100}; }
  Job job(std::optional<Instant> deadline = {}) { return {model, prompt(), deadline}; }
  std::unique_ptr<Flight> fly(std::optional<Instant> deadline = {}) {
    return start_flight(air, job(deadline), [this](Landing landing) { landings.push_back(std::move(landing)); });
  }
  // What is missing from the full buckets.
  std::int64_t requests_charged() { return 60 - store.level(0, loop.now()); }
  std::int64_t tokens_charged() { return 6'000 - store.level(1, loop.now()); }
  const Error& error(std::size_t i = 0) { return std::get<Error>(landings.at(i).outcome); }
};

TEST_CASE("an answer lands as a completion, and its usage replaces the reservation", "[flight]") {
  Field f;
  const auto flight = f.fly();
  REQUIRE(f.http.count() == 1);
  CHECK(f.http[0].request.url == "http://provider/v1/chat/completions");
  CHECK(f.tokens_charged() == 108);
  f.http.answer(0, answer(9, 4));
  REQUIRE(f.landings.size() == 1);
  const Landing& landing = f.landings[0];
  CHECK(std::get<Completion>(landing.outcome).text == "Hi");
  CHECK(landing.receipt.reserved == Estimate{8, 100});
  CHECK(landing.receipt.used == TokenCounts{.input = 9, .output = 4});
  CHECK(landing.receipt.usage_known);
  CHECK(landing.receipt.attempts == 1);
  CHECK(landing.receipt.cost_picodollars == 9 * 2 + 4 * 3);
  CHECK(f.requests_charged() == 1);
  CHECK(f.tokens_charged() == 13);
  CHECK(f.gate.state().slots_taken == 0);
  CHECK(f.loop.timers() == 0);
}

TEST_CASE("an answer without usage keeps the reservation, and its cost is unknown", "[flight]") {
  Field f;
  const auto flight = f.fly();
  f.http.answer(0, answer_without_usage());
  REQUIRE(f.landings.size() == 1);
  CHECK_FALSE(f.landings[0].receipt.usage_known);
  CHECK_FALSE(f.landings[0].receipt.cost_picodollars.has_value());
  CHECK(f.tokens_charged() == 108);
}

TEST_CASE("a refusal of the gate lands as it is, after start has returned", "[flight]") {
  Field f;
  Job job = f.job();
  job.prompt.max_output_tokens = 10'000;
  const auto flight = start_flight(f.air, job, [&](Landing landing) { f.landings.push_back(landing); });
  CHECK(f.landings.empty());
  f.loop.run_all();
  REQUIRE(f.landings.size() == 1);
  const auto& refusal = std::get<Refusal>(f.landings[0].outcome);
  CHECK(refusal.reason == Refusal::Reason::never);
  CHECK(refusal.limit == "tpm");
  CHECK(f.http.count() == 0);
  CHECK(f.requests_charged() == 0);
}

TEST_CASE("a deadline that has passed lands as timed out, after start has returned, charging nothing", "[flight]") {
  Field f;
  const auto flight = f.fly(f.loop.now());
  CHECK(f.landings.empty());
  f.loop.run_all();
  CHECK(f.error().fault == Fault::timed_out);
  CHECK(f.requests_charged() == 0);
}

TEST_CASE("a provider that the table lacks lands as bad input", "[flight]") {
  Field f;
  f.model->settings.provider = "opnai";
  const auto flight = f.fly();
  f.loop.run_all();
  CHECK(f.error().fault == Fault::bad_input);
  CHECK(f.error().message == R"(model "fast": no provider named "opnai"; "openai" or "compatible" was expected)");
}

TEST_CASE("a failed connection returns everything; a broken exchange keeps the reservation", "[flight]") {
  Field f;
  f.model->settings.max_attempts = 1;
  const auto first = f.fly();
  f.http.answer(0, failure(Fault::unavailable, false));
  CHECK(f.requests_charged() == 0);
  CHECK(f.tokens_charged() == 0);
  const auto second = f.fly();
  f.http.answer(1, failure(Fault::timed_out, true));
  CHECK(f.requests_charged() == 1);
  CHECK(f.tokens_charged() == 108);
  CHECK(f.error(0).message == R"(model "fast": it broke; gave up after 1 attempt)");
  CHECK(f.error(1).fault == Fault::timed_out);
}

TEST_CASE("an error answer keeps the request and returns the tokens", "[flight]") {
  for (const int status : {400, 401, 404, 500}) {
    Field f;
    f.model->settings.max_attempts = 1;
    const auto flight = f.fly();
    f.http.answer(0, HttpResponse{status, {}, "{}"});
    INFO(status);
    CHECK(f.requests_charged() == 1);
    CHECK(f.tokens_charged() == 0);
    CHECK(f.landings.size() == 1);
  }
}

TEST_CASE("a retry waits without a slot, is charged anew, and lands once", "[flight]") {
  Field f;
  const auto flight = f.fly();
  f.http.answer(0, HttpResponse{429, {{"retry-after", "2"}}, "{}"});
  CHECK(f.gate.state().slots_taken == 0);
  CHECK(f.landings.empty());
  f.loop.run_for(2s - 1ns);
  CHECK(f.http.count() == 1);
  f.loop.run_for(1ns);
  REQUIRE(f.http.count() == 2);
  CHECK(f.gate.state().slots_taken == 1);
  f.http.answer(1, answer(9, 4));
  REQUIRE(f.landings.size() == 1);
  CHECK(f.landings[0].receipt.attempts == 2);
  CHECK(f.landings[0].receipt.took == 2s);
  CHECK(f.tokens_charged() == 13);
}

TEST_CASE("as many attempts are made as the model allows", "[flight]") {
  Field f;
  f.model->settings.max_attempts = 3;
  const auto flight = f.fly();
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(f.http.count() == i + 1);
    f.http.answer(i, HttpResponse{503, {}, R"({"error":"busy"})"});
    f.loop.run_for(5s);
  }
  CHECK(f.http.count() == 3);
  CHECK(f.error().fault == Fault::unavailable);
  CHECK(f.error().message == R"(model "fast": the provider answered 503: busy; gave up after 3 attempts)");
  CHECK(f.landings[0].receipt.attempts == 3);
}

TEST_CASE("what retrying does not help lands at once", "[flight]") {
  for (const int status : {400, 401, 402, 403, 404, 413, 422}) {
    Field f;
    const auto flight = f.fly();
    f.http.answer(0, HttpResponse{status, {{"retry-after", "1"}}, "{}"});
    INFO(status);
    CHECK(f.landings.size() == 1);
    CHECK(f.loop.timers() == 0);
  }
}

TEST_CASE("a Retry-After beyond the retry time lands at once as unavailable and names the wait", "[flight]") {
  Field f;
  f.model->settings.retry_time = 10s;
  const auto first = f.fly();
  f.http.answer(0, HttpResponse{429, {{"retry-after", "10"}}, "{}"});
  CHECK(f.landings.empty());
  const auto second = f.fly();
  f.http.answer(1, HttpResponse{429, {{"retry-after", "11"}}, "{}"});
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().fault == Fault::unavailable);
  CHECK(f.error().message.find("retry after 11 s") != std::string::npos);
}

TEST_CASE("a Retry-After beyond the caller's deadline lands at once as unavailable and names the wait", "[flight]") {
  Field f;
  const auto first = f.fly(f.loop.now() + 3s + 1ns);
  f.http.answer(0, HttpResponse{429, {{"retry-after", "3"}}, "{}"});
  CHECK(f.landings.empty());
  const auto second = f.fly(f.loop.now() + 3s);
  f.http.answer(1, HttpResponse{429, {{"retry-after", "3"}}, "{}"});
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().fault == Fault::unavailable);
  CHECK(f.error().message.find("retry after 3 s") != std::string::npos);
}

TEST_CASE("retries stop when the model's budget of retries is used up", "[flight]") {
  Field f;
  for (int i = 0; i < 10; ++i) REQUIRE(f.budgets.spend(f.model->group));
  const auto flight = f.fly();
  f.http.answer(0, HttpResponse{503, {}, "{}"});
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().message.find("not tried again") != std::string::npos);
}

TEST_CASE("a retry that the gate refuses lands as that refusal", "[flight]") {
  Field f;
  auto flight = f.fly();
  f.http.answer(0, HttpResponse{429, {{"retry-after", "2"}}, "{}"});
  f.gate.close();
  f.loop.run_all();
  REQUIRE(f.landings.size() == 1);
  CHECK(std::get<Refusal>(f.landings[0].outcome).reason == Refusal::Reason::closing);
  CHECK(f.landings[0].receipt.attempts == 1);
}

TEST_CASE("a retry may not wait for admission beyond the retry time", "[flight]") {
  Field f;
  f.model->settings.retry_time = 5s;
  auto flight = f.fly();
  f.http.answer(0, HttpResponse{429, {{"retry-after", "2"}}, "{}"});
  const auto a = f.fly(), b = f.fly();  // both slots, for ever
  f.loop.run_for(5s);
  REQUIRE(f.landings.size() == 1);
  CHECK(std::get<Refusal>(f.landings[0].outcome).reason == Refusal::Reason::timed_out);
  CHECK(f.landings[0].receipt.waited == 3s);
}

TEST_CASE("the caller's deadline bounds the exchange", "[flight]") {
  Field f;
  const auto flight = f.fly(f.loop.now() + 7s);
  CHECK(f.http[0].request.total_timeout == 7s);
  CHECK(f.http[0].request.first_byte_timeout == 7s);
  CHECK(f.http[0].request.connect_timeout == f.model->settings.connect_timeout);
}

TEST_CASE("cancelled while waiting: lands at once, charges nothing", "[flight]") {
  Field f;
  const auto a = f.fly(), b = f.fly(), waiting = f.fly();
  REQUIRE(f.gate.state().waiting == 1);
  f.loop.run_for(1s);
  waiting->cancel();
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().fault == Fault::cancelled);
  CHECK(f.landings[0].receipt.waited == 1s);
  CHECK(f.gate.state().waiting == 0);
  CHECK(f.http.count() == 2);
}

TEST_CASE("cancelled before a byte was sent: all returned; after: the reservation is kept", "[flight]") {
  Field f;
  const auto unsent = f.fly();
  unsent->cancel();
  CHECK(f.http[0].cancelled);
  CHECK(f.requests_charged() == 0);
  CHECK(f.tokens_charged() == 0);
  const auto sent = f.fly();
  f.http[1].sent = true;
  sent->cancel();
  CHECK(f.http[1].cancelled);
  CHECK(f.requests_charged() == 1);
  CHECK(f.tokens_charged() == 108);
  CHECK(f.landings.size() == 2);
}

TEST_CASE("cancelled between two attempts: lands at once, no timer is left", "[flight]") {
  Field f;
  const auto flight = f.fly();
  f.http.answer(0, HttpResponse{503, {{"retry-after", "2"}}, "{}"});
  flight->cancel();
  CHECK(f.error().fault == Fault::cancelled);
  CHECK(f.loop.timers() == 0);
}

TEST_CASE("cancelling what has landed does nothing", "[flight]") {
  Field f;
  const auto flight = f.fly();
  f.http.answer(0, answer(9, 4));
  flight->cancel();
  CHECK(f.landings.size() == 1);
}

TEST_CASE("cancelled between a refusal and its landing: lands once, as cancelled", "[flight]") {
  Field f;
  f.gate.close();
  const auto flight = f.fly();
  flight->cancel();
  f.loop.run_all();
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().fault == Fault::cancelled);
}

TEST_CASE("destroyed at any step, a flight is silent and leaves nothing taken", "[flight]") {
  Field f;
  auto calling = f.fly(), sent = f.fly(), waiting = f.fly();
  f.http[1].sent = true;
  waiting.reset();
  CHECK(f.gate.state().waiting == 0);
  calling.reset();
  CHECK(f.tokens_charged() == 108);
  sent.reset();
  CHECK(f.tokens_charged() == 108);
  auto pausing = f.fly();
  f.http.answer_last(HttpResponse{503, {}, "{}"});
  pausing.reset();
  f.gate.close();
  auto refused = f.fly();
  refused.reset();
  f.loop.run_all();
  CHECK(f.landings.empty());
  CHECK(f.gate.state().slots_taken == 0);
}

TEST_CASE("a flight may be destroyed by its own landing", "[flight]") {
  Field f;
  std::unique_ptr<Flight> flight;
  int landed = 0;
  flight = start_flight(f.air, f.job(), [&](Landing) {
    ++landed;
    flight.reset();
  });
  f.http.answer(0, answer(9, 4));
  flight = start_flight(f.air, f.job(), [&](Landing) {
    ++landed;
    flight.reset();
  });
  flight->cancel();
  CHECK(landed == 2);
  CHECK(flight == nullptr);
}

// Settling a flight makes the gate answer others: here one that lands because its deadline has come, and whose landing destroys
// the very flight that settles.
TEST_CASE("a flight may be destroyed by another's landing, in the middle of settling", "[flight]") {
  Field f;
  auto settling = f.fly(), other = f.fly();
  std::function<void()> settle;
  SECTION("by an answer") {
    settle = [&] { f.http.answer(0, answer(9, 4)); };
  }
  SECTION("by an error that would be retried") {
    settle = [&] { f.http.answer(0, HttpResponse{500, {}, "{}"}); };
  }
  SECTION("by its cancellation") {
    settle = [&] { settling->cancel(); };
  }
  const Timer before_the_deadlines_own = f.loop.at(f.loop.now() + 5s, settle);
  const auto expiring = start_flight(f.air, f.job(f.loop.now() + 5s), [&](Landing landing) {
    f.landings.push_back(std::move(landing));
    settling.reset();
  });
  f.loop.run_for(5s);
  CHECK(settling == nullptr);
  REQUIRE(f.landings.size() == 1);  // the destroyed one is silent
  CHECK(f.error().fault == Fault::timed_out);
  CHECK(f.gate.state().slots_taken == 1);
}

// A retry enters the gate at the instant at which another's deadline comes. That other is admitted first, finds no time left, and its
// landing destroys the flight that is still inside enter(); the gate then has its turn, and nobody to give it to.
TEST_CASE("a flight may be destroyed by another's landing, in the middle of asking", "[flight]") {
  Field f;
  f.model->settings.alias = "slow";
  f.model->settings.model = "slow";
  f.model->settings.rpm = 12;
  f.model->settings.rpm_burst = 1;
  f.model->group = f.gate.group(limit_group(f.model->settings));
  auto asking = f.fly();
  f.http.answer(0, HttpResponse{429, {{"retry-after", "5"}}, "{}"});
  const auto expiring = start_flight(f.air, f.job(f.loop.now() + 5s), [&](Landing landing) {
    f.landings.push_back(std::move(landing));
    asking.reset();
  });
  REQUIRE(f.gate.state().waiting == 1);
  f.loop.run_for(5s);
  CHECK(asking == nullptr);
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().fault == Fault::timed_out);
  CHECK(f.http.count() == 1);
  CHECK(f.gate.state().slots_taken == 0);
  CHECK(f.gate.state().waiting == 0);
}

TEST_CASE("the configured key is masked when the provider repeats it", "[flight]") {
  Field f;
  f.model->settings.api_key = Secret("hunter2hunter2", "env:KEY");
  const auto flight = f.fly();
  f.http.answer(0, HttpResponse{401, {}, R"({"error":"Invalid key hunter2hunter2, really: hunter2hunter2!"})"});
  CHECK(f.error().fault == Fault::denied);
  CHECK(f.error().message.find("hunter2") == std::string::npos);
  CHECK(f.error().message.find("Invalid key ***, really: ***!") != std::string::npos);
}

TEST_CASE("Flights keeps what is in the air, and forgets it before its landing is told", "[flight]") {
  Field f;
  Flights flights(f.air);
  std::size_t in_air_at_landing = 99;
  const FlightId id = flights.start(f.job(), [&](Landing) { in_air_at_landing = flights.in_air(); });
  CHECK(id != 0);
  CHECK(flights.in_air() == 1);
  f.http.answer(0, answer(9, 4));
  CHECK(in_air_at_landing == 0);
  CHECK(flights.in_air() == 0);
  flights.cancel(id);
  flights.cancel(12345);
}

TEST_CASE("cancelling all lands each once, also when a landing cancels others or starts new ones", "[flight]") {
  Field f;
  Flights flights(f.air);
  std::vector<FlightId> ids;
  int landed = 0;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(flights.start(f.job(), [&](Landing landing) {
      CHECK(std::get<Error>(landing.outcome).fault == Fault::cancelled);
      if (++landed == 1) {
        for (const FlightId id : ids) flights.cancel(id);
        (void)flights.start(f.job(), [&](Landing) {});
      }
    }));
  }
  flights.cancel_all();
  CHECK(landed == 6);
  CHECK(flights.in_air() == 1);
  flights.cancel_all();
  CHECK(flights.in_air() == 0);
  CHECK(f.gate.state().slots_taken == 0);
  CHECK(f.gate.state().waiting == 0);
}

}  // namespace
}  // namespace weir
