#include "limiter/budgets.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <thread>

#include "limiter/loop_uv.h"
#include "tests/fakes/property.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

WallTime at(int year, unsigned month, unsigned day, std::chrono::nanoseconds time = 0s) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) + time;
}

// BudgetSettings, of which only some are said.
struct Amounts {
  std::optional<std::int64_t> day_nano{}, month_nano{}, day_tokens{}, month_tokens{};
  operator BudgetSettings() const { return {day_nano, month_nano, day_tokens, month_tokens}; }
};

constexpr auto kClient = BudgetScope::client;
using Stated = std::map<std::pair<BudgetScope, std::string>, BudgetSettings>;

struct Scene {
  std::vector<BudgetState> warnings;
  Budgets budgets{"UTC", [this](const BudgetState& state) { warnings.push_back(state); }};
  WallTime now = at(2026, 11, 22, 20h + 48min);

  explicit Scene(const Stated& stated, const std::string& zone = "UTC") { budgets.state(stated, zone, now); }
  std::optional<Refusal> hold(const Spender& who, const Spending& most) {
    auto answer = budgets.hold(who, most, now);
    if (auto* refusal = std::get_if<Refusal>(&answer)) return *refusal;
    periods = std::get<BudgetPeriods>(answer);
    return std::nullopt;
  }
  void spend(const Spender& who, const Spending& used) {
    REQUIRE_FALSE(hold(who, used));
    budgets.settle(who, periods, used, used, now);
  }
  BudgetState only() {
    const auto states = budgets.states(now);
    REQUIRE(states.size() == 1);
    return states.front();
  }
  BudgetPeriods periods;
};

const Spender kCi{.client = "ci", .parent = {}, .model = "fast", .tool = "summarise"};

TEST_CASE("what is held may reach the budget, and not exceed it by one", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 100}}});
  CHECK_FALSE(scene.hold(kCi, {.tokens = 60}));
  CHECK(scene.hold(kCi, {.tokens = 41}));
  CHECK(scene.only().held == 60);
  CHECK_FALSE(scene.hold(kCi, {.tokens = 40}));
  CHECK(scene.only().held == 100);
  CHECK(scene.hold(kCi, {.tokens = 1}));
  CHECK_FALSE(scene.hold({.client = "other"}, {.tokens = 1}));
}

TEST_CASE("a refusal names the budget, its amount, and when its period ends", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_nano = 5'000'000'000}}});
  scene.spend(kCi, {.nano = 4'999'999'999});
  const auto refusal = scene.hold(kCi, {.nano = 2});
  REQUIRE(refusal);
  CHECK(refusal->reason == Refusal::Reason::wait_too_long);
  CHECK(refusal->of == Refusal::Scope::client);
  CHECK(refusal->scope == "ci");
  CHECK(refusal->limit == "budget_day_usd");
  CHECK(refusal->largest == 5'000'000'000);
  CHECK(refusal->needed == 2);
  CHECK(refusal->left == 1);
  CHECK(refusal->retry_after == Duration(3h + 12min));
  CHECK(refusal->resets == at(2026, 11, 23));
}

TEST_CASE("what is larger than the whole budget is refused for good", "[budgets]") {
  Scene scene({{{BudgetScope::server, ""}, Amounts{.month_nano = 10}}});
  const auto refusal = scene.hold(kCi, {.nano = 11});
  REQUIRE(refusal);
  CHECK(refusal->reason == Refusal::Reason::never);
  CHECK_FALSE(refusal->retry_after);
  CHECK(refusal->scope == "server");
  CHECK_FALSE(scene.hold(kCi, {.nano = 10}));
}

TEST_CASE("who is only kept out by what others hold may come again soon", "[budgets]") {
  Scene scene({{{BudgetScope::model, "fast"}, Amounts{.day_tokens = 10}}});
  REQUIRE_FALSE(scene.hold(kCi, {.tokens = 10}));
  const auto refusal = scene.hold(kCi, {.tokens = 10});
  REQUIRE(refusal);
  CHECK(refusal->retry_after == Duration(1s));
  scene.budgets.settle(kCi, scene.periods, {.tokens = 10}, {}, scene.now);
  CHECK_FALSE(scene.hold(kCi, {.tokens = 10}));
}

TEST_CASE("a call is charged to all its budgets, the parent's too, or to none", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 100}},
               {{kClient, "team"}, Amounts{.day_tokens = 50}},
               {{BudgetScope::tool, "summarise"}, Amounts{.month_tokens = 1'000}}});
  Spender who = kCi;
  who.parent = "team";
  const auto refusal = scene.hold(who, {.tokens = 51});
  REQUIRE(refusal);
  CHECK(refusal->scope == "team");
  for (const BudgetState& state : scene.budgets.states(scene.now)) CHECK(state.held == 0);
  REQUIRE_FALSE(scene.hold(who, {.tokens = 50}));
  for (const BudgetState& state : scene.budgets.states(scene.now)) CHECK(state.held == 50);
  scene.budgets.settle(who, scene.periods, {.tokens = 50}, {.tokens = 7}, scene.now);
  for (const BudgetState& state : scene.budgets.states(scene.now)) {
    CHECK(state.held == 0);
    CHECK(state.spent == 7);
  }
}

TEST_CASE("a day's budget is whole again at midnight of the zone, a month's is not", "[budgets]") {
  // 2026-11-22 20:48 UTC is the 23rd in Tokyo already; its midnight is at 15:00.
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 10, .month_tokens = 15}}}, "Asia/Tokyo");
  CHECK(scene.budgets.periods(scene.now).day == "2026-11-23");
  scene.spend(kCi, {.tokens = 10});
  scene.now = at(2026, 11, 23, 15h) - 1ns;
  const auto before = scene.hold(kCi, {.tokens = 1});
  REQUIRE(before);
  CHECK(before->limit == "budget_day_tokens");
  scene.now += 1ns;
  scene.spend(kCi, {.tokens = 5});
  const auto after = scene.hold(kCi, {.tokens = 1});
  REQUIRE(after);
  CHECK(after->limit == "budget_month_tokens");
  CHECK(after->resets == at(2026, 11, 30, 15h));
  scene.now = at(2026, 11, 30, 15h) - 1ns;
  CHECK(scene.hold(kCi, {.tokens = 1}));
  scene.now += 1ns;
  CHECK(scene.budgets.periods(scene.now).month == "2026-12");
  CHECK_FALSE(scene.hold(kCi, {.tokens = 10}));
}

TEST_CASE("what was held before midnight counts in the day that is over", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 10, .month_tokens = 100}}});
  REQUIRE_FALSE(scene.hold(kCi, {.tokens = 10}));
  const BudgetPeriods old = scene.periods;
  CHECK(old.day == "2026-11-22");
  scene.now = at(2026, 11, 23);
  REQUIRE_FALSE(scene.hold(kCi, {.tokens = 10}));
  scene.budgets.settle(kCi, old, {.tokens = 10}, {.tokens = 6}, scene.now);
  const auto states = scene.budgets.states(scene.now);
  CHECK(states[0].held == 10);
  CHECK(states[0].spent == 0);
  CHECK(states[1].held == 10);
  CHECK(states[1].spent == 6);
}

TEST_CASE("clocks that are set back give nothing back", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 10}}});
  scene.spend(kCi, {.tokens = 10});
  scene.now -= 48h;
  CHECK(scene.hold(kCi, {.tokens = 1}));
}

TEST_CASE("a budget is told of at 80 %, and when it is used up, once a period each", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 100}}});
  scene.spend(kCi, {.tokens = 79});
  CHECK(scene.warnings.empty());
  scene.spend(kCi, {.tokens = 1});
  REQUIRE(scene.warnings.size() == 1);
  CHECK_FALSE(scene.warnings[0].exhausted);
  CHECK(scene.warnings[0].spent == 80);
  scene.spend(kCi, {.tokens = 19});
  CHECK(scene.warnings.size() == 1);
  scene.spend(kCi, {.tokens = 1});
  REQUIRE(scene.warnings.size() == 2);
  CHECK(scene.warnings[1].exhausted);
  CHECK(scene.warnings[1].key == "budget_day_tokens");
  CHECK(scene.hold(kCi, {.tokens = 1}));
  CHECK(scene.warnings.size() == 2);
  scene.now = at(2026, 11, 23);
  scene.spend(kCi, {.tokens = 80});
  CHECK(scene.warnings.size() == 3);
}

TEST_CASE("what is left and too little for a call counts as used up, after 80 %", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 100}}});
  scene.spend(kCi, {.tokens = 79});
  CHECK(scene.hold(kCi, {.tokens = 22}));
  CHECK(scene.warnings.empty());
  scene.spend(kCi, {.tokens = 1});
  CHECK(scene.hold(kCi, {.tokens = 21}));
  REQUIRE(scene.warnings.size() == 2);
  CHECK(scene.warnings[1].exhausted);
}

TEST_CASE("what was spent before this process counts, and is not warned of again", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_nano = 100, .month_nano = 1'000}}});
  scene.budgets.restore(kClient, "ci", "2026-11-22", {.nano = 90}, scene.now);
  scene.budgets.restore(kClient, "ci", "2026-11-21", {.nano = 70}, scene.now);  // over
  scene.budgets.restore(kClient, "ci", "2026-11", {.nano = 160}, scene.now);
  const auto states = scene.budgets.states(scene.now);
  CHECK(states[0].spent == 90);
  CHECK(states[1].spent == 160);
  CHECK(scene.hold(kCi, {.nano = 11}));
  scene.spend(kCi, {.nano = 1});
  CHECK(scene.warnings.size() == 1);  // by the refusal: what is left was too little
}

TEST_CASE("a reload states budgets anew and keeps what was spent and held", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 100}}});
  scene.spend(kCi, {.tokens = 30});
  REQUIRE_FALSE(scene.hold(kCi, {.tokens = 20}));
  // One that was not stated knows what was spent since the process began.
  scene.budgets.state(
      {{{kClient, "ci"}, Amounts{.day_tokens = 60}}, {{BudgetScope::model, "fast"}, Amounts{.day_tokens = 55}}}, "UTC",
      scene.now);
  CHECK(scene.hold(kCi, {.tokens = 6})->of == Refusal::Scope::model);
  CHECK(scene.hold({.client = "ci"}, {.tokens = 11}));
  CHECK_FALSE(scene.hold({.client = "ci"}, {.tokens = 10}));
  // Lowered below what is spent: warned, and nobody passes.
  scene.budgets.state({{{kClient, "ci"}, Amounts{.day_tokens = 30}}}, "UTC", scene.now);
  REQUIRE(scene.warnings.size() == 1);
  CHECK(scene.warnings[0].exhausted);
  CHECK(scene.hold(kCi, {.tokens = 1}));
  scene.budgets.state({}, "UTC", scene.now);
  CHECK_FALSE(scene.hold(kCi, {.tokens = 1'000'000}));
}

TEST_CASE("another time zone goes on with what was spent", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_tokens = 10}}});
  REQUIRE_FALSE(scene.hold(kCi, {.tokens = 10}));
  scene.budgets.state({{{kClient, "ci"}, Amounts{.day_tokens = 10}}}, "Asia/Tokyo", scene.now);
  CHECK(scene.hold(kCi, {.tokens = 1}));
  scene.budgets.settle(kCi, scene.periods, {.tokens = 10}, {.tokens = 4}, scene.now);
  CHECK(scene.only().spent == 4);
  CHECK(scene.only().held == 0);
  CHECK(scene.only().resets == at(2026, 11, 23, 15h));
}

TEST_CASE("sums end at what 64 bits hold", "[budgets]") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  Scene scene({{{kClient, "ci"}, Amounts{.day_nano = most}}});
  scene.spend(kCi, {.nano = most - 1});
  CHECK_FALSE(scene.hold(kCi, {.nano = 2}));  // the sum ends at the budget itself
  scene.budgets.settle(kCi, scene.periods, {.nano = 2}, {.nano = most}, scene.now);
  CHECK(scene.only().spent == most);
  scene.budgets.state({{{kClient, "ci"}, Amounts{.day_nano = most - 1}}}, "UTC", scene.now);
  CHECK(scene.hold(kCi, {.nano = 1}));
}

TEST_CASE("negative amounts hold and spend nothing", "[budgets]") {
  Scene scene({{{kClient, "ci"}, Amounts{.day_nano = 5}}});
  REQUIRE_FALSE(scene.hold(kCi, {.nano = -100}));
  scene.budgets.settle(kCi, scene.periods, {.nano = -100}, {.nano = -100}, scene.now);
  CHECK(scene.hold(kCi, {.nano = 6}));
  CHECK_FALSE(scene.hold(kCi, {.nano = 5}));
}

// All that was ever held and used; sums are made anew for each question.
struct Oracle {
  struct Hold {
    Spender who;
    Spending most, used;
    std::string day;
    bool out = true;
    BudgetPeriods periods;
  };
  std::vector<Hold> holds;
  Stated stated;

  static bool is_of(const Spender& who, const std::pair<BudgetScope, std::string>& name) {
    switch (name.first) {
      case BudgetScope::server:
        return true;
      case BudgetScope::client:
        return who.client == name.second || who.parent == name.second;
      case BudgetScope::model:
        return who.model == name.second;
      case BudgetScope::tool:
        return who.tool == name.second;
    }
    return false;
  }
  std::int64_t taken(const std::pair<BudgetScope, std::string>& name, const std::string& period, bool money) const {
    std::int64_t sum = 0;
    for (const Hold& hold : holds) {
      if (!is_of(hold.who, name) || !hold.day.starts_with(period)) continue;
      const Spending& part = hold.out ? hold.most : hold.used;
      sum += money ? part.nano : part.tokens;
    }
    return sum;
  }
  bool fits(const Spender& who, const Spending& most, const std::string& day) const {
    const std::string month = day.substr(0, 7);
    for (const auto& each : stated) {  // clang 14 cannot capture bindings
      const auto& name = each.first;
      const auto& budget = each.second;
      if (!is_of(who, name)) continue;
      const auto holds_up = [&](const std::optional<std::int64_t>& amount, const std::string& period, bool money) {
        const std::int64_t more = money ? most.nano : most.tokens;
        return amount && more > 0 && taken(name, period, money) + more > *amount;
      };
      if (holds_up(budget.day_nano, day, true) || holds_up(budget.month_nano, month, true) ||
          holds_up(budget.day_tokens, day, false) || holds_up(budget.month_tokens, month, false))
        return false;
    }
    return true;
  }
};

TEST_CASE("budgets are what all holds and settlements say, over days and reloads", "[budgets]") {
  fakes::property("budgets agree with sums over all calls", [] {
    const auto pick = [](int least, int most) { return *rc::gen::inRange(least, most + 1); };
    const auto amount = [&]() -> std::optional<std::int64_t> {
      return pick(0, 2) == 0 ? std::nullopt : std::optional<std::int64_t>(pick(0, 60));
    };
    const auto stated_anew = [&] {
      Stated stated;
      for (const auto& name : std::vector<std::pair<BudgetScope, std::string>>{{BudgetScope::server, ""},
                                                                               {kClient, "a"},
                                                                               {kClient, "b"},
                                                                               {BudgetScope::model, "m"},
                                                                               {BudgetScope::tool, "t"}})
        if (pick(0, 1) == 0)
          stated[name] = {
              .day_nano = amount(), .month_nano = amount(), .day_tokens = amount(), .month_tokens = amount()};
      return stated;
    };
    Oracle oracle;
    oracle.stated = stated_anew();
    Scene scene(oracle.stated);
    for (int step = pick(1, 60); step > 0; --step) {
      const int what = pick(0, 20);
      if (what == 0) {
        oracle.stated = stated_anew();
        scene.budgets.state(oracle.stated, "UTC", scene.now);
      } else if (what <= 2) {
        scene.now += std::chrono::hours(pick(1, 200));
      } else if (what <= 12 || oracle.holds.empty()) {
        const Spender who{.client = pick(0, 1) == 0 ? "a" : "b",
                          .parent = pick(0, 2) == 0 ? "a" : "",
                          .model = pick(0, 1) == 0 ? "m" : "n",
                          .tool = pick(0, 1) == 0 ? "t" : "u"};
        const Spending most{.nano = pick(0, 15), .tokens = pick(0, 15)};
        const std::string day = scene.budgets.periods(scene.now).day;
        const bool fits = oracle.fits(who, most, day);
        RC_ASSERT(scene.hold(who, most).has_value() == !fits);
        if (fits) oracle.holds.push_back({who, most, {}, day, true, scene.periods});
        if (fits)
          for (const BudgetState& state : scene.budgets.states(scene.now))
            if (Oracle::is_of(who, {state.of, state.name}) &&
                (state.key.ends_with("usd") ? most.nano : most.tokens) > 0)
              RC_ASSERT(state.spent + state.held <= state.amount);
      } else {
        auto& hold = oracle.holds[static_cast<std::size_t>(pick(0, static_cast<int>(oracle.holds.size()) - 1))];
        if (!hold.out) continue;
        hold.out = false;
        hold.used = {.nano = pick(0, static_cast<int>(hold.most.nano)),
                     .tokens = pick(0, static_cast<int>(hold.most.tokens))};
        scene.budgets.settle(hold.who, hold.periods, hold.most, hold.used, scene.now);
      }
      const BudgetPeriods now = scene.budgets.periods(scene.now);
      for (const BudgetState& state : scene.budgets.states(scene.now)) {
        const bool day = state.key.find("_day_") != std::string::npos;
        const auto taken = oracle.taken({state.of, state.name}, day ? now.day : now.month, state.key.ends_with("usd"));
        RC_ASSERT(state.spent + state.held == taken);
      }
    }
  });
}

TEST_CASE("sixty-four threads that race for a budget never spend more than there is", "[budgets]") {
  constexpr int kThreads = 64, kCallsEach = 50;
  constexpr std::int64_t kAmount = 10'000;
  UvLoop loop;
  int exhausted = 0;
  Budgets budgets("UTC", [&](const BudgetState& state) { exhausted += state.exhausted ? 1 : 0; });
  budgets.state({{{BudgetScope::server, ""}, Amounts{.month_nano = kAmount}}}, "UTC", loop.wall());
  std::int64_t spent = 0, most_seen = 0;
  int admitted = 0, refused = 0, left = kThreads * kCallsEach;
  const auto over = [&] {
    if (--left == 0) loop.stop();
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCallsEach; ++i)
        loop.post([&, t, i] {
          const Spending most{.nano = 5 + (t + i) % 17};
          auto held = budgets.hold({.client = std::to_string(t)}, most, loop.wall());
          const BudgetState state = budgets.states(loop.wall()).front();
          most_seen = std::max(most_seen, state.spent + state.held);
          if (std::holds_alternative<Refusal>(held)) {
            ++refused;
            return over();
          }
          ++admitted;
          // Answered from another turn of the loop, after others have asked.
          loop.post([&, t, i, most, periods = std::get<BudgetPeriods>(held)] {
            const Spending used{.nano = most.nano - (t * i) % 5};
            budgets.settle({.client = std::to_string(t)}, periods, most, used, loop.wall());
            spent += used.nano;
            over();
          });
        });
    });
  loop.run();
  for (std::thread& thread : threads) thread.join();
  const BudgetState state = budgets.states(loop.wall()).front();
  CHECK(admitted + refused == kThreads * kCallsEach);
  CHECK(admitted > 0);
  CHECK(refused > 0);
  CHECK(state.held == 0);
  CHECK(state.spent == spent);
  CHECK(spent <= kAmount);
  CHECK(most_seen <= kAmount);
  CHECK(spent > kAmount / 2);
  CHECK(exhausted <= 1);
}

}  // namespace
}  // namespace weir
