#include "tools/flight.h"

#include <catch2/catch.hpp>

#include "config/zone.h"
#include "tests/tools/flight_field.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::answer;
using fakes::failure;
using Field = fakes::FlightField;

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

// Settling a flight makes the gate answer others: here one that lands because its deadline has come, and whose landing
// destroys the very flight that settles.
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

// A retry enters the gate at the instant at which another's deadline comes. That other is admitted first, finds no time
// left, and its landing destroys the flight that is still inside enter(); the gate then has its turn, and nobody to
// give it to.
TEST_CASE("a flight may be destroyed by another's landing, in the middle of asking", "[flight]") {
  Field f;
  f.model->settings.alias = "slow";
  f.model->settings.model = "slow";
  f.model->settings.limits[0].amount = 12;
  f.model->settings.limits[0].burst = 1;
  f.model->group = f.gate.group(limit_group(f.model->settings));
  auto asking = f.fly();
  f.http.answer(0, HttpResponse{503, {{"retry-after", "5"}}, "{}"});
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

TEST_CASE("who waits for an empty sky is told once: at once, or after the last landing", "[flights]") {
  Field f;
  Flights flights(f.air);
  int told = 0;
  flights.when_empty([&] { ++told; });
  CHECK(told == 1);
  flights.start(f.job(), [](const Landing&) {});
  const FlightId second = flights.start(f.job(), [&](const Landing&) { CHECK(told == 1); });
  flights.when_empty([&] { ++told; });
  f.http.answer(0, answer(1, 1));
  CHECK(told == 1);
  flights.cancel(second);
  CHECK(told == 2);
  flights.start(f.job(), [](const Landing&) {});
  flights.cancel_all();
  CHECK(told == 2);
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

TEST_CASE("a day's quota that is used up is not asked of again before the provider's midnight", "[flight]") {
  fakes::FlightField f;
  f.model->settings.provider = "google";
  const auto flight = f.fly();
  f.http.answer_last(
      HttpResponse{429, {}, R"({"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[
    {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[
      {"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"50"}]},
    {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"10s"}]}})"});
  REQUIRE(f.landings.size() == 1);  // it is not retried
  const WallTime now = f.loop.wall();
  CHECK(f.gate.paused_for(f.model->group) == next_midnight("America/Los_Angeles", now) - now);
  CHECK(f.gate.paused_for(f.model->group) > 1h);
}

TEST_CASE("where what was cached is not counted, the reservation of the next call leaves it out too", "[flight]") {
  const auto reserved_after = [](ChargeModel charge_model) {
    fakes::FlightField f;
    f.model->settings.charge_model = charge_model;
    Job job = f.job();
    job.prompt.user = std::string(1'200, 'x');  // 400 tokens, of which 350 are read from the cache each time
    for (int i = 0; i < 20; ++i) {
      const auto flight = start_flight(f.air, job, [](Landing) {});
      HttpResponse answer = fakes::answer(400, 5);
      answer.body.insert(answer.body.find("\"completion_tokens\""),
                         R"("prompt_tokens_details":{"cached_tokens":350},)");
      f.http.answer_last(answer);
      f.loop.run_for(60s);
    }
    const auto flight = start_flight(f.air, job, [](Landing) {});
    return f.tokens_charged() - 100;  // without the cap on the answer
  };
  CHECK(reserved_after(ChargeModel::total) >= 400);
  CHECK(reserved_after(ChargeModel::anthropic) < 120);
}

TEST_CASE("a call goes by another key when the first would have to wait, each within its own limits", "[flight]") {
  fakes::FlightField f;
  Model spare = *f.model;
  spare.settings.alias = "fast/b";
  spare.settings.api_key = Secret("sk-b", "env:B");
  spare.settings.limits = {fakes::per_minute("rpm", LimitCounts::requests, 60, 1)};
  spare.group = f.gate.group(limit_group(spare.settings));
  f.model->settings.limits = {fakes::per_minute("rpm", LimitCounts::requests, 60, 1)};
  f.model->settings.api_key = Secret("sk-a", "env:A");
  f.model->group = f.gate.group(limit_group(f.model->settings));
  f.model->spares = {std::make_shared<const Model>(spare)};
  const auto key = [&](std::size_t i) {
    for (const auto& [name, value] : f.http[i].request.headers)
      if (name == "Authorization") return value;
    return std::string();
  };
  const auto first = f.fly();
  const auto second = f.fly();
  const auto third = f.fly();
  REQUIRE(f.http.count() == 2);
  CHECK(key(0) == "Bearer sk-a");
  CHECK(key(1) == "Bearer sk-b");
  CHECK(third->view().stage == FlightView::Stage::waiting);
  CHECK(third->view().obstacle == "rpm");
}

}  // namespace
}  // namespace weir
