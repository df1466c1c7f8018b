// What settling and learning are worth, and whether the waits that refusals name hold.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "bench/scenarios/field.h"
#include "bench/scenarios/scenarios.h"
#include "limiter/estimator.h"

namespace bench::scenarios {
namespace {

using namespace std::chrono_literals;
using namespace weir;

enum class Mode { none, settled, learned };

// How long 40 rows take: 20k tokens a minute, a cap of 2,048, answers of 12.
double rows_take(Mode mode, std::int64_t burst, int at_once) {
  constexpr int kRows = 40;
  constexpr std::int64_t kInput = 20, kOutput = 12, kCap = 2'048;
  constexpr std::uint64_t kKind = 1;
  Estimator estimator;
  int asked = 0, over = 0;
  Instant last{};
  Field field({.slots = at_once, .queue_limit = kRows, .max_wait = 1h});
  Limit limit = tokens_a_minute(20'000);
  limit.burst = burst;
  const GroupId group = field.gate.group({"account", "model", std::nullopt, {limit}});
  const Instant begin = field.now();
  std::function<void()> ask = [&] {
    if (asked++ >= kRows) return;
    const std::int64_t output =
        mode == Mode::learned ? estimator.output(kKind, kCap, field.gate.state(group).slots_taken + 1) : kCap;
    field.call({.ask = {.group = group, .estimate = {kInput, output, kCap}, .deadline = {}},
                .used = mode == Mode::none ? Usage(AtLeast{kInput, kOutput}) : Usage(Exact{kInput, kOutput}),
                .takes = 300ms,
                .settling = [&] { estimator.learn_output(kKind, kOutput, 300ms); },
                .over =
                    [&] {
                      ++over;
                      last = field.now();
                      ask();
                    }});
  };
  // As an operator over a list: so many rows on their way, the next when one is done.
  for (int i = 0; i < at_once; ++i) ask();
  while (over < kRows && field.loop.step(begin + 1h)) {
  }
  return seconds(last - begin);
}

struct Kept {
  std::int64_t refusals = 0, returns = 0, kept = 0, admitted = 0;
  std::map<std::string, std::int64_t> again;  // returns that were refused: why
  double share() const { return returns == 0 ? 1 : static_cast<double>(kept) / static_cast<double>(returns); }
};

struct Demand {
  const char* name;
  int callers;
  std::vector<Limit> limits;
  int slots, queue_limit;
  double median, sigma;
  std::int64_t most;
  bool batch = false, clients = false;  // every third is; each is one of five, with limits of its own
};

std::string_view reason_of(Refusal::Reason reason) {
  switch (reason) {
    case Refusal::Reason::never:
      return "never";
    case Refusal::Reason::wait_too_long:
      return "wait too long";
    case Refusal::Reason::queue_full:
      return "queue full";
    case Refusal::Reason::timed_out:
      return "timed out";
    case Refusal::Reason::closing:
      return "closing";
  }
  return "";
}

// Callers who ask, wait at most 4 s, and come back exactly when they are told, until they are let in; then again.
// What is reserved for an answer is learned, and used in part.
Kept kept(const Demand& demand, int minutes) {
  constexpr std::uint64_t kModel = 1, kKind = 1;
  constexpr std::int64_t kCap = 1'024;
  Kept found;
  Estimator estimator;
  Random random(17);
  Field field({.slots = demand.slots, .queue_limit = demand.queue_limit, .max_wait = 4s});
  const GroupId group = field.gate.group({"account", "model", std::nullopt, demand.limits});
  std::vector<ClientId> clients{0};
  for (int i = 0; demand.clients && i < 5; ++i)
    clients.push_back(
        field.client(fmt::format("client {}", i), {tokens_a_minute(demand.limits.back().amount / 4)}, i + 1));
  struct Caller {
    std::int64_t counted = 0, input = 0, output = 0;
  };
  std::vector<Caller> callers(static_cast<std::size_t>(demand.callers));
  const Instant end = field.now() + Duration(1min) * minutes;
  std::function<void(std::size_t, bool)> ask = [&](std::size_t i, bool returns) {
    const Caller caller = callers[i];
    const int in_flight = field.gate.state(group).slots_taken + 1;
    found.returns += returns;
    field.call({.ask = {.group = group,
                        .client = demand.clients ? clients[1 + i % 5] : 0,
                        .priority = demand.batch && i % 3 == 0 ? Priority::batch : Priority::interactive,
                        .estimate = {estimator.input(kModel, caller.counted, in_flight),
                                     estimator.output(kKind, kCap, in_flight), kCap},
                        .deadline = {},
                        .caller = i + 1},
                .used = Exact{caller.input, caller.output},
                .takes = 500ms + Duration(1s) * caller.output / 60,
                .went =
                    [&, returns](Duration) {
                      ++found.admitted;
                      found.kept += returns;
                    },
                .refused =
                    [&, i, returns](const Refusal& refusal) {
                      ++found.refusals;
                      if (returns) ++found.again[fmt::format("{} {}", reason_of(refusal.reason), refusal.limit)];
                      if (field.now() >= end || !refusal.retry_after) return;
                      field.at(field.now() + *refusal.retry_after, [&, i] { ask(i, true); });
                    },
                .settling =
                    [&, caller] {
                      estimator.learn_input(kModel, caller.counted, caller.input);
                      estimator.learn_output(kKind, caller.output, 500ms + Duration(1s) * caller.output / 60);
                    },
                .over =
                    [&, i] {
                      if (field.now() >= end) return;
                      Caller& next = callers[i];
                      next.input = lognormal(random, demand.median, demand.sigma, 5, demand.most);
                      next.counted = next.input * 13 / 10;
                      next.output = lognormal(random, 180, 1.1, 1, kCap);
                      ask(i, false);
                    }});
  };
  for (std::size_t i = 0; i < callers.size(); ++i) {
    callers[i] = {.counted = 780, .input = 600, .output = lognormal(random, 180, 1.1, 1, kCap)};
    field.at(field.now() + random.between(0s, 100ms), [&, i] { ask(i, false); });
  }
  field.loop.run_until(end + 10min);
  return found;
}

}  // namespace

Findings settlement() {
  Findings findings;
  struct Way {
    const char* name;
    Mode mode;
    double as_specified;
  };
  for (const int at_once : {4, 10, 40})
    for (const std::int64_t burst : {20'000 / 6, 20'000})
      for (const Way& way : {Way{"nothing returns", Mode::none, 207}, Way{"settlement", Mode::settled, 3.2},
                             Way{"settlement and learning", Mode::learned, 1.2}}) {
        const double took = rows_take(way.mode, burst, at_once);
        Finding finding{.scenario = "settlement: 40 rows",
                        .name = fmt::format("{}, {} at once, burst {}", way.name, at_once, burst),
                        .value = took,
                        .unit = "s",
                        .beside = Beside{"LIMITS 5", way.as_specified}};
        // The specification does not say how many are in flight: what 0.3 s each allow is a bound of its own.
        const double least = 0.3 * (40 / at_once);
        if (way.mode == Mode::learned) finding.bar = at_most(std::max(way.as_specified, least * 1.001), took);
        findings.push_back(finding);
      }
  return findings;
}

Findings promises(const Size& size) {
  Findings findings;
  const Limit large = tokens_a_minute(200'000);
  Limit rolling = large;
  rolling.shape = Shape::rolling;
  rolling.burst = rolling.amount / 10;
  const Limit requests{.name = "rpm", .amount = 600, .burst = 10, .debt = 600};
  const std::vector<Demand> demands{
      {"64 callers", 64, {large}, 4096, 64, 600, 0.76, 16'000},
      {"256 callers", 256, {large}, 4096, 64, 600, 0.76, 16'000},
      {"256 callers, rolling", 256, {rolling}, 4096, 64, 600, 0.76, 10'000},
      {"256 callers, 8 slots, queue of 24", 256, {requests, large}, 8, 24, 600, 0.76, 16'000},
      {"256 callers, a third of them batch", 256, {large}, 4096, 64, 600, 0.76, 16'000, true},
      {"250 callers of 5 clients with limits", 250, {large}, 4096, 64, 600, 0.76, 4'000, false, true},
      {"256 callers, heavier tails", 256, {large}, 4096, 64, 400, 1.3, 30'000},
  };
  for (const Demand& demand : demands) {
    const Kept found = kept(demand, size.minutes);
    findings.push_back({.scenario = "retry_after honoured",
                        .name = fmt::format("admitted without another refusal, {}", demand.name),
                        .value = found.share() * 100,
                        .unit = "%",
                        .bar = at_least(99, found.share() * 100)});
    findings.push_back({.scenario = "retry_after honoured",
                        .name = "  came back",
                        .value = static_cast<double>(found.returns),
                        .unit = "times",
                        .beside = Beside{"admitted", static_cast<double>(found.admitted)}});
    for (const auto& [why, times] : found.again)
      findings.push_back({.scenario = "retry_after honoured",
                          .name = fmt::format("  refused again: {}", why),
                          .value = static_cast<double>(times),
                          .unit = "times"});
  }
  return findings;
}

}  // namespace bench::scenarios
