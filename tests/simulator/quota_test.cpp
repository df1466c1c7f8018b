#include "simulator/quota.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <vector>

#include "simulator/foreign.h"

namespace simulator {
namespace {

using namespace std::chrono_literals;

const Refusal& refusal_in(const std::variant<Admission, Refusal>& outcome) { return std::get<Refusal>(outcome); }
bool admitted(const std::variant<Admission, Refusal>& outcome) { return std::holds_alternative<Admission>(outcome); }

TEST_CASE("a bucket holds a whole minute's worth at first, and not one more", "[quota]") {
  Bucket bucket(60);
  CHECK(bucket.wait(60, 1ns) == 0ns);
  bucket.take(60, 1ns);
  CHECK(bucket.remaining(1ns) == 0);
  CHECK(bucket.wait(1, 1ns) == 1s);
}

TEST_CASE("a bucket refills limit / 60 s, to the nanosecond", "[quota]") {
  Bucket bucket(7);  // one in 8,571,428,571.43 ns
  bucket.take(7, 0ns);
  CHECK(bucket.wait(1, 0ns) == 8'571'428'572ns);
  CHECK(bucket.remaining(8'571'428'571ns) == 0);
  CHECK(bucket.remaining(8'571'428'572ns) == 1);
  CHECK(bucket.until_full(0ns) == 60s);
  CHECK(bucket.remaining(60s - 1ns) == 6);
  CHECK(bucket.remaining(60s) == 7);
  CHECK(bucket.remaining(1h) == 7);
}

TEST_CASE("what a bucket gets back never fills it above its limit, and a debt is paid first", "[quota]") {
  Bucket bucket(60);
  bucket.take(10, 0ns);
  bucket.give_back(20, 0ns);
  CHECK(bucket.remaining(0ns) == 60);
  bucket.take(1, 0ns);
  CHECK(bucket.remaining(0ns) == 59);
  bucket.give_back(-100, 0ns);  // used 100 more than was taken
  CHECK(bucket.remaining(0ns) == 0);
  CHECK(bucket.wait(1, 0ns) == 42s);
}

TEST_CASE("a rolling minute frees what was taken after 60 s exactly, not 1 ns earlier", "[quota]") {
  Rolling rolling(10);
  rolling.take(4, 1s);
  rolling.take(6, 2s);
  CHECK(rolling.wait(1, 3s) == 58s);
  CHECK(rolling.wait(4, 3s) == 58s);
  CHECK(rolling.wait(5, 3s) == 59s);
  CHECK(rolling.wait(1, 61s - 1ns) == 1ns);
  CHECK(rolling.wait(4, 61s) == 0ns);
  CHECK(rolling.remaining(61s) == 4);
  CHECK(rolling.until_full(61s) == 1s);
  CHECK(rolling.until_full(62s) == 0s);
}

TEST_CASE("a rolling correction counts at the instant of the take, both down and up", "[quota]") {
  Rolling rolling(10);
  const auto first = rolling.take(8, 0s);
  const auto second = rolling.take(1, 30s);
  rolling.correct(first, 2, 31s);
  CHECK(rolling.remaining(31s) == 7);
  rolling.correct(second, 9, 31s);
  CHECK(rolling.remaining(31s) == 0);
  CHECK(rolling.wait(1, 31s) == 29s);
  CHECK(rolling.remaining(60s) == 1);
  rolling.correct(first, 1'000, 60s);  // gone already
  CHECK(rolling.remaining(60s) == 1);
}

TEST_CASE("a quota refuses the request past the limit and names the dimension, the use and the wait", "[quota]") {
  Quota quota({.shape = Shape::bucket, .rpm = 2, .tpm = 1'000});
  CHECK(admitted(quota.admit({.tokens = 10}, 0s)));
  CHECK(admitted(quota.admit({.tokens = 10}, 0s)));
  const auto outcome = quota.admit({.tokens = 10}, 0s);
  REQUIRE_FALSE(admitted(outcome));
  CHECK(refusal_in(outcome).dimension == Dimension::requests);
  CHECK(refusal_in(outcome).limit == 2);
  CHECK(refusal_in(outcome).used == 2);
  CHECK(refusal_in(outcome).wait == Span(30s));
}

TEST_CASE("tokens up to the limit itself fit, one more never will, and no wait is promised", "[quota]") {
  for (const Shape shape : {Shape::bucket, Shape::rolling}) {
    Quota quota({.shape = shape, .rpm = 10, .tpm = 100});
    CHECK(admitted(quota.admit({.tokens = 100}, 0s)));
    const auto outcome = quota.admit({.tokens = 101}, 1h);
    REQUIRE_FALSE(admitted(outcome));
    CHECK(refusal_in(outcome).dimension == Dimension::tokens);
    CHECK(refusal_in(outcome).requested == 101);
    CHECK_FALSE(refusal_in(outcome).wait.has_value());
    CHECK(quota.standing(Dimension::requests, 1h).remaining == 9);
  }
}

TEST_CASE("a request refused for its tokens has cost a request, one refused for requests costs nothing", "[quota]") {
  for (const Shape shape : {Shape::bucket, Shape::rolling}) {
    Quota quota({.shape = shape, .rpm = 2, .tpm = 100});
    CHECK(admitted(quota.admit({.tokens = 100}, 0s)));
    const auto for_tokens = quota.admit({.tokens = 50}, 0s);
    REQUIRE_FALSE(admitted(for_tokens));
    CHECK(refusal_in(for_tokens).dimension == Dimension::tokens);
    CHECK(quota.standing(Dimension::requests, 0s).remaining == 0);
    const auto for_requests = quota.admit({.tokens = 50}, 0s);
    REQUIRE_FALSE(admitted(for_requests));
    CHECK(refusal_in(for_requests).dimension == Dimension::requests);
    CHECK(quota.standing(Dimension::requests, 0s).until_full == 60s);
  }
}

TEST_CASE("an unlimited quota admits everything", "[quota]") {
  Quota quota({.shape = Shape::unlimited, .rpm = 1, .tpm = 1});
  for (int i = 0; i < 100; ++i) CHECK(admitted(quota.admit({.tokens = 1'000'000}, 0s)));
  CHECK_FALSE(quota.limited());
}

Quota split_quota(Shape shape) { return Quota({.shape = shape, .rpm = 100, .input_tpm = 1'000, .output_tpm = 500}); }

TEST_CASE("input and output are limited apart, and neither is charged to the tokens of both", "[quota]") {
  for (const Shape shape : {Shape::bucket, Shape::rolling}) {
    Quota quota = split_quota(shape);
    CHECK(admitted(quota.admit({.input_tokens = 900, .output = true}, 0s)));
    const auto outcome = quota.admit({.input_tokens = 200, .output = true}, 0s);
    REQUIRE_FALSE(admitted(outcome));
    CHECK(refusal_in(outcome).dimension == Dimension::input_tokens);
    CHECK(refusal_in(outcome).limit == 1'000);
    CHECK(refusal_in(outcome).used == 900);
    CHECK(quota.standing(Dimension::tokens, 0s).remaining == 200'000);
    CHECK(quota.standing(Dimension::output_tokens, 0s).remaining == 500);
  }
}

TEST_CASE("output is taken as it is produced, may go into debt, and holds up the next request", "[quota]") {
  Quota quota = split_quota(Shape::bucket);
  CHECK(admitted(quota.admit({.input_tokens = 1, .output = true}, 0s)));
  quota.produce(499, 0s);
  CHECK(admitted(quota.admit({.input_tokens = 1, .output = true}, 0s)));  // one is left
  quota.produce(501, 0s);
  const auto outcome = quota.admit({.input_tokens = 1, .output = true}, 0s);
  REQUIRE_FALSE(admitted(outcome));
  CHECK(refusal_in(outcome).dimension == Dimension::output_tokens);
  CHECK(refusal_in(outcome).wait == Span(60s + 120ms));   // 500 of debt and one at 500 a minute
  CHECK(admitted(quota.admit({.input_tokens = 1}, 0s)));  // who produces none does not care
  CHECK_FALSE(admitted(quota.admit({.input_tokens = 1, .output = true}, 60s + 120ms - 1ns)));
  CHECK(admitted(quota.admit({.input_tokens = 1, .output = true}, 60s + 120ms)));
}

TEST_CASE("input and output limits that are not given are the limit of all tokens", "[quota]") {
  const Quota quota({.tpm = 700, .output_tpm = 7});
  CHECK(quota.limit_of(Dimension::input_tokens) == 700);
  CHECK(quota.limit_of(Dimension::output_tokens) == 7);
  CHECK(quota.limit_of(Dimension::daily_requests) == 0);
}

TEST_CASE("a day's requests end with the day, not 1 ns earlier", "[quota]") {
  Quota quota({.rpm = 100, .rpd = 2}, 3h);
  CHECK(admitted(quota.admit({}, 0s)));
  CHECK(admitted(quota.admit({}, 1h)));
  const auto outcome = quota.admit({}, 2h);
  REQUIRE_FALSE(admitted(outcome));
  CHECK(refusal_in(outcome).dimension == Dimension::daily_requests);
  CHECK(refusal_in(outcome).wait == Span(1h));
  CHECK_FALSE(admitted(quota.admit({}, 3h - 1ns)));
  CHECK(admitted(quota.admit({}, 3h)));
  CHECK(quota.standing(Dimension::daily_requests, 3h).remaining == 1);
  CHECK(quota.standing(Dimension::daily_requests, 27h).remaining == 2);
}

TEST_CASE("a slice lets through its share of the minute at once, and no more", "[quota]") {
  Quota quota({.rpm = 600, .tpm = 60'000, .slice = 1s});
  for (int i = 0; i < 10; ++i) CHECK(admitted(quota.admit({.tokens = 1}, 0s)));
  const auto outcome = quota.admit({.tokens = 1}, 0s);
  REQUIRE_FALSE(admitted(outcome));
  CHECK(refusal_in(outcome).dimension == Dimension::requests);
  CHECK(refusal_in(outcome).used == 10);  // of 600: nothing in the headers tells of slices
  CHECK(refusal_in(outcome).wait == Span(100ms));
  CHECK_FALSE(admitted(quota.admit({.tokens = 1}, 100ms - 1ns)));
  CHECK(admitted(quota.admit({.tokens = 1}, 100ms)));
}

TEST_CASE("more tokens than a slice holds need a full one, and leave it in debt", "[quota]") {
  Quota quota({.rpm = 60'000, .tpm = 60'000, .slice = 1s});
  CHECK(admitted(quota.admit({.tokens = 3'000}, 0s)));
  const auto outcome = quota.admit({.tokens = 1'000}, 0s);
  REQUIRE_FALSE(admitted(outcome));
  CHECK(refusal_in(outcome).dimension == Dimension::tokens);
  CHECK(refusal_in(outcome).wait == Span(3s));
  CHECK(admitted(quota.admit({.tokens = 1'000}, 3s)));
}

TEST_CASE("others take their share over time, and never what is not there", "[quota]") {
  for (const Shape shape : {Shape::bucket, Shape::rolling}) {
    Quota quota({.shape = shape, .rpm = 600, .tpm = 60'000});
    ForeignTraffic foreign(0.3, 1);
    for (Instant now{0}; now <= 10min; now += 1s) {
      foreign.catch_up(quota, now);
      CHECK(quota.standing(Dimension::tokens, now).remaining >= 0);
    }
    CHECK(foreign.taken(Dimension::tokens) > 170'000);  // of 180,000
    CHECK(foreign.taken(Dimension::tokens) < 190'000);
    CHECK(foreign.taken(Dimension::requests) > 1'700);
    CHECK(foreign.taken(Dimension::requests) < 1'900);
  }
  Quota full({.shape = Shape::rolling, .rpm = 600, .tpm = 60'000});
  CHECK(admitted(full.admit({.tokens = 60'000}, 0s)));
  ForeignTraffic late(0.3, 1);
  late.catch_up(full, 30s);
  CHECK(late.taken(Dimension::tokens) == 0);
}

struct Taken {
  Instant at;
  std::int64_t amount;
};

Instant some_time_after(Instant now) {
  return now + Span(*rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, 1'000),
                                    rc::gen::inRange<std::int64_t>(0, 5'000'000'000),
                                    rc::gen::inRange<std::int64_t>(0, 90'000'000'000)));
}

TEST_CASE("property: a rolling quota never admits more than its limit in any 60 s", "[quota]") {
  REQUIRE(rc::check([] {
    const auto limit = *rc::gen::inRange<std::int64_t>(1, 300);
    Rolling rolling(limit);
    std::vector<Taken> taken;
    std::vector<Rolling::Entry> entries;
    Instant now{0};
    const auto steps = *rc::gen::inRange(1, 150);
    for (int i = 0; i < steps; ++i) {
      now = some_time_after(now);
      const auto amount = *rc::gen::inRange<std::int64_t>(0, limit + 1);
      if (rolling.wait(amount, now) == Span(0)) {
        entries.push_back(rolling.take(amount, now));
        taken.push_back({now, amount});
      } else if (!taken.empty()) {
        const auto which = *rc::gen::inRange<std::size_t>(0, taken.size());
        if (taken[which].at + kMinute <= now) continue;  // no longer to be corrected
        taken[which].amount = *rc::gen::inRange<std::int64_t>(0, taken[which].amount + 1);
        rolling.correct(entries[which], taken[which].amount, now);
      }
      std::int64_t live = 0;
      for (const Taken& one : taken) live += one.at + kMinute > now ? one.amount : 0;
      RC_ASSERT(live <= limit);
      RC_ASSERT(rolling.remaining(now) == limit - live);
    }
  }));
}

TEST_CASE("property: a bucket never admits more than its capacity and rate x time", "[quota]") {
  REQUIRE(rc::check([] {
    const auto limit = *rc::gen::inRange<std::int64_t>(1, 300);
    Bucket bucket(limit);
    std::vector<Taken> taken;
    Instant now{0};
    const auto steps = *rc::gen::inRange(1, 100);
    for (int i = 0; i < steps; ++i) {
      now = some_time_after(now);
      const auto amount = *rc::gen::inRange<std::int64_t>(1, limit + 1);
      if (bucket.wait(amount, now) > Span(0)) continue;
      bucket.take(amount, now);
      taken.push_back({now, amount});
    }
    for (std::size_t from = 0; from < taken.size(); ++from) {
      std::int64_t sum = 0;
      for (std::size_t to = from; to < taken.size(); ++to) {
        sum += taken[to].amount;
        // sum <= limit + limit * t / 60 s, without a division
        const Fine allowed = Fine{limit} * (kMinute.count() + (taken[to].at - taken[from].at).count());
        RC_ASSERT(Fine{sum} * kMinute.count() <= allowed);
      }
    }
  }));
}

TEST_CASE("property: a refusal's wait, when honoured, is admitted, and 1 ns earlier is not", "[quota]") {
  REQUIRE(rc::check([] {
    const auto shape = *rc::gen::element(Shape::bucket, Shape::rolling);
    const auto rpm = *rc::gen::inRange<std::int64_t>(1, 20);
    const auto tpm = *rc::gen::inRange<std::int64_t>(1, 1'000);
    Quota quota({.shape = shape, .rpm = rpm, .tpm = tpm});
    Instant now{0};
    for (int i = 0; i < 60; ++i) {
      now = some_time_after(now);
      const auto tokens = *rc::gen::inRange<std::int64_t>(0, tpm + 1);
      const auto outcome = quota.admit({.tokens = tokens}, now);
      if (admitted(outcome)) continue;
      const Span wait = *refusal_in(outcome).wait;
      RC_ASSERT(wait > Span(0));
      Quota earlier = quota;
      RC_ASSERT(!admitted(earlier.admit({.tokens = tokens}, now + wait - 1ns)));
      Quota punctual = quota;
      RC_ASSERT(admitted(punctual.admit({.tokens = tokens}, now + wait)));
    }
  }));
}

TEST_CASE("property: the same holds for slices, days, and input and output apart", "[quota]") {
  REQUIRE(rc::check([] {
    const auto limit = [](std::int64_t most) { return *rc::gen::inRange<std::int64_t>(1, most); };
    Quota quota({.shape = *rc::gen::element(Shape::bucket, Shape::rolling),
                 .rpm = limit(60),
                 .tpm = 1,
                 .input_tpm = limit(1'000),
                 .output_tpm = limit(1'000),
                 .rpd = limit(40),
                 .slice = Span(limit(20'000'000'000))},
                1h);
    Instant now{0};
    for (int i = 0; i < 60; ++i) {
      now = some_time_after(now);
      const Charge charge{.input_tokens = limit(quota.limit_of(Dimension::input_tokens) + 1), .output = true};
      const auto outcome = quota.admit(charge, now);
      if (admitted(outcome)) {
        quota.produce(*rc::gen::inRange<std::int64_t>(0, 500), now);
        continue;
      }
      const Span wait = *refusal_in(outcome).wait;
      RC_ASSERT(wait > Span(0));
      Quota earlier = quota;
      RC_ASSERT(!admitted(earlier.admit(charge, now + wait - 1ns)));
      Quota punctual = quota;
      RC_ASSERT(admitted(punctual.admit(charge, now + wait)));
    }
  }));
}

TEST_CASE("property: correcting down to nothing leaves a quota as if the tokens had never been taken", "[quota]") {
  REQUIRE(rc::check([] {
    const auto shape = *rc::gen::element(Shape::bucket, Shape::rolling);
    Quota quota({.shape = shape, .rpm = 1'000, .tpm = 500});
    Instant now{0};
    std::vector<Admission> open;
    for (int i = 0; i < 30; ++i) {
      now += Span(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000));
      const auto outcome = quota.admit({.tokens = *rc::gen::inRange<std::int64_t>(0, 400)}, now);
      if (admitted(outcome)) open.push_back(std::get<Admission>(outcome));
    }
    for (const Admission& admission : open) quota.correct(admission, {}, now);
    RC_ASSERT(quota.standing(Dimension::tokens, now).remaining == 500);
    RC_ASSERT(quota.standing(Dimension::tokens, now).until_full == Span(0));
  }));
}

}  // namespace
}  // namespace simulator
