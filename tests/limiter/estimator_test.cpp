#include "limiter/estimator.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

using namespace weir;

namespace {

constexpr std::uint64_t kKind = 7;
constexpr std::int64_t kCap = 2048;

void learn(Estimator& estimator, int times, std::int64_t tokens) {
  for (int i = 0; i < times; ++i) estimator.learn_output(kKind, tokens);
}

}  // namespace

TEST_CASE("the ceiling is reserved until five calls were seen", "[estimator]") {
  Estimator estimator;
  learn(estimator, 4, 12);
  CHECK(estimator.output(kKind, kCap) == kCap);
  learn(estimator, 1, 12);
  CHECK(estimator.output(kKind, kCap) < kCap);
}

TEST_CASE("answers that are always alike are soon reserved at little more than they take", "[estimator]") {
  Estimator estimator;
  learn(estimator, 5, 12);
  CHECK(estimator.output(kKind, kCap) <= 18);
  learn(estimator, 5, 12);
  CHECK(estimator.output(kKind, kCap) <= 15);
  learn(estimator, 30, 12);
  CHECK(estimator.output(kKind, kCap) <= 13);
  CHECK(estimator.output(kKind, kCap) >= 12);
}

TEST_CASE("what one kind of call taught says nothing of another", "[estimator]") {
  Estimator estimator;
  learn(estimator, 100, 12);
  CHECK(estimator.output(kKind + 1, kCap) == kCap);
}

TEST_CASE("never more than the ceiling is reserved, and never nothing", "[estimator]") {
  Estimator estimator;
  learn(estimator, 20, 5000);
  CHECK(estimator.output(kKind, kCap) == kCap);
  CHECK(estimator.output(kKind, 1) == 1);
  Estimator empty_answers;
  learn(empty_answers, 20, 0);
  CHECK(empty_answers.output(kKind, kCap) == 1);
}

TEST_CASE("of heavy-tailed answers at least 97 of 100 stay below what was reserved", "[estimator]") {
  for (const double sigma : {0.5, 1.0, 1.5}) {
    Estimator estimator;
    std::mt19937_64 random(42);
    std::lognormal_distribution<double> length(5, sigma);
    int covered = 0, reserved_less_than_cap = 0;
    constexpr int kCalls = 5000;
    for (int i = 0; i < kCalls; ++i) {
      const auto tokens = std::min<std::int64_t>(static_cast<std::int64_t>(length(random)) + 1, 16'384);
      const std::int64_t reserved = estimator.output(kKind, 16'384);
      covered += tokens <= reserved;
      reserved_less_than_cap += reserved < 16'384;
      estimator.learn_output(kKind, tokens);
    }
    CAPTURE(sigma);
    CHECK(covered >= kCalls * 97 / 100);
    CHECK(reserved_less_than_cap >= kCalls * 9 / 10);
  }
}

TEST_CASE("answers that grow longer are followed within some tens of calls", "[estimator]") {
  Estimator estimator;
  learn(estimator, 1000, 12);
  learn(estimator, 64, 400);
  CHECK(estimator.output(kKind, kCap) >= 400);
}

TEST_CASE("a call that outlives what was expected is given half as much again, up to the ceiling", "[estimator]") {
  Estimator estimator;
  learn(estimator, 100, 100);
  const std::int64_t reserved = estimator.output(kKind, kCap);
  CHECK(estimator.output_beyond(kKind, reserved, kCap) == reserved);
  CHECK(estimator.output_beyond(kKind, reserved + 1, kCap) == (reserved + 1) * 3 / 2);
  CHECK(estimator.output_beyond(kKind, 2000, kCap) == kCap);
}

TEST_CASE("the prompt's count is corrected by what the provider counts", "[estimator]") {
  Estimator estimator;
  for (int i = 0; i < 4; ++i) estimator.learn_input(1, 1000, 500);
  CHECK(estimator.input(1, 1000) == 1000);
  for (int i = 0; i < 200; ++i) estimator.learn_input(1, 1000, 500);
  CHECK(estimator.input(1, 1000) >= 500);
  CHECK(estimator.input(1, 1000) <= 530);
  CHECK(estimator.input(2, 1000) == 1000);
}

TEST_CASE("the correction of a prompt's count stays between a fifth and four times", "[estimator]") {
  Estimator estimator;
  for (int i = 0; i < 100; ++i) estimator.learn_input(1, 1000, 1);
  CHECK(estimator.input(1, 1000) >= 200);
  CHECK(estimator.input(1, 1000) <= 220);
  for (int i = 0; i < 100; ++i) estimator.learn_input(2, 1000, 1'000'000);
  CHECK(estimator.input(2, 1000) == 4000);
  CHECK(estimator.input(1, 1) == 1);
}

TEST_CASE("one count that cannot be true is forgotten within some hundred calls", "[estimator]") {
  Estimator estimator;
  for (int i = 0; i < 100; ++i) estimator.learn_input(1, 1000, 1000);
  estimator.learn_input(1, 1, std::int64_t{1} << 40);
  for (int i = 0; i < 500; ++i) estimator.learn_input(1, 1000, 1000);
  CHECK(estimator.input(1, 1000) <= 1100);
}

TEST_CASE("counts of nothing teach nothing", "[estimator]") {
  Estimator estimator;
  for (int i = 0; i < 10; ++i) {
    estimator.learn_input(1, 0, 100);
    estimator.learn_input(1, 100, 0);
    estimator.learn_output(kKind, -1);
  }
  CHECK(estimator.input(1, 1000) == 1000);
  CHECK(estimator.output(kKind, kCap) == kCap);
}

TEST_CASE("at most 10,000 kinds of call are learned; what comes later is reserved at its ceiling", "[estimator]") {
  Estimator estimator;
  for (std::uint64_t kind = 1; kind <= 10'001; ++kind)
    for (int i = 0; i < 5; ++i) estimator.learn_output(kind, 12);
  CHECK(estimator.output(10'000, kCap) < kCap);
  CHECK(estimator.output(10'001, kCap) == kCap);
  learn(estimator, 100, 12);
  CHECK(estimator.output(kKind, kCap) < 20);
}
