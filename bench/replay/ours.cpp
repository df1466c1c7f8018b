#include "bench/replay/ours.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>
#include <variant>

#include "limiter/estimator.h"
#include "limiter/gate.h"
#include "limiter/store_memory.h"

namespace bench::replay {
namespace {

using namespace std::chrono_literals;
using namespace weir;

std::vector<Limit> limits_of(const Setting& setting, Counting counting) {
  return {{.name = "rpm",
           .unit = Unit::requests,
           .amount = kRequestsPerMinute,
           .burst = kRequestsPerMinute * setting.burst / setting.amount,
           .debt = kRequestsPerMinute,
           .shape = setting.shape},
          {.name = "tpm",
           .unit = counting == Counting::at_admission ? Unit::tokens_or_cap : Unit::tokens,
           .amount = setting.amount,
           .burst = setting.burst,
           .debt = setting.amount,
           .shape = setting.shape}};
}

std::vector<Reading> readings_of(const Headers& headers) {
  const auto reading = [](Unit unit, const Rate& rate) {
    return Reading{.unit = unit, .limit = rate.limit, .remaining = rate.remaining, .resets_in = rate.reset};
  };
  return {reading(Unit::requests, headers.requests), reading(Unit::tokens, headers.tokens)};
}

class WeirLimiter final : public Limiter {
 public:
  WeirLimiter(const Setting& setting, Counting counting, Loop& loop, Go go)
      : setting_(setting),
        loop_(loop),
        go_(std::move(go)),
        options_{.key = "account", .name = "model", .slots = {}, .limits = limits_of(setting, counting)},
        gate_(loop, store_, {.slots = kSlots, .queue_limit = 2 * kSlots, .max_wait = 24h}),
        group_(gate_.group(options_)) {}

  Answer ask(const Call& call, Instant) override {
    asking_ = call.caller;
    Place& place = places_[call.caller];
    auto ticket =
        gate_.enter({.group = group_, .estimate = estimate(call), .bytes = call.input_bytes, .deadline = {}},
                    [this, caller = call.caller](Admission admission) { admitted(caller, std::move(admission)); });
    asking_ = -1;
    if (place.lease) return Answer::go;
    place.ticket = std::move(ticket);
    return Answer::queued;
  }

  void cancel(const Call& call) override { places_[call.caller].ticket.cancel(); }

  bool streams() const override { return setting_.learned; }
  void produced(const Call& call, std::int64_t output_tokens, Instant) override {
    const std::int64_t likely = estimator_.output_beyond(kKind, output_tokens, kOutputCap, gate_.state().slots_taken);
    places_[call.caller].lease.top_up({.input_tokens = 0, .output_tokens = likely});
  }

  void answered(const Call& call, const std::optional<Headers>& headers, Instant now) override {
    Settlement settlement{.ending = Ending::success, .usage = Exact{call.input_tokens, call.output_tokens}};
    if (headers) settlement.feedback.readings = readings_of(*headers);
    estimator_.learn_input(kModel, count(call), call.input_tokens);
    estimator_.learn_output(kKind, call.output_tokens, now - places_[call.caller].admitted);
    places_[call.caller].lease.settle(settlement);
  }

  // As a flight does: the group knows of the refusal, so the call asks again at once and waits like any other.
  std::optional<Instant> refused(const Call& call, const Verdict& verdict, Instant now) override {
    Settlement settlement{.ending = Ending::rejected, .usage = AtLeast{}};
    settlement.feedback.rate_limited = true;
    settlement.feedback.retry_after = verdict.retry_after;
    if (verdict.headers) settlement.feedback.readings = readings_of(*verdict.headers);
    places_[call.caller].lease.settle(settlement);
    return now;
  }

  std::vector<std::string> leaks(Instant) override {
    std::vector<std::string> found = std::move(wrong_);
    const GateState state = gate_.state();
    if (state.slots_taken != 0) found.push_back(fmt::format("{} slots were not given back", state.slots_taken));
    if (state.waiting != 0) found.push_back(fmt::format("{} calls still wait", state.waiting));
    gate_.audit();
    MemoryStore untouched_store;
    Gate untouched(loop_, untouched_store, gate_.options());
    const auto whole = untouched.limits(untouched.group(options_));
    const auto left = gate_.limits(group_);
    for (std::size_t i = 0; i < left.size(); ++i)
      // What is left of finer slices is caution, not a leak.
      if (left[i].level != whole[i].level && left[i].limit.at_once == 0)
        found.push_back(fmt::format("{} {} of {} came back", left[i].limit.name, left[i].level, whole[i].level));
    return found;
  }

 private:
  static constexpr int kSlots = 4'096;
  static constexpr std::uint64_t kModel = 1, kKind = 1;
  struct Place {
    Gate::Ticket ticket;
    Lease lease;
    Instant admitted{};
  };

  // Without a tokenizer, and rather too many than too few.
  static std::int64_t count(const Call& call) { return call.input_bytes / 3; }

  Estimate estimate(const Call& call) const {
    const int in_flight = gate_.state().slots_taken + 1;
    return {.input_tokens = setting_.learned ? estimator_.input(kModel, count(call), in_flight) : count(call),
            .output_tokens = setting_.learned ? estimator_.output(kKind, kOutputCap, in_flight) : kOutputCap,
            .output_cap = kOutputCap};
  }

  void admitted(int caller, Admission admission) {
    if (auto* lease = std::get_if<Lease>(&admission)) {
      lease->sending();
      places_[caller].lease = std::move(*lease);
      places_[caller].admitted = loop_.now();
      if (caller != asking_) go_(caller);
    } else {
      const auto& refusal = std::get<Refusal>(admission);
      wrong_.push_back(fmt::format("caller {} was refused for {}", caller, refusal.limit));
    }
  }

  Setting setting_;
  Loop& loop_;
  Go go_;
  GroupOptions options_;
  MemoryStore store_;
  Gate gate_;
  GroupId group_;
  Estimator estimator_;
  int asking_ = -1;
  std::unordered_map<int, Place> places_;  // dies before the gate
  std::vector<std::string> wrong_;
};

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = [] {
    constexpr std::int64_t limit = kTokensPerMinute;
    std::vector<Setting> each{
        {.name = "bucket"},
        // What it may burst is taken from its rate, so that no rolling minute holds more than the limit.
        {.name = "bucket-90", .amount = limit - limit / 10, .burst = limit / 10},
        {.name = "rolling", .shape = Shape::rolling, .burst = limit / 10},
    };
    std::vector<Setting> both;
    for (const bool learned : {false, true})
      for (Setting setting : each) {
        setting.name += learned ? "/learned" : "/ceiling";
        setting.learned = learned;
        both.push_back(setting);
      }
    return both;
  }();
  return all;
}

std::unique_ptr<Limiter> make_weir(const Setting& setting, Counting counting, weir::Loop& loop, Go go) {
  return std::make_unique<WeirLimiter>(setting, counting, loop, std::move(go));
}

}  // namespace bench::replay
