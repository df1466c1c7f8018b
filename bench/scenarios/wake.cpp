// How late those who wait for refill are admitted: beside the exact instant, computed by arithmetic of its own.
#include <fmt/format.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <optional>
#include <stdexcept>

#include "bench/replay/ledger.h"
#include "bench/scenarios/field.h"
#include "bench/scenarios/scenarios.h"
#include "limiter/loop_uv.h"

namespace bench::scenarios {
namespace {

using namespace std::chrono_literals;
using namespace weir;
using replay::Ledger;
using replay::Regime;

struct WakeUps {
  std::vector<double> late_ns;
  double timers_each = 0;
};

// Everybody waits from the first moment on. Each is expected at the first nanosecond at which its tokens are there,
// after those who went before it.
WakeUps wake_ups(std::int64_t amount, bool mixed, int waiters) {
  WakeUps result;
  Ledger ledger(Regime::tenth, amount);
  Instant before = replay::kStart;
  Random random(3);
  Field field({.slots = 1 << 20, .queue_limit = 1 << 20, .max_wait = 1000h});
  const GroupId group = field.gate.group({"account", "model", std::nullopt, {tokens_a_minute(amount)}});
  int admitted = 0;
  std::uint64_t timers = 0;
  const auto ask = [&](std::int64_t tokens) {
    field.call({.ask = {.group = group, .estimate = {.input_tokens = tokens}, .deadline = {}},
                .used = Exact{.input_tokens = tokens},
                .takes = 2000h,  // after the end
                .went = [&, tokens](Duration) {
                  const Instant expected = before + ledger.until_admits(tokens, before);
                  const Instant now = field.now();
                  ledger.count(tokens, now);
                  before = now;
                  ++timers;  // of this scenario, not of the gate: one for each call
                  if (admitted++ > 0) result.late_ns.push_back(static_cast<double>((now - expected).count()));
                }});
  };
  ask(amount / 6);  // all there is
  for (int i = 0; i < waiters; ++i) ask(mixed ? lognormal(random, 800, 0.8, 1, amount / 6) : 800);
  const std::uint64_t armed = field.loop.timers_ever(), own = timers;
  while (admitted <= waiters && field.loop.step(replay::kStart + 1900h)) {
  }
  result.timers_each = static_cast<double>(field.loop.timers_ever() - armed - (timers - own)) / waiters;
  return result;
}

// A bucket may be early by less than one unit, LIMITS has it: so that a burst of single units is not rounded away.
void add(Findings& findings, const std::string& name, const std::vector<double>& late_ns, std::int64_t amount) {
  const double unit_ns = 60e9 / static_cast<double>(amount), early = -quantile(late_ns, 0);
  findings.push_back({.scenario = "wake-up",
                      .name = fmt::format("early at most, {}", name),
                      .value = early,
                      .unit = "ns",
                      .beside = Beside{"one token", unit_ns},
                      .bar = at_most(std::floor(unit_ns), early)});
  for (const auto& [label, share] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}}) {
    const double late = std::max(quantile(late_ns, share), 0.0);
    findings.push_back({.scenario = "wake-up",
                        .name = fmt::format("  late, {}", label),
                        .value = late,
                        .unit = "ns",
                        .bar = at_most(0, late)});
  }
  // Between any two: what each charge is rounded up by adds up.
  const double spread = quantile(late_ns, 1) + early;
  const bool rounds = 60'000'000'000 % amount != 0;
  findings.push_back({.scenario = "wake-up",
                      .name = "  latest less earliest",
                      .value = spread,
                      .unit = "ns",
                      .bar = at_most(rounds ? static_cast<double>(late_ns.size()) : 0, spread)});
}

// Late by how many microseconds; of calls that refill admits, and of timers that do nothing else, by turns.
struct Lateness {
  std::vector<double> admitted, bare, kernel;
};

double microseconds(Duration span) { return std::chrono::duration<double, std::micro>(span).count(); }

Lateness on_this_machine() {
  constexpr std::int64_t kAmount = 6'000'000, kTokens = 500;  // one every 5 ms
  constexpr int kWaiters = 400;
  Lateness late;
  UvLoop loop;
  MemoryStore store;
  Gate gate(loop, store, {.slots = 1 << 20, .queue_limit = 1 << 20, .max_wait = 1h});
  const GroupId group = gate.group({"account", "model", std::nullopt, {tokens_a_minute(kAmount)}});
  std::vector<Lease> leases;
  std::vector<Gate::Ticket> tickets;
  std::vector<Timer> timers;
  Ledger ledger(Regime::tenth, kAmount);
  std::optional<Instant> first;
  Instant before = replay::kStart;
  const auto ask = [&](std::int64_t tokens) {
    tickets.push_back(gate.enter({.group = group, .estimate = {.input_tokens = tokens}, .deadline = {}},
                                 [&, tokens](Admission admission) {
                                   const Instant real = loop.now();
                                   if (!first) first = real;
                                   const Instant now = replay::kStart + (real - *first);
                                   // Whoever is late leaves the bucket fuller: those after it are not late because of
                                   // that.
                                   const Instant expected = before + ledger.until_admits(tokens, before);
                                   if (!leases.empty()) late.admitted.push_back(microseconds(now - expected));
                                   ledger.count(tokens, std::max(expected, before));
                                   before = std::max(expected, before);
                                   leases.push_back(std::move(std::get<Lease>(admission)));
                                   if (leases.size() > kWaiters) loop.stop();
                                 }));
  };
  ask(kAmount / 6);
  for (int i = 0; i < kWaiters; ++i) ask(kTokens);
  for (int i = 0; i < kWaiters; ++i) {
    const Instant when = *first + 5ms * i + 2500us;  // half-way between two admissions
    timers.push_back(loop.at(when, [&, when] { late.bare.push_back(microseconds(loop.now() - when)); }));
  }
  loop.run();

  // The kernel's own, without any loop.
  const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error("no timerfd");
  const auto clock_ns = [] {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
  };
  for (int i = 0; i < 200; ++i) {
    const std::int64_t when = clock_ns() + 2'500'000;
    const itimerspec once{{0, 0}, {when / 1'000'000'000, when % 1'000'000'000}};
    std::uint64_t times = 0;
    if (::timerfd_settime(fd, TFD_TIMER_ABSTIME, &once, nullptr) != 0 || ::read(fd, &times, sizeof times) < 0) break;
    late.kernel.push_back(static_cast<double>(clock_ns() - when) / 1000);
  }
  ::close(fd);
  for (Lease& lease : leases) lease.settle(Ending::never_sent);
  return late;
}

}  // namespace

Findings wake_up(const Size& size) {
  Findings findings;
  const auto play = [&](const char* name, std::int64_t amount, bool mixed) {
    const WakeUps found = wake_ups(amount, mixed, size.waiters);
    add(findings, name, found.late_ns, amount);
    findings.push_back({.scenario = "wake-up",
                        .name = "  timers armed per admission",
                        .value = found.timers_each,
                        .bar = at_most(1.01, found.timers_each)});
  };
  play("equal sizes", 240'000, false);
  play("mixed sizes", 240'000, true);
  // A token takes no whole number of nanoseconds there: the bucket rounds each charge up by less than one.
  play("mixed sizes, 777,774 a minute", 777'774, true);
  return findings;
}

Findings wake_up_of_this_machine() {
  const Lateness late = on_this_machine();
  Findings findings;
  for (const auto& [label, share] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}}) {
    const double ours = quantile(late.admitted, share);
    for (const auto& [name, theirs] :
         {std::pair{"a timer of the loop", &late.bare}, std::pair{"a bare timerfd", &late.kernel}})
      findings.push_back({.scenario = "wake-up by the real loop",
                          .name = fmt::format("late, {}, of {} admissions", label, late.admitted.size()),
                          .value = ours,
                          .unit = "us",
                          .beside = Beside{name, quantile(*theirs, share)},
                          .exact = false});
  }
  return findings;
}

}  // namespace bench::scenarios
