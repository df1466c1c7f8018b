#include "limiter/lease.h"

#include <algorithm>

#include "config/invariant.h"
#include "limiter/gate.h"

namespace weir {
namespace {

// No model takes more in one call: what a provider says beyond that would only end the arithmetic.
constexpr std::int64_t kTokensMax = 10'000'000'000;

std::int64_t believable(std::int64_t tokens) { return std::clamp<std::int64_t>(tokens, 0, kTokensMax); }

}  // namespace

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    if (gate_ != nullptr) settle(sent_ ? Ending::broken : Ending::never_sent);
    gate_ = std::exchange(other.gate_, nullptr);
    who_ = other.who_;
    reserved_ = other.reserved_;
    serial_ = other.serial_;
    admitted_ = other.admitted_;
    waited_ = other.waited_;
    throttled_ = other.throttled_;
    throttled_by_ = std::move(other.throttled_by_);
    sent_ = other.sent_;
  }
  return *this;
}

Lease::~Lease() {
  if (gate_ != nullptr) settle(sent_ ? Ending::broken : Ending::never_sent);
}

void Lease::top_up(const Estimate& seen) {
  INVARIANT(gate_ != nullptr && sent_, "topping up a call that is not under way, sent {}", sent_);
  const Estimate raised{std::max(reserved_.input_tokens, seen.input_tokens),
                        std::max(reserved_.output_tokens, seen.output_tokens), reserved_.output_cap};
  if (raised == reserved_) return;
  gate_->top_up(*this, raised);
  reserved_ = raised;
}

void Lease::settle(const Settlement& settlement) {
  INVARIANT(gate_ != nullptr, "ending {}", static_cast<int>(settlement.ending));
  // Empty before the gate admits others: whoever it calls may look at this lease.
  const Lease& held = *this;
  Gate& gate = *std::exchange(gate_, nullptr);
  gate.settle(held, settlement);
}

std::int64_t reserved_units(Unit unit, const Estimate& estimate) {
  switch (unit) {
    case Unit::requests:
      return 1;
    case Unit::tokens:
      return estimate.input_tokens + estimate.output_tokens;
    case Unit::tokens_or_cap:
      return std::max(estimate.input_tokens + estimate.output_tokens, estimate.output_cap);
    case Unit::input_tokens:
      return estimate.input_tokens;
    case Unit::output_tokens:
      return estimate.output_tokens;
  }
  return 0;
}

std::int64_t settled_units(Unit unit, const Estimate& reserved, Ending ending, const Usage& usage) {
  if (ending == Ending::never_sent) return 0;
  if (unit == Unit::requests) return 1;
  if (ending == Ending::rejected) return 0;
  const auto seen = std::visit(
      [&](const auto& u) {
        return Estimate{believable(u.input_tokens), believable(u.output_tokens), reserved.output_cap};
      },
      usage);
  if (ending == Ending::success && std::holds_alternative<Exact>(usage)) return reserved_units(unit, seen);
  // What is not known exactly may charge more than was reserved, dimension by dimension, but never refunds.
  return reserved_units(unit, {std::max(reserved.input_tokens, seen.input_tokens),
                               std::max(reserved.output_tokens, seen.output_tokens), reserved.output_cap});
}

}  // namespace weir
