#include "simulator/quota.h"

#include <algorithm>
#include <limits>

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

Bucket::Bucket(std::int64_t limit) : limit_(limit), level_(Fine{limit} * kFinePerUnit) {}

Fine Bucket::level_at(Instant now) const {
  const Fine full = Fine{limit_} * kFinePerUnit;
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

Span Bucket::until_full(Instant now) const { return wait(limit_, now); }

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

template <class Meter>
Span wait_of(Meter& meter, std::int64_t amount, Instant now) {
  return std::visit(Match{[](std::monostate) { return Span(0); }, [&](auto& m) { return m.wait(amount, now); }}, meter);
}

template <class Meter>
Rolling::Entry take_from(Meter& meter, std::int64_t amount, Instant now) {
  return std::visit(Match{[](std::monostate) { return Rolling::Entry{0}; },
                          [&](Bucket& bucket) {
                            bucket.take(amount, now);
                            return Rolling::Entry{0};
                          },
                          [&](Rolling& rolling) { return rolling.take(amount, now); }},
                    meter);
}

template <class Meter>
Standing standing_of(Meter& meter, std::int64_t limit, Instant now) {
  return std::visit(Match{[](std::monostate) { return Standing{}; },
                          [&](auto& m) {
                            return Standing{
                                .limit = limit, .remaining = m.remaining(now), .until_full = m.until_full(now)};
                          }},
                    meter);
}

}  // namespace

Quota::Meter Quota::meter(Shape shape, std::int64_t limit) {
  if (shape == Shape::bucket) return Bucket(limit);
  if (shape == Shape::rolling) return Rolling(limit);
  return {};
}

Quota::Quota(Limits limits)
    : limits_(limits), requests_(meter(limits.shape, limits.rpm)), tokens_(meter(limits.shape, limits.tpm)) {}

Standing Quota::requests(Instant now) { return standing_of(requests_, limits_.rpm, now); }
Standing Quota::tokens(Instant now) { return standing_of(tokens_, limits_.tpm, now); }

std::variant<Admission, Refusal> Quota::admit(std::int64_t amount, Instant now) {
  const auto refusal = [&](Dimension dimension, std::int64_t requested, std::optional<Span> wait) {
    const Standing standing = dimension == Dimension::requests ? requests(now) : tokens(now);
    return Refusal{.dimension = dimension,
                   .limit = standing.limit,
                   .used = standing.limit - standing.remaining,
                   .requested = requested,
                   .wait = wait};
  };
  const Span request_wait = wait_of(requests_, 1, now);
  if (limited() && amount > limits_.tpm) {
    if (request_wait == Span(0)) take_from(requests_, 1, now);
    return refusal(Dimension::tokens, amount, std::nullopt);
  }
  const Span token_wait = wait_of(tokens_, amount, now);
  if (request_wait > Span(0)) return refusal(Dimension::requests, 1, std::max(request_wait, token_wait));
  take_from(requests_, 1, now);
  if (token_wait > Span(0)) {
    // The refused request has used a request up; whoever comes back after the wait needs another one.
    return refusal(Dimension::tokens, amount, std::max(token_wait, wait_of(requests_, 1, now)));
  }
  return Admission{.tokens = amount, .log_entry = take_from(tokens_, amount, now)};
}

void Quota::correct(const Admission& admission, std::int64_t actual_tokens, Instant now) {
  if (auto* bucket = std::get_if<Bucket>(&tokens_)) bucket->give_back(admission.tokens - actual_tokens, now);
  if (auto* rolling = std::get_if<Rolling>(&tokens_)) rolling->correct(admission.log_entry, actual_tokens, now);
}

}  // namespace simulator
