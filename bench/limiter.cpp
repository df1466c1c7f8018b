// What one admission through the production gate costs, beside the least that it could: a clock read and one GCRA step.
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "bench/report.h"
#include "limiter/bucket.h"
#include "limiter/gate.h"
#include "limiter/loop_uv.h"
#include "limiter/store_memory.h"

namespace bench {
namespace {

using namespace weir;

constexpr const char* kHelp =
    "bench-limiter [--json]\n"
    "Nanoseconds that one uncontended call spends in the limiter: admission by the production gate (server slot, "
    "requests\n"
    "and tokens per minute, in memory, real clock) and settlement; alone, and while 10,000 calls of another group "
    "wait.\n"
    "Baselines: one read of the clock, one step of a bare bucket. bench-limiter-micro measures the single events.\n"
    "The bar for one admission is 1,000 ns.\n";

constexpr int kRounds = 15, kOperations = 20'000, kQueue = 10'000;
constexpr double kBarNs = 1000;

// Processor time, not wall time: what else runs on the machine is not the limiter's cost.
double now_ns() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

// Makes the compiler believe that someone reads it.
template <typename T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// More than any run of this program takes, and a rate that is allowed: at most a unit a nanosecond.
constexpr std::int64_t kPlenty = 1'000'000'000, kFast = 60'000'000'000;

std::vector<Limit> limits(const Limit& requests) {
  return {requests, {.name = "tpm", .unit = Unit::tokens, .amount = kFast, .burst = kPlenty}};
}

// A gate with a group that is never short of anything, and one that admits one call and then nothing for very long.
struct Weir {
  static constexpr Duration kForEver = std::chrono::hours(24 * 365 * 4);
  static constexpr Estimate kEstimate{.input_tokens = 350, .output_tokens = 100};

  UvLoop loop;
  MemoryStore store;
  Gate gate{loop, store, {.slots = 100, .queue_limit = 2 * kQueue, .queue_bytes = 1 << 30, .max_wait = kForEver}};
  GroupId wide = gate.group({"wide", "wide", std::nullopt, limits({.name = "rpm", .amount = kFast, .burst = kPlenty})});
  GroupId by_rate = gate.group(
      {"by_rate", "by_rate", std::nullopt, limits({.name = "rph", .amount = 1, .per = std::chrono::hours(1)})});
  std::vector<Lease> held;
  std::vector<Gate::Ticket> queue;
  std::int64_t refused = 0;

  void call() {
    auto ticket =
        gate.enter({.group = wide, .estimate = kEstimate, .bytes = 1000, .deadline = {}}, [this](Admission admission) {
          if (auto* lease = std::get_if<Lease>(&admission))
            lease->settle(Ending::success, Exact{.input_tokens = 300, .output_tokens = 50});
          else
            ++refused;
        });
    keep(ticket);
  }

  Gate::Ticket join(GroupId group) {
    return gate.enter({.group = group, .estimate = kEstimate, .bytes = 1000, .deadline = {}},
                      [this](Admission admission) {
                        if (auto* lease = std::get_if<Lease>(&admission))
                          held.push_back(std::move(*lease));
                        else
                          ++refused;
                      });
  }

  // Takes what there is of the group, then queues.
  void fill(GroupId group, int waiting) {
    while (gate.state(group).waiting < waiting) queue.push_back(join(group));
  }
};

// Something that is measured in rounds with the others, so that what disturbs the machine disturbs all alike.
struct Subject {
  std::function<void()> run;  // kOperations of it
  std::vector<double> ns = {};

  void round() {
    const double start = now_ns();
    run();
    ns.push_back((now_ns() - start) / kOperations);
  }
};

void admissions(Report& report) {
  Weir alone, crowded;
  crowded.fill(crowded.by_rate, kQueue);
  const Limit limit{.name = "rpm", .amount = kFast, .burst = kPlenty};
  Bucket bucket;
  Instant now{std::chrono::hours(1)};

  Subject clock{[] {
    for (int i = 0; i < kOperations; ++i) keep(std::chrono::steady_clock::now());
  }};
  Subject step{[&] {
    for (int i = 0; i < kOperations; ++i) keep(bucket.take(limit, 1, now += std::chrono::nanoseconds(100)));
  }};
  Subject admission{[&] {
    for (int i = 0; i < kOperations; ++i) alone.call();
  }};
  Subject beside_queue{[&] {
    for (int i = 0; i < kOperations; ++i) crowded.call();
  }};
  for (int i = 0; i <= kRounds; ++i)
    for (Subject* subject : {&clock, &step, &admission, &beside_queue}) {
      subject->round();
      if (i == 0) subject->ns.clear();  // warming up
    }

  const double least = median(clock.ns) + median(step.ns), took = median(admission.ns);
  report.add({.name = "one clock read", .value = median(clock.ns), .unit = "ns"});
  report.add({.name = "one take from a bare bucket", .value = median(step.ns), .unit = "ns"});
  report.add({.name = "admission + settlement, rpm and tpm",
              .value = took,
              .unit = "ns",
              .baseline = Baseline{"clock + bucket", least}});
  report.add({.name = fmt::format("  beside {} waiting of another group", kQueue),
              .value = median(beside_queue.ns),
              .unit = "ns",
              .baseline = Baseline{"none waiting", took}});
  const double worse = std::max(took, median(beside_queue.ns));
  report.note(fmt::format("the bar of {:.0f} ns for one admission is {} ({:.0f} ns)", kBarNs,
                          worse <= kBarNs ? "met" : "missed", worse));
  report.add_wrong(alone.refused + crowded.refused, "a call was refused, or queued where it should not be");
}

int run(const Options& options) {
  Report report("bench-limiter", options.json);
  admissions(report);
  return report.finish();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run_bench(argc, argv, bench::kHelp, bench::run); }
