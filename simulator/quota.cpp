#include "simulator/quota.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace simulator {
namespace {

constexpr std::int64_t kFinePerUnit = kMinute.count();

// How long until `missing` fine units have come in at `limit` per nanosecond: rounded up, so never a moment too early.
Span time_to_refill(Fine missing, std::int64_t limit) {
  if (missing <= 0) return Span(0);
  const Fine span = (missing + limit - 1) / limit;
  const Fine longest = std::numeric_limits<std::int64_t>::max() / 2;
  return Span(static_cast<std::int64_t>(std::min(span, longest)));
}

}  // namespace

Bucket::Bucket(std::int64_t limit, std::int64_t capacity)
    : limit_(limit), capacity_(capacity), level_(Fine{capacity} * kFinePerUnit) {}

Fine Bucket::level_at(Instant now) const {
  const Fine full = Fine{capacity_} * kFinePerUnit;
  return std::min(full, level_ + Fine{(now - at_).count()} * limit_);
}

Span Bucket::wait(std::int64_t amount, Instant now) const {
  return time_to_refill(Fine{amount} * kFinePerUnit - level_at(now), limit_);
}

void Bucket::take(std::int64_t amount, Instant now) {
  level_ = level_at(now) - Fine{amount} * kFinePerUnit;
  at_ = now;
}

void Bucket::give_back(std::int64_t amount, Instant now) {
  take(-amount, now);
  level_ = level_at(now);  // clipped at full
}

std::int64_t Bucket::remaining(Instant now) const {
  return static_cast<std::int64_t>(std::max(Fine{0}, level_at(now)) / kFinePerUnit);
}

Span Bucket::until_full(Instant now) const { return wait(capacity_, now); }

Rolling::Rolling(std::int64_t limit) : limit_(limit) {}

void Rolling::forget_before(Instant now) {
  while (!log_.empty() && log_.front().at + kMinute <= now) {
    sum_ -= log_.front().amount;
    log_.pop_front();
    ++first_;
  }
}

Span Rolling::wait(std::int64_t amount, Instant now) {
  forget_before(now);
  std::int64_t over = sum_ + amount - limit_;
  for (auto taken = log_.begin(); over > 0 && taken != log_.end(); ++taken) {
    over -= taken->amount;
    if (over <= 0) return taken->at + kMinute - now;
  }
  return Span(0);
}

Rolling::Entry Rolling::take(std::int64_t amount, Instant now) {
  forget_before(now);
  log_.push_back({now, amount});
  sum_ += amount;
  return first_ + log_.size() - 1;
}

void Rolling::correct(Entry entry, std::int64_t actual, Instant now) {
  forget_before(now);
  if (entry < first_) return;
  Taken& taken = log_[static_cast<std::size_t>(entry - first_)];
  sum_ += actual - taken.amount;
  taken.amount = actual;
}

std::int64_t Rolling::remaining(Instant now) {
  forget_before(now);
  return std::max<std::int64_t>(0, limit_ - sum_);
}

Span Rolling::until_full(Instant now) {
  forget_before(now);
  const auto last = std::find_if(log_.rbegin(), log_.rend(), [](const Taken& taken) { return taken.amount > 0; });
  return last == log_.rend() ? Span(0) : last->at + kMinute - now;
}

namespace {

template <class... Fs>
struct Match : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Match(Fs...) -> Match<Fs...>;

}  // namespace

Span Quota::Gauge::wait(std::int64_t amount, Instant now) {
  const Span whole = std::visit(
      Match{[](std::monostate) { return Span(0); }, [&](auto& meter) { return meter.wait(amount, now); }}, minute);
  return slice ? std::max(whole, slice->wait(std::min(amount, slice->capacity()), now)) : whole;
}

Rolling::Entry Quota::Gauge::take(std::int64_t amount, Instant now) {
  if (slice) slice->take(amount, now);
  if (auto* bucket = std::get_if<Bucket>(&minute)) bucket->take(amount, now);
  auto* rolling = std::get_if<Rolling>(&minute);
  return rolling == nullptr ? Rolling::Entry{0} : rolling->take(amount, now);
}

std::int64_t Quota::limit_of(Dimension dimension) const {
  switch (dimension) {
    case Dimension::requests:
      return limits_.rpm;
    case Dimension::tokens:
      return limits_.tpm;
    case Dimension::input_tokens:
      return limits_.input_tpm.value_or(limits_.tpm);
    case Dimension::output_tokens:
      return limits_.output_tpm.value_or(limits_.tpm);
    case Dimension::daily_requests:
      break;
  }
  return limits_.rpd.value_or(0);
}

Quota::Gauge Quota::gauge(Dimension dimension) const {
  Gauge gauge{.limit = limit_of(dimension)};
  if (limits_.shape == Shape::bucket) gauge.minute = Bucket(gauge.limit);
  if (limits_.shape == Shape::rolling) gauge.minute = Rolling(gauge.limit);
  // Output comes when it comes: a slice of it would refuse what has long been admitted.
  if (limited() && limits_.slice > Span(0) && dimension != Dimension::output_tokens) {
    const Fine share = Fine{gauge.limit} * limits_.slice.count() / kMinute.count();
    gauge.slice = Bucket(gauge.limit, std::max<std::int64_t>(1, static_cast<std::int64_t>(share)));
  }
  return gauge;
}

Quota::Quota(Limits limits, Instant day_ends)
    : limits_(limits),
      gauges_{gauge(Dimension::requests), gauge(Dimension::tokens), gauge(Dimension::input_tokens),
              gauge(Dimension::output_tokens)},
      day_ends_(day_ends) {}

void Quota::turn_the_day(Instant now) {
  if (now < day_ends_) return;
  day_ends_ += kDay * ((now - day_ends_) / kDay + 1);
  today_ = 0;
}

Standing Quota::standing(Dimension dimension, Instant now) {
  if (!limited()) return {};
  if (dimension == Dimension::daily_requests) {
    turn_the_day(now);
    const std::int64_t limit = limit_of(dimension);
    return {.limit = limit,
            .remaining = std::max<std::int64_t>(0, limit - today_),
            .until_full = today_ > 0 ? day_ends_ - now : Span(0)};
  }
  Gauge& gauge = at(dimension);
  return std::visit(Match{[](std::monostate) { return Standing{}; },
                          [&](auto& meter) {
                            return Standing{.limit = gauge.limit,
                                            .remaining = meter.remaining(now),
                                            .until_full = meter.until_full(now)};
                          }},
                    gauge.minute);
}

// Dimensions that the request does not touch are not asked: what others owe there is not its business.
Span Quota::wait_for_tokens(const Charge& charge, Instant now) {
  Span wait{0};
  if (charge.tokens > 0) wait = std::max(wait, at(Dimension::tokens).wait(charge.tokens, now));
  if (charge.input_tokens > 0) wait = std::max(wait, at(Dimension::input_tokens).wait(charge.input_tokens, now));
  if (charge.output) wait = std::max(wait, at(Dimension::output_tokens).wait(1, now));
  return wait;
}

std::variant<Admission, Refusal> Quota::admit(Charge charge, Instant now) {
  if (!limited()) return Admission{.charge = charge};
  turn_the_day(now);
  const auto refusal = [&](Dimension dimension, std::int64_t requested, std::optional<Span> wait) {
    const Standing state = standing(dimension, now);
    return Refusal{.dimension = dimension,
                   .limit = state.limit,
                   .used = state.limit - state.remaining,
                   .requested = requested,
                   .wait = wait};
  };
  const bool day_is_over = limits_.rpd && today_ >= *limits_.rpd;
  const Span request_wait = at(Dimension::requests).wait(1, now);
  const auto take_request = [&] {
    at(Dimension::requests).take(1, now);
    ++today_;
  };
  for (const auto& [dimension, amount] :
       {std::pair(Dimension::tokens, charge.tokens), std::pair(Dimension::input_tokens, charge.input_tokens)}) {
    if (amount <= limit_of(dimension)) continue;
    if (request_wait == Span(0) && !day_is_over) take_request();
    return refusal(dimension, amount, std::nullopt);
  }
  const Span token_wait = wait_for_tokens(charge, now);
  if (day_is_over) {
    return refusal(Dimension::daily_requests, 1, std::max({day_ends_ - now, request_wait, token_wait}));
  }
  if (request_wait > Span(0)) return refusal(Dimension::requests, 1, std::max(request_wait, token_wait));
  take_request();
  if (token_wait > Span(0)) {
    // The refused request has used a request up; whoever comes back after the wait needs another one.
    Span wait = std::max(token_wait, at(Dimension::requests).wait(1, now));
    if (limits_.rpd && today_ >= *limits_.rpd) wait = std::max(wait, day_ends_ - now);
    if (charge.tokens > 0 && at(Dimension::tokens).wait(charge.tokens, now) > Span(0)) {
      return refusal(Dimension::tokens, charge.tokens, wait);
    }
    if (charge.input_tokens > 0 && at(Dimension::input_tokens).wait(charge.input_tokens, now) > Span(0)) {
      return refusal(Dimension::input_tokens, charge.input_tokens, wait);
    }
    return refusal(Dimension::output_tokens, 1, wait);
  }
  Admission admission{.charge = charge};
  if (charge.tokens > 0) admission.tokens_entry = at(Dimension::tokens).take(charge.tokens, now);
  if (charge.input_tokens > 0) admission.input_entry = at(Dimension::input_tokens).take(charge.input_tokens, now);
  return admission;
}

void Quota::correct(const Admission& admission, Charge actual, Instant now) {
  const auto correct_one = [&](Dimension dimension, std::int64_t taken, std::int64_t used, Rolling::Entry entry) {
    if (taken == 0) return;
    Meter& meter = at(dimension).minute;
    if (auto* bucket = std::get_if<Bucket>(&meter)) bucket->give_back(taken - used, now);
    if (auto* rolling = std::get_if<Rolling>(&meter)) rolling->correct(entry, used, now);
  };
  correct_one(Dimension::tokens, admission.charge.tokens, actual.tokens, admission.tokens_entry);
  correct_one(Dimension::input_tokens, admission.charge.input_tokens, actual.input_tokens, admission.input_entry);
}

void Quota::produce(std::int64_t output_tokens, Instant now) {
  if (output_tokens > 0) at(Dimension::output_tokens).take(output_tokens, now);
}

std::int64_t Quota::take_for_others(Dimension dimension, std::int64_t amount, Instant now) {
  const std::int64_t taken = std::min(amount, standing(dimension, now).remaining);
  if (taken > 0) at(dimension).take(taken, now);
  return std::max<std::int64_t>(0, taken);
}

}  // namespace simulator
