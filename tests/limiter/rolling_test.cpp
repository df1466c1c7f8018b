#include "limiter/rolling.h"

#include <catch2/catch.hpp>
#include <deque>

#include "tests/fakes/property.h"

using namespace weir;
using namespace std::chrono_literals;

namespace {

const Instant t0{std::chrono::hours(1000)};

Limit rolling(std::int64_t amount, std::int64_t burst, Duration per = 1min, std::int64_t debt = 0) {
  return {"tpm", Unit::tokens, amount, per, burst, debt, Shape::rolling};
}

// What was taken, when; settled in place.
struct Taken {
  Instant at;
  std::int64_t units;
};

// The most that lies within any `span` (half open), looked for by brute force.
std::int64_t worst(const std::vector<Taken>& log, Duration span) {
  std::int64_t most = 0;
  for (std::size_t from = 0; from < log.size(); ++from) {
    std::int64_t sum = 0;
    for (std::size_t to = from; to < log.size() && log[to].at < log[from].at + span; ++to) sum += log[to].units;
    most = std::max(most, sum);
  }
  return most;
}

Duration some_gap(const Limit& limit) {
  const std::int64_t per = limit.per.count();
  return Duration(*rc::gen::oneOf(rc::gen::just<std::int64_t>(0), rc::gen::inRange<std::int64_t>(0, 1000),
                                  rc::gen::inRange<std::int64_t>(0, per / 100 + 2),
                                  rc::gen::inRange<std::int64_t>(0, per / 2), rc::gen::just(per),
                                  rc::gen::just(3 * per)));
}

Limit any_limit(std::int64_t debt = 0) {
  const auto amount = *rc::gen::inRange<std::int64_t>(1, 2000);
  const auto per = *rc::gen::element<Duration>(1s, 1min, 1h, 100ms, 777777777ns, 60'000'000'007ns);
  return rolling(amount, *rc::gen::inRange<std::int64_t>(1, amount + 1), per, debt);
}

}  // namespace

TEST_CASE("whatever is asked and settled, no period holds more than the amount, and no second more than the burst",
          "[rolling][property]") {
  fakes::property("rolling bound", [] {
    const Limit limit = any_limit();
    Rolling rolling(limit);
    std::vector<Taken> log;
    Instant now = t0 + Duration(*rc::gen::inRange<std::int64_t>(0, limit.per.count()));
    for (int i = 0; i < 200; ++i) {
      now += some_gap(limit);
      const auto units = *rc::gen::inRange<std::int64_t>(1, limit.burst + 1);
      if (rolling.ready_at(limit, units, now) == now) {
        rolling.take(limit, units, now);
        log.push_back({now, units});
      } else if (!log.empty() && *rc::gen::inRange(0, 3) == 0) {
        // A surplus of a call that was taken not so long ago returns to its slot.
        Taken& call = log[log.size() - 1 - *rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(log.size(), 5))];
        const auto actual = *rc::gen::inRange<std::int64_t>(0, call.units + 1);
        rolling.settle(limit, call.units, actual, call.at, now);
        call.units = actual;
      }
    }
    RC_ASSERT(worst(log, limit.per) <= limit.amount);
    RC_ASSERT(worst(log, std::min<Duration>(limit.per, 1s)) <= limit.burst);
  });
}

TEST_CASE("a period that slots do not divide is not cut short by what is left over", "[rolling]") {
  const Limit limit = rolling(1, 1, 60'000'000'599ns);
  for (std::int64_t slot = 0; slot < 1200; ++slot) {
    Rolling rolling(limit);
    const Instant last_of_slot{slot * 100ms - 1ns + 1h};
    rolling.take(limit, 1, last_of_slot);
    if (rolling.ready_at(limit, 1, last_of_slot) < last_of_slot + limit.per) FAIL("slot " << slot);
  }
  SUCCEED();
}

TEST_CASE("a rolling limit's wait is exact: ready then, not a nanosecond before", "[rolling][property]") {
  fakes::property("exact waits", [] {
    const Limit limit = any_limit(500);
    Rolling rolling(limit);
    Instant now = t0;
    for (int i = 0; i < 60; ++i) {
      const auto units = *rc::gen::inRange<std::int64_t>(1, limit.burst + 1);
      const Instant ready = rolling.ready_at(limit, units, now);
      RC_ASSERT(ready >= now);
      if (ready > now) RC_ASSERT(rolling.ready_at(limit, units, ready - 1ns) == ready);
      RC_ASSERT(rolling.ready_at(limit, units, ready) == ready);
      rolling.take(limit, units, ready);
      now = ready + some_gap(limit) / 4;
      rolling.settle(limit, units, *rc::gen::inRange<std::int64_t>(0, 2 * limit.burst), ready, now);
    }
  });
}

TEST_CASE("a wait behind others is when the last of them has gone, and one more", "[rolling][property]") {
  fakes::property("exact waits behind others", [] {
    Limit limit = any_limit();
    // Of more than one period, exact where the seconds' cap does not bind; within one, always.
    const bool long_queue = *rc::gen::arbitrary<bool>();
    if (long_queue) limit.burst = limit.amount;
    Rolling rolling(limit);
    Instant now = t0;
    for (int i = *rc::gen::inRange(0, 30); i > 0; --i) {
      const auto units = *rc::gen::inRange<std::int64_t>(1, limit.burst + 1);
      now = rolling.ready_at(limit, units, now) + some_gap(limit) / 8;
      rolling.take(limit, units, now);
    }
    const auto ahead = *rc::gen::inRange<std::int64_t>(
        0, long_queue ? std::min<std::int64_t>(3 * limit.amount, 900) : std::min<std::int64_t>(limit.amount, 300));
    const Instant predicted = rolling.ready_at(limit, 1, now, ahead);
    Rolling played = rolling;
    for (std::int64_t i = 0; i < ahead; ++i) {
      now = played.ready_at(limit, 1, now);
      played.take(limit, 1, now);
    }
    RC_ASSERT(predicted == played.ready_at(limit, 1, now));
  });
}

TEST_CASE("a true-up is booked in the slot that was charged, and leaves with it", "[rolling]") {
  const Limit limit = rolling(100, 100, 1min, 1000);
  Rolling rolling(limit);
  rolling.take(limit, 40, t0);
  rolling.settle(limit, 40, 90, t0, t0 + 30s);
  CHECK(rolling.level(limit, t0 + 30s) == 10);
  CHECK(rolling.level(limit, t0 + 1min + 200ms - 1ns) == 10);
  CHECK(rolling.level(limit, t0 + 1min + 200ms) == 100);
}

TEST_CASE("a true-up that comes when its slot has left changes nothing", "[rolling]") {
  const Limit limit = rolling(100, 100, 1min, 1000);
  Rolling in_time(limit), late(limit);
  in_time.take(limit, 40, t0);
  late.take(limit, 40, t0);
  in_time.settle(limit, 40, 90, t0, t0 + 1min + 200ms - 1ns);
  CHECK(in_time.level(limit, t0 + 1min + 200ms - 1ns) == 10);
  late.settle(limit, 40, 90, t0, t0 + 1min + 200ms);
  CHECK(late.level(limit, t0 + 1min + 200ms) == 100);
  late.settle(limit, 40, 0, t0, t0 + 2min);
  CHECK(late.level(limit, t0 + 2min) == 100);
}

TEST_CASE("an overrun becomes debt down to the floor and not below", "[rolling]") {
  const Limit limit = rolling(100, 100, 1min, 50);
  Rolling rolling(limit);
  rolling.take(limit, 100, t0);
  rolling.settle(limit, 100, 150, t0, t0);
  CHECK(rolling.level(limit, t0) == -50);
  rolling.settle(limit, 0, 1, t0, t0);
  CHECK(rolling.level(limit, t0) == -50);
}

TEST_CASE("what the floor kept from being charged cannot come back as more than the whole", "[rolling]") {
  const Limit limit = rolling(100, 100, 1min, 0);
  Rolling rolling(limit);
  rolling.take(limit, 60, t0);
  rolling.settle(limit, 60, 500, t0, t0);
  CHECK(rolling.level(limit, t0) == 0);
  rolling.settle(limit, 500, 0, t0, t0);
  CHECK(rolling.level(limit, t0) == 100);
}

TEST_CASE("tightening lowers a rolling level to what is named, and never raises it", "[rolling][property]") {
  fakes::property("tighten", [] {
    const Limit limit = any_limit(100);
    Rolling rolling(limit);
    const auto taken = *rc::gen::inRange<std::int64_t>(0, limit.amount + 1);
    rolling.take(limit, taken, t0);
    const Instant now = t0 + 1s * 2;  // the second's cap is out of the way
    const std::int64_t before = rolling.level(limit, now);
    const auto most = *rc::gen::inRange<std::int64_t>(-200, 2 * limit.amount);
    rolling.tighten(limit, most, now);
    RC_ASSERT(rolling.level(limit, now) == std::min(before, std::max(most, -limit.debt)));
  });
}

TEST_CASE("after any idle time the ring is empty, also when it has been round many times", "[rolling]") {
  const Limit limit = rolling(100, 100);
  for (const Duration idle :
       std::initializer_list<Duration>{60s + 200ms, 61s, 120s, 120s + 200ms, 600s, 36000s + 150ms}) {
    Rolling rolling(limit);
    for (int i = 0; i < 100; ++i) rolling.take(limit, 1, t0 + i * 7ms);
    CHECK(rolling.level(limit, t0 + 700ms + idle) == 100);
    CHECK(rolling.ready_at(limit, 100, t0 + 700ms + idle) == t0 + 700ms + idle);
    rolling.take(limit, 100, t0 + 700ms + idle);
    CHECK(rolling.level(limit, t0 + 700ms + idle) == 0);
  }
}

TEST_CASE("an eager caller uses at least 99 % of a rolling minute", "[rolling]") {
  const Limit limit = rolling(6000, 600);
  Rolling rolling(limit);
  std::int64_t used = 0;
  Instant now = t0;
  while (now < t0 + 10min) {
    const std::int64_t units = 1 + used % 17;
    now = rolling.ready_at(limit, units, now);
    rolling.take(limit, units, now);
    used += units;
  }
  CHECK(used >= 59'400);
  CHECK(used <= 60'000 + 6000);
}

TEST_CASE("what the provider counts beyond the ring is held back, and less of it at the limit's rate", "[rolling]") {
  const Limit limit = rolling(600, 600);  // ten a second
  Rolling rolling(limit);
  rolling.take(limit, 100, t0);
  rolling.tighten(limit, 200, t0 + 2s);  // 300 more than the ring knows
  CHECK(rolling.level(limit, t0 + 2s) == 200);
  CHECK(rolling.level(limit, t0 + 12s) == 300);
  CHECK(rolling.ready_at(limit, 250, t0 + 2s) == t0 + 7s);
  rolling.tighten(limit, 400, t0 + 12s);  // never loosened
  CHECK(rolling.level(limit, t0 + 12s) == 300);
  rolling.take(limit, 300, t0 + 12s);
  CHECK(rolling.level(limit, t0 + 12s) == 0);
  // The first hundred leaves the ring before as much has flowed in.
  CHECK(rolling.ready_at(limit, 300, t0 + 31s) == t0 + 60s + 200ms);
  CHECK(rolling.level(limit, t0 + 60s + 200ms) == 300);
}

TEST_CASE("finer slices: calls are paced at the limit's rate, and a larger one goes when nothing is owed",
          "[rolling]") {
  Limit limit = rolling(600, 100);  // ten a second
  limit.at_once = 20;
  Rolling rolling(limit);
  CHECK(rolling.level(limit, t0) == 20);
  rolling.take(limit, 20, t0);
  CHECK(rolling.level(limit, t0) == 0);
  // A burst of single units is a nanosecond early for each: see burst_time().
  const auto about = [&](std::int64_t units, Instant at) {
    const Instant ready = rolling.ready_at(limit, units, t0);
    return ready <= at && ready > at - 1us;
  };
  CHECK(about(1, t0 + 100ms));
  CHECK(about(20, t0 + 2s));
  CHECK(about(50, t0 + 2s));
  rolling.settle(limit, 20, 10, t0, t0);
  CHECK(rolling.ready_at(limit, 1, t0) == t0);
  CHECK(about(50, t0 + 1s));
}
