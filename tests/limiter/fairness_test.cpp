// What clients are given over a long time in which all of them always want more.
#include <catch2/catch.hpp>
#include <deque>
#include <numeric>
#include <random>

#include "tests/limiter/gate_scene.h"

using namespace weir;

namespace {

// Clients that always have `depth` calls in the queue; calls end one after another.
struct Contest {
  struct Contestant {
    ClientId client;
    std::int64_t reserved, used;
    std::int64_t tokens = 0;
  };
  fakes::FakeLoop loop;
  MemoryStore store;
  Gate gate{loop, store, {.slots = 4, .queue_limit = 100'000, .max_wait = 1000h}};
  GroupId group;
  std::vector<Contestant> contestants;
  std::deque<Gate::Ticket> tickets;
  std::deque<std::pair<Lease, std::size_t>> running;
  std::int64_t calls = 0;

  explicit Contest(std::vector<Limit> limits) {
    group = gate.group({.key = "k", .name = "m", .slots = {}, .limits = std::move(limits)});
  }
  void add(int weight, std::int64_t reserved, std::int64_t used, std::optional<ClientId> parent = {}) {
    const auto name = "client " + std::to_string(contestants.size());
    const ClientId client =
        gate.client({.name = name, .parent = parent, .weight = weight, .limits = {}, .limits_of = {}});
    contestants.push_back({client, reserved, used});
  }
  void enter(std::size_t who) {
    tickets.push_back(
        gate.enter(asking(group, contestants[who].client, contestants[who].reserved), [=, this](Admission a) {
          if (auto* lease = std::get_if<Lease>(&a)) running.emplace_back(std::move(*lease), who);
        }));
  }
  // Until `most` calls have ended; the tokens that each has been given.
  std::vector<double> run(std::int64_t most, int depth = 10, Duration each_takes = {}) {
    for (int i = 0; i < depth; ++i)
      for (std::size_t who = 0; who < contestants.size(); ++who) enter(who);
    while (calls < most) {
      if (running.empty()) {
        loop.step(Instant::max());
        continue;
      }
      loop.run_for(each_takes);
      auto [lease, who] = std::move(running.front());
      running.pop_front();
      ++calls;
      contestants[who].tokens += contestants[who].used;
      enter(who);
      lease.settle(Ending::success, Exact{contestants[who].used, 0});
    }
    std::vector<double> tokens;
    for (const Contestant& each : contestants) tokens.push_back(static_cast<double>(each.tokens));
    gate.close();
    running.clear();
    return tokens;
  }
};

double jain(const std::vector<double>& shares) {
  double sum = 0, squares = 0;
  for (const double share : shares) {
    sum += share;
    squares += share * share;
  }
  return sum * sum / (static_cast<double>(shares.size()) * squares);
}

}  // namespace

TEST_CASE("weights 1 and 3 share slots as 1 to 3 by tokens", "[fairness]") {
  Contest contest({});
  contest.add(1, 100, 100);
  contest.add(3, 100, 100);
  const auto tokens = contest.run(20'000);
  CHECK(tokens[1] / tokens[0] == Approx(3).epsilon(0.02));
}

TEST_CASE("weights 1 and 3 share a rate as 1 to 3 by tokens, whatever the size of their calls", "[fairness]") {
  Contest contest({tpm(60'000, 1000)});
  contest.add(1, 50, 50);
  contest.add(3, 700, 700);
  const auto tokens = contest.run(20'000);
  CHECK(tokens[1] / tokens[0] == Approx(3).epsilon(0.02));
}

TEST_CASE("clients of equal weight are given the same by tokens, whatever the size of their calls", "[fairness]") {
  const bool by_rate = GENERATE(false, true);
  Contest contest(by_rate ? std::vector{tpm(600'000, 5000)} : std::vector<Limit>{});
  for (int i = 1; i <= 10; ++i) contest.add(1, 37 * i, 37 * i);
  CHECK(jain(contest.run(30'000)) >= 0.99);
}

TEST_CASE("what counts is what was used, not what was reserved", "[fairness]") {
  const bool by_rate = GENERATE(false, true);
  Contest contest(by_rate ? std::vector{tpm(600'000, 5000)} : std::vector<Limit>{});
  contest.add(1, 1000, 10);
  contest.add(1, 1000, 1000);
  contest.add(1, 100, 300);
  CHECK(jain(contest.run(30'000)) >= 0.99);
}

TEST_CASE("ninety-nine light clients are not made to wait by one with ten thousand calls", "[fairness]") {
  Contest contest({});
  for (int i = 0; i < 100; ++i) contest.add(1, 100, 100);
  for (int i = 0; i < 10'000; ++i) contest.enter(0);
  CHECK(jain(contest.run(20'000, 2)) >= 0.99);
}

TEST_CASE("children are given the same of their parent's limit by tokens, whatever the size of their calls",
          "[fairness]") {
  Contest contest({});
  const ClientId org =
      contest.gate.client({.name = "org", .parent = {}, .weight = 1, .limits = {tpm(600'000, 5000)}, .limits_of = {}});
  for (int i = 1; i <= 10; ++i) contest.add(1, 37 * i, 37 * i, org);
  CHECK(jain(contest.run(30'000, 10, 7ms)) >= 0.99);
}
