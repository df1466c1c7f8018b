// What one call costs in the limiter, by Google Benchmark: with one to six limits, in both shapes, with an observer;
// and what each thing that happens costs while thousands wait. In the same run the least that it could cost: a clock
// read and one step of a bare bucket. bench-limiter-micro --benchmark_filter=… runs a part.
#include <benchmark/benchmark.h>

#include <deque>
#include <string>
#include <vector>

#include "limiter/bucket.h"
#include "limiter/gate.h"
#include "limiter/loop_uv.h"
#include "limiter/rolling.h"
#include "limiter/store_memory.h"
#include "limiter/tally.h"

namespace {

using namespace weir;
using namespace std::chrono_literals;

// More than any run of this program takes, and a rate that is allowed: at most a unit a nanosecond.
constexpr std::int64_t kPlenty = 1'000'000'000, kFast = 60'000'000'000;
constexpr Duration kForEver = std::chrono::hours(24 * 365 * 4);
constexpr Estimate kEstimate{.input_tokens = 350, .output_tokens = 100};

Limit plenty(std::string name, Unit unit, Shape shape) {
  Limit limit{.name = std::move(name), .unit = unit, .amount = kFast, .burst = kPlenty, .shape = shape};
  // A rolling minute admits no more than its amount, however long the run.
  if (shape == Shape::rolling) limit.burst = kFast;
  return limit;
}

struct World {
  UvLoop loop;
  MemoryStore store;
  Gate gate;
  explicit World(Observer* observer = nullptr)
      : gate(loop, store,
             {.slots = 100,
              .queue_limit = 100'000,
              .queue_bytes = 1 << 30,
              .max_wait = kForEver,
              .observer = observer}) {}
};

void clock_read(benchmark::State& state) {
  const UvLoop loop;
  for (auto _ : state) benchmark::DoNotOptimize(loop.now());
}

void bare_bucket(benchmark::State& state) {
  const Limit limit = plenty("rpm", Unit::requests, Shape::bucket);
  Bucket bucket;
  Instant now{1h};
  for (auto _ : state) benchmark::DoNotOptimize(bucket.take(limit, 1, now += 100ns));
}

void bare_ring(benchmark::State& state) {
  const Limit limit = plenty("rpm", Unit::requests, Shape::rolling);
  Rolling rolling(limit);
  Instant now{1h};
  for (auto _ : state) {
    now += 100ns;
    benchmark::DoNotOptimize(rolling.ready_at(limit, 1, now));
    rolling.take(limit, 1, now);
  }
}

// One call that is admitted at once, and settled. The limits: two of the group, then two of the client, then two of its
// parent.
void call(benchmark::State& state, Shape shape, bool observed) {
  Tally tally;
  World world(observed ? &tally : nullptr);
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto limits = [&](std::size_t from) {
    std::vector<Limit> result;
    if (count > from) result.push_back(plenty("rpm", Unit::requests, shape));
    if (count > from + 1) result.push_back(plenty("tpm", Unit::tokens, shape));
    return result;
  };
  Ask ask;
  ask.group = world.gate.group({.key = "k", .name = "m", .slots = {}, .limits = limits(0)});
  const ClientId org =
      world.gate.client({.name = "org", .parent = {}, .weight = 1, .limits = limits(4), .limits_of = {}});
  ask.client = world.gate.client({.name = "c", .parent = org, .weight = 1, .limits = limits(2), .limits_of = {}});
  ask.estimate = kEstimate;
  ask.bytes = 1000;
  std::int64_t refused = 0;
  for (auto _ : state) {
    const auto ticket = world.gate.enter(ask, [&](Admission admission) {
      if (auto* lease = std::get_if<Lease>(&admission))
        lease->settle(Ending::success, Exact{.input_tokens = 300, .output_tokens = 50});
      else
        ++refused;
    });
  }
  if (refused > 0) state.SkipWithError("a call was refused");
}

// A queue that stands still but for what is measured: of `clients` clients in turns, before a slot or a rate.
struct Queue {
  World world;
  GroupId group;
  std::vector<ClientId> clients;
  std::deque<Lease> held;
  std::deque<Gate::Ticket> tickets;
  std::size_t next = 0;

  Queue(std::int64_t waiting, std::int64_t of_clients, bool by_slot) {
    std::vector<Limit> limits{plenty("rpm", Unit::requests, Shape::bucket), plenty("tpm", Unit::tokens, Shape::bucket)};
    if (!by_slot) limits.push_back({.name = "rph", .amount = 1, .per = 1h});
    group = world.gate.group(
        {.key = "k", .name = "m", .slots = by_slot ? std::optional(1) : std::nullopt, .limits = std::move(limits)});
    for (std::int64_t i = 0; i < of_clients; ++i)
      clients.push_back(world.gate.client(
          {.name = "c" + std::to_string(i), .parent = {}, .weight = 1, .limits = {}, .limits_of = {}}));
    while (world.gate.state(group).waiting < waiting) join();
  }
  ~Queue() { world.gate.close(); }
  void join() {
    Ask ask;
    ask.group = group;
    ask.client = clients[next++ % clients.size()];
    ask.estimate = kEstimate;
    ask.bytes = 1000;
    tickets.push_back(world.gate.enter(ask, [this](Admission admission) {
      if (auto* lease = std::get_if<Lease>(&admission)) held.push_back(std::move(*lease));
    }));
  }
};

void join_and_leave(benchmark::State& state) {
  Queue queue(state.range(0), state.range(1), state.range(2) == 1);
  for (auto _ : state) {
    queue.join();
    queue.tickets.pop_back();
  }
}

void leave_the_middle_and_join(benchmark::State& state) {
  Queue queue(state.range(0), state.range(1), state.range(2) == 1);
  std::size_t at = queue.tickets.size() / 2;
  for (auto _ : state) {
    queue.tickets[at] = Gate::Ticket();
    queue.join();
    std::swap(queue.tickets[at], queue.tickets.back());
    queue.tickets.pop_back();
    at = at * 7919 % queue.tickets.size();
  }
}

// One slot: the call that holds it settles, the next is admitted, another joins.
void settle_admit_and_join(benchmark::State& state) {
  Queue queue(state.range(0), state.range(1), true);
  for (auto _ : state) {
    Lease lease = std::move(queue.held.front());
    queue.held.pop_front();
    lease.settle(Ending::success, Exact{.input_tokens = 300, .output_tokens = 50});
    queue.join();
  }
  if (queue.held.size() != 1) state.SkipWithError("not one call is under way");
}

// The queue is full; a newcomer of a client that has nothing there turns out the newest of another.
void turn_out(benchmark::State& state) {
  World world;
  const auto waiting = static_cast<int>(state.range(0));
  Gate gate(world.loop, world.store,
            {.slots = 1, .queue_limit = waiting, .queue_bytes = 1 << 30, .max_wait = kForEver});
  Ask ask;
  ask.group =
      gate.group({.key = "k", .name = "m", .slots = {}, .limits = {plenty("rpm", Unit::requests, Shape::bucket)}});
  const ClientId heavy = gate.client({.name = "heavy", .parent = {}, .weight = 1, .limits = {}, .limits_of = {}});
  const ClientId light = gate.client({.name = "light", .parent = {}, .weight = 1, .limits = {}, .limits_of = {}});
  Lease held;
  std::deque<Gate::Ticket> tickets;
  const auto keep = [&](Admission admission) {
    if (auto* lease = std::get_if<Lease>(&admission)) held = std::move(*lease);
  };
  for (int i = 0; i <= waiting; ++i) {
    ask.client = heavy;
    tickets.push_back(gate.enter(ask, keep));
  }
  for (auto _ : state) {
    ask.client = light;
    { const auto ticket = gate.enter(ask, keep); }
    ask.client = heavy;
    tickets.push_back(gate.enter(ask, keep));
  }
  gate.close();
}

void queues(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"waiting", "clients", "by_slot"});
  for (const int by_slot : {0, 1})
    for (const int clients : {1, 100, 10'000})
      for (const int waiting : {1000, 10'000})
        if (clients <= waiting) benchmark->Args({waiting, clients, by_slot});
}

BENCHMARK(clock_read);
BENCHMARK(bare_bucket);
BENCHMARK(bare_ring);
BENCHMARK_CAPTURE(call, bucket, Shape::bucket, false)->ArgName("limits")->DenseRange(1, 6);
BENCHMARK_CAPTURE(call, bucket_observed, Shape::bucket, true)->ArgName("limits")->Arg(6);
BENCHMARK_CAPTURE(call, rolling, Shape::rolling, false)->ArgName("limits")->DenseRange(1, 6);
BENCHMARK_CAPTURE(call, rolling_observed, Shape::rolling, true)->ArgName("limits")->Arg(6);
BENCHMARK(join_and_leave)->Apply(queues);
BENCHMARK(leave_the_middle_and_join)->Apply(queues);
BENCHMARK(settle_admit_and_join)
    ->ArgNames({"waiting", "clients"})
    ->ArgsProduct({{1000, 10'000}, {1, 100}})
    ->Args({10'000, 10'000});
BENCHMARK(turn_out)->ArgName("waiting")->Arg(1000)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
