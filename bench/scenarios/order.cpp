// Who goes before whom: batch calls while interactive ones wait, a large call in a stream of small ones, and a model
// whose neighbour is exhausted.
#include <fmt/format.h>

#include <algorithm>
#include <list>

#include "bench/replay/ledger.h"
#include "bench/scenarios/field.h"
#include "bench/scenarios/scenarios.h"

namespace bench::scenarios {
namespace {

using namespace std::chrono_literals;
using namespace weir;
using replay::Ledger;
using replay::Regime;

constexpr int kClients = 5;

struct Inverted {
  std::int64_t batch = 0, interactive = 0;  // admitted
  // Batch, while an interactive call waited that could have gone: all of it was there, and nobody interactive who
  // shares a bucket of its client or parent waits for more of it. `behind`: somebody did, whom it might have passed.
  std::int64_t could_go = 0, behind = 0;
  std::int64_t waited = 0;  // interactive calls that waited at all
};

// Judged from outside: by ledgers of its own, in which every admission and settlement is counted again.
// Amounts divide a minute's nanoseconds, so that neither side rounds.
Inverted inverted(bool own_limits, bool tools, int minutes) {
  constexpr std::int64_t kAmount = 60'000, kOwn = 15'000, kParent = 30'000;
  Inverted found;
  struct Waiting {
    std::size_t client;
    ToolId tool;
    std::int64_t tokens;
  };
  std::list<Waiting> waiting;  // interactive ones
  Ledger model(Regime::tenth, kAmount), parent(Regime::tenth, kParent);
  std::vector<Ledger> own(2 * kClients, Ledger(Regime::tenth, kOwn));
  int tool_taken = 0;
  Random random(11);
  Field field({.slots = 12, .queue_limit = 4096, .max_wait = 24h});
  const GroupId group = field.gate.group({"account", "model", std::nullopt, {tokens_a_minute(kAmount)}});
  const ToolId narrow = tools ? field.gate.tool({"narrow", 2}) : 0;
  const auto limited = [&](std::int64_t amount) {
    return own_limits ? std::vector{tokens_a_minute(amount)} : std::vector<Limit>{};
  };
  const ClientId above = field.client("parent", limited(kParent));
  std::vector<ClientId> clients;
  // The first half asks interactively; the even ones of all have the parent.
  const auto has_parent = [&](std::size_t i) { return own_limits && i % 2 == 0; };
  for (std::size_t i = 0; i < 2 * kClients; ++i)
    clients.push_back(field.client(fmt::format("client {}", i), limited(kOwn), 1,
                                   has_parent(i) ? std::optional(above) : std::nullopt));
  const auto count = [&](std::size_t client, std::int64_t tokens) {
    model.count(tokens, field.now());
    if (!own_limits) return;
    own[client].count(tokens, field.now());
    if (has_parent(client)) parent.count(tokens, field.now());
  };
  const auto could_go = [&](const Waiting& who) {
    const Instant now = field.now();
    return (who.tool == 0 || tool_taken < 2) && model.admits(who.tokens, now) &&
           (!own_limits || own[who.client].admits(who.tokens, now)) &&
           (!has_parent(who.client) || parent.admits(who.tokens, now));
  };
  // Whose turn it is among those who share a bucket is for the limiter to say: by virtual time, not by arrival.
  const auto stands_first = [&](std::list<Waiting>::iterator who) {
    return std::none_of(waiting.begin(), waiting.end(), [&](const Waiting& other) {
      const bool shares = other.client == who->client || (has_parent(other.client) && has_parent(who->client));
      return &other != &*who && shares && !could_go(other);
    });
  };
  const Instant end = field.now() + Duration(1min) * minutes;
  const auto ask = [&](std::size_t client, Priority priority, ToolId tool, std::function<void()> went) {
    const std::int64_t input = lognormal(random, 200, 0.9, 1, 1'500), output = lognormal(random, 60, 0.9, 1, 500);
    const std::int64_t reserved = input + 500;
    auto place = waiting.end();
    if (priority == Priority::interactive) place = waiting.insert(waiting.end(), {client, tool, reserved});
    field.call({.ask = {.group = group,
                        .client = clients[client],
                        .tool = tool,
                        .priority = priority,
                        .estimate = {.input_tokens = input, .output_tokens = 500},
                        .deadline = {}},
                .used = Exact{input, output},
                .takes = 300ms + Duration(1s) * output / 60,
                .went =
                    [&, client, tool, priority, reserved, place, went = std::move(went)](Duration waited) {
                      if (priority == Priority::batch) {
                        ++found.batch;
                        bool first = false, later = false;
                        for (auto who = waiting.begin(); who != waiting.end(); ++who)
                          if (could_go(*who)) (stands_first(who) ? first : later) = true;
                        found.could_go += first;
                        found.behind += later && !first;
                      } else {
                        ++found.interactive;
                        found.waited += waited > 0s;
                        waiting.erase(place);
                      }
                      count(client, reserved);
                      tool_taken += tool != 0;
                      if (went) went();
                    },
                .settling =
                    [&, client, tool, refund = reserved - input - output] {
                      tool_taken -= tool != 0;
                      count(client, -refund);
                    }});
  };
  std::function<void(std::size_t)> batch = [&](std::size_t client) {
    ask(client, Priority::batch, client % 2 == 0 ? narrow : 0,
        [&, client] { field.at(field.now(), [&, client] { batch(client); }); });
  };
  std::function<void(std::size_t)> arrive = [&](std::size_t client) {
    field.at(field.now() + exponential(random, 4s), [&, client] {
      if (field.now() >= end) return;
      ask(client, Priority::interactive, client % 3 == 0 ? narrow : 0, {});
      arrive(client);
    });
  };
  for (std::size_t i = 0; i < kClients; ++i) arrive(i);
  for (std::size_t i = kClients; i < 2 * kClients; ++i)
    for (int call = 0; call < 10; ++call) batch(i);
  field.loop.run_until(end);
  return found;
}

struct Passed {
  Duration waited{};
  std::int64_t passing = 0;  // calls that were asked later and went earlier
  std::int64_t before = 0;   // tokens of those who waited when it was asked
};

// A call of nine tenths of the burst, after a minute of small ones that ask for a fifth more than there is.
Passed passed(int small_clients, bool its_own, Duration aging_bound) {
  constexpr std::int64_t kAmount = 60'000, kLarge = kAmount / 6 * 9 / 10, kSmall = 100;
  Passed passed;
  bool asked = false, went = false;
  Field field({.slots = 4096, .queue_limit = 1 << 16, .max_wait = 24h, .aging_bound = aging_bound});
  const GroupId group = field.gate.group({"account", "model", std::nullopt, {tokens_a_minute(kAmount)}});
  std::vector<ClientId> clients;
  for (int i = 0; i < small_clients; ++i) clients.push_back(field.client(fmt::format("client {}", i)));
  const ClientId asking = its_own ? clients[0] : field.client("large");
  Random random(5);
  const auto ask = [&](ClientId client, std::int64_t tokens, std::function<void(Duration)> then) {
    field.call({.ask = {.group = group, .client = client, .estimate = {.input_tokens = tokens}, .deadline = {}},
                .used = Exact{.input_tokens = tokens},
                .takes = 100ms,
                .went = std::move(then)});
  };
  const Instant begin = field.now();
  std::function<void()> small = [&] {
    field.at(field.now() + exponential(random, Duration(1min) * kSmall / (kAmount * 12 / 10)), [&] {
      const auto client = clients[random.next() % clients.size()];
      ask(client, kSmall, [&, later = asked](Duration) { passed.passing += later && !went; });
      if (!went) small();
    });
  };
  small();
  field.at(begin + 1min, [&] {
    asked = true;
    passed.before = field.gate.state(group).waiting * kSmall;
    ask(asking, kLarge, [&](Duration waited) {
      went = true;
      passed.waited = waited;
    });
  });
  while (!went && field.loop.step(begin + 2h)) {
  }
  return passed;
}

}  // namespace

Findings inversion(const Size& size) {
  Findings findings;
  const auto add = [&](const char* name, bool own_limits, bool tools) {
    const Inverted found = inverted(own_limits, tools, size.minutes);
    const auto could_go = static_cast<double>(found.could_go);
    findings.push_back({.scenario = "priority inversion",
                        .name = fmt::format("batch before interactive that could go, {}", name),
                        .value = could_go,
                        .unit = "calls",
                        .beside = Beside{"batch admitted", static_cast<double>(found.batch)},
                        .bar = at_most(0, could_go)});
    findings.push_back({.scenario = "priority inversion",
                        .name = "  the same, beside one who waits for the same bucket",
                        .value = static_cast<double>(found.behind),
                        .unit = "calls"});
    findings.push_back({.scenario = "priority inversion",
                        .name = "  interactive that waited",
                        .value = static_cast<double>(found.waited),
                        .unit = "calls",
                        .beside = Beside{"interactive", static_cast<double>(found.interactive)}});
  };
  add("one model", false, false);
  add("limits of clients and a parent", true, false);
  add("these, and a tool of 2 slots", true, true);
  return findings;
}

Findings passing(const Size&) {
  Findings findings;
  // Whoever was not passed would wait for its own tokens, from an empty bucket.
  constexpr double kRefill = 9, kRate = 1000;
  const auto add = [&](const std::string& name, int clients, bool its_own, Duration aging_bound) {
    const Passed found = passed(clients, its_own, aging_bound);
    const double waited = seconds(found.waited),
                 most = seconds(aging_bound) + kRefill + static_cast<double>(found.before) / kRate;
    findings.push_back({.scenario = "passing and ageing",
                        .name = fmt::format("90 % of the burst, {}", name),
                        .value = waited,
                        .unit = "s",
                        .beside = Beside{"bound, queue, refill", most},
                        .bar = at_most(most, waited)});
    findings.push_back({.scenario = "passing and ageing",
                        .name = "  passed by",
                        .value = static_cast<double>(found.passing),
                        .unit = "calls"});
  };
  add("beside 20 clients, bound 5 s", 20, false, 5s);
  add("beside 1 client, bound 5 s", 1, false, 5s);
  add("beside 20 clients, bound 30 s", 20, false, 30s);
  add("one of those 20 asks it, bound 5 s", 20, true, 5s);
  return findings;
}

Findings starvation() {
  constexpr int kExhausted = 50, kCalls = 1000;
  std::vector<double> waits;
  int refused = 0, went = 0;
  Field field({.slots = 8, .queue_limit = 64, .max_wait = 24h});
  const GroupId a = field.gate.group({"a", "a", std::nullopt, {tokens_a_minute(60)}});
  const GroupId b = field.gate.group({"b", "b", std::nullopt, {tokens_a_minute(600'000)}});
  const auto ask = [&](GroupId group, std::function<void(Duration)> then) {
    field.call({.ask = {.group = group, .estimate = {.input_tokens = 10}, .deadline = {}},
                .used = Exact{.input_tokens = 10},
                .takes = 50ms,
                .went = std::move(then),
                .refused = [&](const Refusal&) { ++refused; }});
  };
  for (int i = 0; i <= kExhausted; ++i) ask(a, [&](Duration) { ++went; });
  const int waiting = field.gate.state(a).waiting;
  for (int i = 0; i < kCalls; ++i)
    field.at(field.now() + 100ms * i, [&] { ask(b, [&](Duration waited) { waits.push_back(seconds(waited)); }); });
  field.loop.run_for(101s);
  const double worst = waits.empty() ? 1e9 : *std::max_element(waits.begin(), waits.end());
  const auto served = static_cast<double>(waits.size());
  return {{.scenario = "starvation",
           .name = fmt::format("longest wait of model B, {} waiting for model A", waiting),
           .value = worst,
           .unit = "s",
           .bar = at_most(0, worst)},
          {.scenario = "starvation",
           .name = "  calls of B admitted",
           .value = served,
           .beside = Beside{"asked", kCalls},
           .bar = at_least(kCalls, served)},
          {.scenario = "starvation",
           .name = "  calls refused",
           .value = static_cast<double>(refused),
           .bar = at_most(0, refused)}};
}

}  // namespace bench::scenarios
