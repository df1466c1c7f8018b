#include "tools/flight.h"

#include <catch2/catch.hpp>

#include "tests/tools/flight_field.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::answer;
using fakes::answer_without_usage;
using fakes::failure;
using Field = fakes::FlightField;

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
  CHECK(landing.receipt.reserved == Estimate{8, 100, 100});
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
  CHECK(f.error().message == R"(model "fast": the provider "opnai" does not answer prompts)");
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
  const auto first = f.fly(), second = f.fly();
  f.http.answer(0, HttpResponse{429, {{"retry-after", "10"}}, "{}"});
  CHECK(f.landings.empty());
  f.http.answer(1, HttpResponse{429, {{"retry-after", "11"}}, "{}"});
  REQUIRE(f.landings.size() == 1);
  CHECK(f.error().fault == Fault::unavailable);
  CHECK(f.error().message.find("retry after 11 s") != std::string::npos);
}

TEST_CASE("a Retry-After beyond the caller's deadline lands at once as unavailable and names the wait", "[flight]") {
  Field f;
  const auto first = f.fly(f.loop.now() + 3s + 1ns), second = f.fly(f.loop.now() + 3s);
  f.http.answer(0, HttpResponse{429, {{"retry-after", "3"}}, "{}"});
  CHECK(f.landings.empty());
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
  f.http.answer(0, HttpResponse{503, {{"retry-after", "2"}}, "{}"});
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

TEST_CASE("the configured key is masked when the provider repeats it", "[flight]") {
  Field f;
  f.model->settings.api_key = Secret("hunter2hunter2", "env:KEY");
  const auto flight = f.fly();
  f.http.answer(0, HttpResponse{401, {}, R"({"error":"Invalid key hunter2hunter2, really: hunter2hunter2!"})"});
  CHECK(f.error().fault == Fault::denied);
  CHECK(f.error().message.find("hunter2") == std::string::npos);
  CHECK(f.error().message.find("Invalid key ***, really: ***!") != std::string::npos);
}

TEST_CASE("a refusal for a rate closes the group for every call of it, until the provider's word has passed",
          "[flight]") {
  Field f;
  const auto first = f.fly();
  f.http.answer(
      0, HttpResponse{429, {{"retry-after", "2"}}, R"({"error":{"type":"tokens","code":"rate_limit_exceeded"}})"});
  const auto second = f.fly();
  CHECK(f.http.count() == 1);
  f.loop.run_for(2s - 1ns);
  CHECK(f.http.count() == 1);
  f.loop.run_for(1ns);
  CHECK(f.http.count() == 2);  // one probe, who asked first
  f.http.answer(1, answer(9, 4));
  CHECK(f.http.count() == 3);
  CHECK(f.landings.size() == 1);
}

TEST_CASE("what the headers say is left, is left", "[flight]") {
  Field f;
  const auto flight = f.fly();
  HttpResponse said = answer(9, 4);
  said.headers = {{"x-ratelimit-remaining-tokens", "500"}, {"x-ratelimit-limit-tokens", "3000"}};
  f.http.answer(0, said);
  CHECK(f.store.level(1, f.loop.now()) == 500);
  CHECK(f.store.limit(1).amount == 3000);
  CHECK(f.store.limit(0).amount == 60);
}

TEST_CASE("what answers were long before is what is reserved for the next, and never more than their cap", "[flight]") {
  Field f;
  const auto reserved = [&] {
    Job job = f.job();
    job.kind = 7;
    const auto flight = start_flight(f.air, job, [&](Landing landing) { f.landings.push_back(std::move(landing)); });
    f.http.answer_last(answer(8, 12));
    return f.landings.back().receipt.reserved.output_tokens;
  };
  for (int i = 0; i < 5; ++i) CHECK(reserved() == 100);
  const std::int64_t sixth = reserved();
  CHECK(sixth < 50);
  CHECK(sixth >= 12);
}

TEST_CASE("a call that is charged without its cached input says so to the limits only", "[flight]") {
  for (const auto& [model, charged] : {std::pair{ChargeModel::total, 1'004}, std::pair{ChargeModel::anthropic, 104}}) {
    Field f;
    f.model->settings.charge_model = model;
    const auto flight = f.fly();
    f.http.answer(
        0,
        HttpResponse{200,
                     {},
                     R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":)"
                     R"({"prompt_tokens":1000,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":900}}})"});
    CHECK(f.tokens_charged() == charged);
    CHECK(f.landings[0].receipt.used.input == 1000);
  }
}

}  // namespace
}  // namespace weir
