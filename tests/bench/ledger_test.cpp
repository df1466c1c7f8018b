#include "bench/replay/ledger.h"

#include <catch2/catch.hpp>

#include "bench/replay/judge.h"
#include "bench/replay/provider.h"

using namespace bench::replay;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kAmount = 60'000;  // a thousand a second

Ledger emptied(Regime regime, std::int64_t units) {
  Ledger ledger(regime, kAmount);
  ledger.count(units, kStart);
  return ledger;
}

}  // namespace

TEST_CASE("a ledger that enforces nothing admits anything", "[ledger]") {
  Ledger ledger = emptied(Regime::none, kAmount);
  CHECK(ledger.admits(10 * kAmount, kStart));
}

TEST_CASE("a bucket of a minute holds the amount, and one of ten seconds a sixth of it", "[ledger]") {
  CHECK(Ledger(Regime::minute, kAmount).admits(kAmount, kStart));
  CHECK_FALSE(Ledger(Regime::minute, kAmount).admits(kAmount + 1, kStart));
  CHECK(Ledger(Regime::tenth, kAmount).admits(kAmount / 6, kStart));
  CHECK_FALSE(Ledger(Regime::tenth, kAmount).admits(kAmount / 6 + 1, kStart));
}

TEST_CASE("a bucket gives a unit back at its very nanosecond and not before", "[ledger]") {
  const Regime regime = GENERATE(Regime::minute, Regime::tenth);
  Ledger ledger = emptied(regime, regime == Regime::minute ? kAmount : kAmount / 6);
  CHECK_FALSE(ledger.admits(1, kStart));
  CHECK(ledger.until_admits(1, kStart) == 1ms);
  CHECK_FALSE(ledger.admits(1, kStart + 1ms - 1ns));
  CHECK(ledger.admits(1, kStart + 1ms));
  CHECK(ledger.until_full(kStart) == (regime == Regime::minute ? 60s : 10s));
}

TEST_CASE("a bucket drops no fraction however often it is looked at", "[ledger]") {
  Ledger ledger = emptied(Regime::minute, kAmount);
  Instant now = kStart;
  // Each look finds a unit and a half: were it floored, a third would be lost.
  for (int i = 0; i < 1'000; ++i) ledger.remaining(now += 1'500us);
  CHECK(ledger.remaining(now) == 1'500);
}

TEST_CASE("a rolling minute forgets what is sixty seconds old and nothing younger", "[ledger]") {
  Ledger ledger = emptied(Regime::rolling, kAmount - 1);
  CHECK(ledger.admits(1, kStart + 1s));
  CHECK_FALSE(ledger.admits(2, kStart + 1s));
  CHECK(ledger.until_admits(2, kStart + 1s) == 59s);
  CHECK_FALSE(ledger.admits(2, kStart + 60s - 1ns));
  CHECK(ledger.admits(2, kStart + 60s));
}

TEST_CASE("a rolling minute waits for as many entries as it takes", "[ledger]") {
  Ledger ledger(Regime::rolling, kAmount);
  ledger.count(kAmount / 2, kStart);
  ledger.count(kAmount / 2, kStart + 10s);
  CHECK(ledger.until_admits(kAmount / 2, kStart + 20s) == 40s);
  CHECK(ledger.until_admits(kAmount / 2 + 1, kStart + 20s) == 50s);
}

TEST_CASE("a slice with anything left admits a whole call, and the overrun is carried into the next ones", "[ledger]") {
  Ledger ledger = emptied(Regime::slices, 999);
  CHECK(ledger.admits(2'501, kStart));
  ledger.count(2'501, kStart);  // 3,500 of 1,000: this slice, the two after it, and half of the third
  CHECK_FALSE(ledger.admits(1, kStart + 3s - 1ns));
  CHECK(ledger.until_admits(1, kStart) == 3s);
  CHECK(ledger.admits(1, kStart + 3s));
}

TEST_CASE("an idle slice saves nothing for the next", "[ledger]") {
  Ledger ledger(Regime::slices, kAmount);
  ledger.count(1'000, kStart + 30s);
  CHECK_FALSE(ledger.admits(1, kStart + 30s));
  CHECK(ledger.admits(1, kStart + 31s));
}

TEST_CASE("calls are counted as OpenAI or as Anthropic does", "[ledger]") {
  const Call call{.input_bytes = 8'000, .input_tokens = 1'900, .output_tokens = 12};
  Provider openai(Regime::rolling, Counting::at_admission);
  CHECK(openai.arrived(call, kStart).counted == 2'000);
  CHECK(openai.arrived({.input_bytes = 400, .input_tokens = 90, .output_tokens = 12}, kStart).counted == kOutputCap);
  CHECK(openai.produced(12, kStart) == 0);
  Provider anthropic(Regime::rolling, Counting::as_produced);
  CHECK(anthropic.arrived(call, kStart).counted == 1'900);
  CHECK(anthropic.produced(12, kStart) == 12);
  CHECK(anthropic.headers(kStart)->tokens.remaining == 198'000);  // 198,088, rounded
}

TEST_CASE("the wait that a refusal names is the shortest in its header's unit", "[ledger]") {
  Provider provider(Regime::minute, Counting::at_admission);
  const Call whole{.input_bytes = 4 * kTokensPerMinute};
  REQUIRE(provider.arrived(whole, kStart).admitted);
  const Call small{.input_bytes = 4 * 1'100};
  const Verdict refusal = provider.arrived(small, kStart);
  REQUIRE_FALSE(refusal.admitted);
  CHECK(refusal.retry_after == 330ms);
  CHECK_FALSE(provider.arrived(small, kStart + 330ms - 1ns).admitted);
  CHECK(provider.arrived(small, kStart + 330ms).admitted);
}

TEST_CASE("the largest sum is of a half-open span", "[ledger]") {
  CHECK(largest_sum({{kStart + 60s, 5}, {kStart, 3}}, 60s) == 5);
  CHECK(largest_sum({{kStart + 60s - 1ns, 5}, {kStart, 3}}, 60s) == 8);
  CHECK(largest_sum({}, 60s) == 0);
}
