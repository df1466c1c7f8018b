// Thousands of calls at random, and after every step the books are right. WEIR_CHAOS_SEEDS=1000 runs that many seeds.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/limiter/chaos.h"

using namespace weir;

namespace {

constexpr int kSteps = 1000;

int seeds(int usual) {
  const char* wanted = std::getenv("WEIR_CHAOS_SEEDS");
  return wanted == nullptr ? usual : std::max(std::atoi(wanted), 1);
}

void run(std::uint64_t seed, bool feedback, bool reconfigured = false) {
  CAPTURE(seed, feedback, reconfigured);
  Chaos chaos(seed, feedback, reconfigured);
  for (int i = 0; i < kSteps; ++i) chaos.step();
  chaos.drain();
  CHECK(chaos.counts().entered > 100);
}

}  // namespace

TEST_CASE("whatever calls do, no slot and no token is lost, and every level is what was settled", "[chaos]") {
  const int most = seeds(12);
  for (int seed = 1; seed <= most; ++seed) run(static_cast<std::uint64_t>(seed), false);
}

TEST_CASE("whatever calls do and providers say, no slot and no token is lost", "[chaos]") {
  const int most = seeds(12);
  for (int seed = 1; seed <= most; ++seed) run(static_cast<std::uint64_t>(seed), true);
}

TEST_CASE("whatever is reconfigured under way, nobody is forgotten and no slot and no token is lost", "[chaos]") {
  const int most = seeds(24);
  for (int seed = 1; seed <= most; ++seed) run(static_cast<std::uint64_t>(seed), seed % 2 == 0, true);
}
