#include "bench/scenarios/field.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace bench::scenarios {

using namespace weir;

Limit tokens_a_minute(std::int64_t amount, std::string name) {
  return {.name = std::move(name), .unit = Unit::tokens, .amount = amount, .burst = amount / 6, .debt = amount};
}

std::int64_t lognormal(Random& random, double median, double sigma, std::int64_t least, std::int64_t most) {
  return std::clamp<std::int64_t>(std::llround(median * std::exp(sigma * random.normal())), least, most);
}

Duration exponential(Random& random, Duration mean) {
  return Duration(std::llround(-std::log(random.uniform()) * static_cast<double>(mean.count())));
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

// Nobody is admitted while the field goes away, and nobody hears of it.
Field::~Field() {
  ending_ = true;
  timers_.clear();
  gate.close();
  leases_.clear();
}

ClientId Field::client(const std::string& name, std::vector<Limit> limits, int weight, std::optional<ClientId> parent) {
  return gate.client({.name = name, .parent = parent, .weight = weight, .limits = std::move(limits), .limits_of = {}});
}

void Field::at(Instant when, std::function<void()> fn) {
  const std::uint64_t id = ++last_;
  timers_[id] = loop.at(when, [this, id, fn = std::move(fn)] {
    const auto timer = timers_.extract(id);
    fn();
  });
}

void Field::call(Call call) {
  const std::uint64_t id = ++last_;
  const Ask ask = call.ask;
  const Instant asked = now();
  bool answered = false, inside = true;
  auto ticket = gate.enter(ask, [this, id, asked, call = std::move(call), &answered, &inside](Admission admission) {
    if (ending_) return;
    if (tickets_.erase(id) == 0 && inside) answered = true;
    if (const auto* refusal = std::get_if<Refusal>(&admission)) {
      if (call.refused) call.refused(*refusal);
      return;
    }
    Held& held = leases_[id];
    held = {call, std::move(std::get<Lease>(admission))};
    held.lease.sending();
    at(now() + call.takes, [this, id] { settle(id); });
    if (call.went) call.went(now() - asked);
  });
  inside = false;
  if (!answered) tickets_[id] = std::move(ticket);
}

void Field::settle(std::uint64_t id) {
  auto node = leases_.extract(id);
  Held& held = node.mapped();
  if (held.call.settling) held.call.settling();
  held.lease.settle(Ending::success, held.call.used);
  if (held.call.over) held.call.over();
}

}  // namespace bench::scenarios
