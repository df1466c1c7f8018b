#include "tests/limiter/chaos.h"

#include <algorithm>
#include <cmath>

namespace weir {
namespace {

constexpr std::int64_t kDeep = 1'000'000'000;  // a floor that is never reached

}  // namespace

std::size_t Replay::charge(std::int64_t units, Instant now) {
  flow(now);
  level_ -= static_cast<double>(units);
  taken_.push_back({now, units});
  return taken_.size() - 1;
}

void Replay::settle(std::size_t charge, std::int64_t units, Instant now) {
  flow(now);
  level_ = std::min(level_ + static_cast<double>(taken_[charge].units - units), static_cast<double>(limit_.burst));
  taken_[charge].units = units;
}

void Replay::flow(Instant now) {
  const double flowed = static_cast<double>((now - at_).count()) * static_cast<double>(limit_.amount) /
                        static_cast<double>(limit_.per.count());
  if (at_ != Instant{}) level_ = std::min(level_ + flowed, static_cast<double>(limit_.burst));
  at_ = now;
}

std::optional<std::string> Replay::object_to(std::int64_t level, Instant now, WallTime wall) {
  const auto objection = [&](double least, double most) -> std::optional<std::string> {
    if (static_cast<double>(level) >= least && static_cast<double>(level) <= most) return std::nullopt;
    return limit_.name + " is at " + std::to_string(level) + ", and should be from " + std::to_string(least) + " to " +
           std::to_string(most);
  };
  const auto taken_since = [&](Instant since) {
    std::int64_t sum = 0;
    for (const Taken& each : taken_) sum += each.at > since ? each.units : 0;
    return static_cast<double>(sum);
  };
  const auto whole = static_cast<double>(limit_.amount);
  switch (limit_.shape) {
    case Shape::bucket:
      flow(now);
      return objection(std::floor(level_) - 2, std::ceil(level_) + 2);
    case Shape::rolling:
      return objection(whole - taken_since(now - limit_.per - limit_.per / 150), whole - taken_since(now - limit_.per));
    case Shape::calendar: {
      const Duration of_day = wall - std::chrono::floor<std::chrono::days>(wall);
      const double left = whole - taken_since(now - of_day - 1ns);
      return objection(left, left);
    }
  }
  return std::nullopt;
}

Limit Chaos::any_limit(const std::string& name, Unit unit) {
  const std::int64_t size = unit == Unit::requests ? 60 : 30'000;
  Limit limit{name, unit, any(size / 10, size), 1min, 1, feedback_ ? any(0, size) : kDeep};
  limit.burst = any(std::max<std::int64_t>(limit.amount / 10, 1), limit.amount);
  switch (any(0, 3)) {
    case 0:
      limit.shape = Shape::rolling;
      if (!feedback_) limit.burst = limit.amount;
      break;
    case 1:
      limit.shape = Shape::calendar;
      limit.zone = feedback_ && chance(50) ? "Asia/Tokyo" : "UTC";
      limit.amount *= 100;
      limit.burst = limit.amount;
      limit.per = 24h;
      break;
    default:
      if (chance(20)) limit.growth = static_cast<int>(any(1, 100));
  }
  return limit;
}

std::vector<Limit> Chaos::any_limits() {
  std::vector<Limit> some;
  if (chance(70)) some.push_back(any_limit("rpm", Unit::requests));
  if (chance(50)) some.push_back(any_limit("tpm", Unit::tokens));
  if (chance(20)) some.push_back(any_limit("input_tpm", Unit::input_tokens));
  if (chance(20)) some.push_back(any_limit("output_tpm", Unit::output_tokens));
  return some;
}

GroupOptions Chaos::any_group(const std::string& name) {
  return {.key = name, .name = name, .slots = any_slots(), .limits = any_limits(), .adopt_higher_limits = chance(30)};
}

ClientOptions Chaos::any_client(const std::string& name) {
  // One level: a parent has none itself.
  const bool may_have_parent = clients_.size() > 1 && name != "client 1";
  return {.name = name,
          .parent = may_have_parent && chance(50) ? std::optional(clients_[1]) : std::nullopt,
          .weight = static_cast<int>(any(1, 5)),
          .limits = chance(60) ? any_limits() : std::vector<Limit>{},
          .limits_of = {}};
}

void Chaos::any_options() {
  options_.slots = static_cast<int>(any(1, 12));
  options_.queue_limit = static_cast<int>(any(0, 30));
  options_.queue_bytes = any(100, 5000);
  options_.max_wait = any(0, 60) * 1s;
  options_.aging_bound = any(0, 6) * 1s;
}

Chaos::Chaos(std::uint64_t seed, bool feedback, bool reconfigured)
    : random_(seed), feedback_(feedback), reconfigured_(reconfigured) {
  options_.seed = seed;
  any_options();
  slots_most_ = options_.slots;
  gate_ = std::make_unique<Gate>(loop_, store_, options_);
  for (auto i = any(1, 3), n = std::int64_t{1}; n <= i; ++n) {
    const GroupOptions group = any_group("group " + std::to_string(n));
    group_slots_.push_back(group.slots);
    groups_.push_back(gate_->group(group));
  }
  for (auto i = any(0, 6), n = std::int64_t{1}; n <= i; ++n)
    clients_.push_back(gate_->client(any_client("client " + std::to_string(n))));
  for (auto i = any(0, 3), n = std::int64_t{1}; n <= i; ++n) {
    tool_slots_.push_back(any_slots());
    tools_.push_back(gate_->tool({"tool " + std::to_string(n), tool_slots_.back()}));
  }
}

void Chaos::reconfigure() {
  ++counts_.reconfigured;
  GateChange change;
  if (chance(50)) any_options();
  change.options = options_;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (chance(50)) continue;
    change.groups.push_back(any_group("group " + std::to_string(i + 1)));
    group_slots_[i] = change.groups.back().slots;
  }
  for (std::size_t i = 1; i < clients_.size(); ++i)
    if (chance(50)) change.clients.push_back(any_client("client " + std::to_string(i)));
  for (std::size_t i = 1; i < tools_.size(); ++i) {
    if (chance(50)) continue;
    tool_slots_[i] = any_slots();
    change.tools.push_back({"tool " + std::to_string(i), tool_slots_[i]});
  }
  gate_->reconfigure(change);
}

Chaos::~Chaos() {
  gate_->close();
  for (auto& call : calls_)
    if (call->lease) call->lease.settle(Ending::never_sent);
}

void Chaos::enter() {
  calls_.push_back(std::make_unique<Call>());
  Call& call = *calls_.back();
  call.ask.group = groups_[static_cast<std::size_t>(any(0, static_cast<std::int64_t>(groups_.size()) - 1))];
  call.ask.client = clients_[static_cast<std::size_t>(any(0, static_cast<std::int64_t>(clients_.size()) - 1))];
  call.ask.tool = tools_[static_cast<std::size_t>(any(0, static_cast<std::int64_t>(tools_.size()) - 1))];
  call.ask.priority = chance(30) ? Priority::batch : Priority::interactive;
  call.ask.estimate = {any(0, 600), any(0, 400), any(0, 1000)};
  call.ask.bytes = any(0, 500);
  call.ask.caller = chance(50) ? static_cast<std::uint64_t>(any(1, 30)) : 0;
  const Instant now = loop_.now();
  call.deadline = now + options_.max_wait;
  if (chance(30)) {
    call.ask.deadline = now + any(-10, 20'000) * 1ms;
    call.deadline = std::min(*call.deadline, *call.ask.deadline);
  }
  ++counts_.entered;
  call.ticket = gate_->enter(call.ask, [this, &call](Admission answer) { answered(call, std::move(answer)); });
}

void Chaos::answered(Call& call, Admission answer) {
  if (call.answered) FAIL("a call was answered twice");
  call.answered = true;
  if (const auto* refusal = std::get_if<Refusal>(&answer)) {
    ++counts_.refused;
    // Until that has passed, newcomers may have to leave what was promised.
    if (refusal->retry_after && call.ask.caller != 0) {
      Instant& until = promised_until_[call.ask.group];
      until = std::max(until, loop_.now() + *refusal->retry_after + std::chrono::seconds(10));
    }
    return;
  }
  ++counts_.admitted;
  call.lease = std::move(std::get<Lease>(answer));
  const Estimate reserved = call.lease.reserved();
  const auto limits = reconfigured_ ? std::vector<LimitState>{} : gate_->limits(call.ask.group, call.ask.client);
  for (const LimitState& state : limits) {
    const std::string name = std::to_string(call.ask.group) + '/' +
                             (state.of == Refusal::Scope::client ? state.scope : "") + '/' + state.limit.name;
    const auto replay = replays_.try_emplace(name, state.limit).first;
    call.charges.emplace_back(name, replay->second.charge(reserved_units(state.limit.unit, reserved), loop_.now()));
  }
  if (chance(80)) call.lease.sending();
  if (chance(3)) enter();  // from inside an answer
  if (chance(3)) settle(call);
}

void Chaos::book(Call& call, const std::function<std::int64_t(Unit)>& units) {
  const auto limits = gate_->limits(call.ask.group, call.ask.client);
  for (std::size_t i = 0; i < call.charges.size(); ++i)
    replays_.at(call.charges[i].first).settle(call.charges[i].second, units(limits[i].limit.unit), loop_.now());
}

Feedback Chaos::any_feedback() {
  Feedback feedback;
  if (!feedback_) return feedback;
  for (auto i = any(0, 2); i > 0; --i) {
    Reading reading;
    reading.unit = chance(50) ? Unit::requests : Unit::tokens;
    if (chance(30)) reading.limit = any(-1, 40'000);
    if (chance(70)) reading.remaining = any(-10, 2000);
    if (chance(50)) reading.resets_in = any(-1, 90) * 1s;
    feedback.readings.push_back(reading);
  }
  feedback.rate_limited = chance(20);
  if (chance(10)) feedback.retry_after = any(-1, 30) * 1s;
  if (chance(10)) feedback.exhausted = Unit::tokens;
  return feedback;
}

void Chaos::settle(Call& call) {
  if (!call.lease) return;
  ++counts_.settled;
  const Estimate reserved = call.lease.reserved();
  Ending ending = static_cast<Ending>(any(0, 3));
  Usage usage = AtLeast{};
  if (chance(60)) usage = Exact{any(0, 900), any(0, 600)};
  if (chance(10)) usage = AtLeast{any(0, 900), any(0, 600)};
  if (chance(10)) {
    ending = call.lease.sent() ? Ending::broken : Ending::never_sent;
    usage = AtLeast{};
  }
  const bool destroyed =
      usage == Usage(AtLeast{}) && ending == (call.lease.sent() ? Ending::broken : Ending::never_sent);
  // Before the gate's books change: what it lets go next looks at them.
  book(call, [&](Unit unit) { return settled_units(unit, reserved, ending, usage); });
  if (destroyed)
    call.lease = Lease();
  else
    call.lease.settle({.ending = ending, .usage = usage, .feedback = any_feedback()});
}

void Chaos::top_up(Call& call) {
  if (!call.lease || !call.lease.sent()) return;
  call.lease.top_up({any(0, 700), any(0, 500)});
  const Estimate reserved = call.lease.reserved();
  book(call, [&](Unit unit) { return reserved_units(unit, reserved); });
}

void Chaos::forget(std::size_t index) {
  if (!calls_[index]->answered) ++counts_.cancelled;
  if (calls_[index]->lease) settle(*calls_[index]);
  calls_[index]->ticket.cancel();
  std::swap(calls_[index], calls_.back());
  calls_.pop_back();
}

void Chaos::step() {
  const auto what = any(1, 100);
  const auto some = [&] { return static_cast<std::size_t>(any(0, static_cast<std::int64_t>(calls_.size()) - 1)); };
  if (what <= 40 || calls_.empty()) {
    enter();
  } else if (what <= 70) {
    if (const auto i = some(); calls_[i]->lease) forget(i);
  } else if (what <= 76) {
    top_up(*calls_[some()]);
  } else if (what <= 80) {
    forget(some());
  } else if (what <= 83 && reconfigured_) {
    reconfigure();
  } else {
    const Duration span = what <= 98 ? any(0, 2'000'000'000) * 1ns : any(0, 3600) * 1s;
    const Instant until = loop_.now() + span;
    while (loop_.step(until)) ++counts_.fired;
    loop_.run_until(until);
  }
  // Who was refused is done with.
  for (std::size_t i = 0; i < calls_.size();)
    if (calls_[i]->answered && !calls_[i]->lease) {
      forget(i);
    } else {
      ++i;
    }
  look();
}

// Whoever waits alone in its group, and nobody was told to come back, waits for something.
void Chaos::look_for_forgotten(const Call& waiter) {
  const auto has = [&](std::optional<int> most, auto&& counts) {
    return !most || std::count_if(calls_.begin(), calls_.end(),
                                  [&](const auto& each) { return each->lease && counts(each->ask); }) < *most;
  };
  const Ask& ask = waiter.ask;
  if (gate_->state(ask.group).waiting != 1 || loop_.now() < promised_until_[ask.group]) return;
  if (!has(options_.slots, [](const Ask&) { return true; })) return;
  if (!has(group_slots_[ask.group], [&](const Ask& other) { return other.group == ask.group; })) return;
  if (!has(tool_slots_[ask.tool], [&](const Ask& other) { return other.tool == ask.tool; })) return;
  for (const LimitState& each : gate_->limits(ask.group, ask.client))
    if (each.limit.growth > 0 || each.level < reserved_units(each.limit.unit, ask.estimate)) return;
  FAIL("a call waits for nothing");
}

void Chaos::look() {
  gate_->audit();
  int waiting = 0, under_way = 0;
  for (const auto& call : calls_) {
    under_way += static_cast<bool>(call->lease);
    if (call->answered) continue;
    ++waiting;
    if (loop_.now() > *call->deadline) FAIL("a call waits beyond its deadline");
    if (!feedback_) look_for_forgotten(*call);
  }
  const GateState state = gate_->state();
  if (state.waiting != waiting || state.slots_taken != under_way)
    FAIL(state.waiting << " wait, and should be " << waiting << "; " << state.slots_taken << " are under way, not "
                       << under_way);
  slots_most_ = std::max(options_.slots, std::min(slots_most_, state.slots_taken));
  if (state.slots_taken > slots_most_) FAIL("more slots are taken than there are");
  if (loop_.timers() > 1 || (waiting == 0 && loop_.timers() > 0)) FAIL(loop_.timers() << " timers");
  for (const GroupId group : groups_)
    for (const ClientId client : clients_)
      for (const LimitState& each : gate_->limits(group, client)) {
        const std::int64_t full = each.limit.shape == Shape::bucket ? each.limit.burst : each.limit.amount;
        // What was taken of a larger limit, before it was lowered, a ring or a day keeps until it has passed.
        const bool has_floor = each.limit.shape == Shape::bucket;
        if (each.level > full || (has_floor && each.level < -each.limit.debt))
          FAIL(each.limit.name << " is at " << each.level << " of " << full << ", debt at most " << each.limit.debt);
        if (feedback_ || reconfigured_) continue;
        const auto replay =
            replays_.find(std::to_string(group) + '/' + (each.of == Refusal::Scope::client ? each.scope : "") + '/' +
                          each.limit.name);
        if (replay == replays_.end()) continue;
        if (const auto objection = replay->second.object_to(each.level, loop_.now(), loop_.wall()))
          FAIL(each.scope << ": " << *objection);
      }
}

void Chaos::drain() {
  while (!calls_.empty()) forget(calls_.size() - 1);
  look();
  loop_.run_for(100h);
  look();
  CHECK(gate_->state().slots_taken == 0);
  CHECK(gate_->state().waiting == 0);
  CHECK(gate_->state().bytes_waiting == 0);
  CHECK(counts_.entered == counts_.admitted + counts_.refused + counts_.cancelled);
  CHECK(counts_.settled == counts_.admitted);
  // No more often than something happened.
  CHECK(loop_.timers_ever() <=
        static_cast<std::uint64_t>(2 * counts_.entered + counts_.settled + counts_.fired + counts_.reconfigured));
  for (const GroupId group : groups_)
    for (const ClientId client : clients_) {
      for (const LimitState& each : gate_->limits(group, client))
        CHECK(each.level >= (each.limit.shape == Shape::calendar || each.limit.at_once == 0
                                 ? std::min(each.limit.burst, each.limit.amount)
                                 : each.limit.at_once));
      Ask ask;
      ask.group = group;
      ask.client = client;
      CHECK(gate_->forecast(ask).wait == Duration());  // nothing that was promised is in the way
    }
}

}  // namespace weir
