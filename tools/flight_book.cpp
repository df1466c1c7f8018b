#include "tools/flight_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tools/message.h"

namespace weir {
namespace {

constexpr std::int64_t kPicoPerNano = 1'000;
// As many bits of a flight's number as numbers of JSON keep.
constexpr int kFlightBits = 53;

std::int64_t rounded_to_nano(std::int64_t pico) { return pico / kPicoPerNano + (pico % kPicoPerNano >= 500 ? 1 : 0); }
std::int64_t raised_to_nano(std::int64_t pico) { return pico / kPicoPerNano + (pico % kPicoPerNano > 0 ? 1 : 0); }

std::int64_t sum(std::int64_t a, std::int64_t b) {  // of what is >= 0
  return a > std::numeric_limits<std::int64_t>::max() - b ? std::numeric_limits<std::int64_t>::max() : a + b;
}
std::int64_t tokens_of(const TokenCounts& counts) {
  return sum(std::max<std::int64_t>(counts.input, 0), std::max<std::int64_t>(counts.output, 0));
}

}  // namespace

const char* attempt_word(Finish finish) {
  switch (finish) {
    case Finish::stop:
      return "ok";
    case Finish::length:
      return "length";
    case Finish::refusal:
      return "refusal";
    case Finish::filter:
      return "filter";
  }
  return "ok";
}

FlightBook::FlightBook(const Airspace& air, const Job& job) : air_(air), job_(job) {
  receipt.profile = job.prompt.profile.name;
  spender_.model = job.model->settings.alias;
  if (!job.call) return;
  spender_.client = job.call->client;
  spender_.parent = job.call->parent;
  spender_.tool = job.call->tool;
  std::uint64_t span = 0;
  while (span >> (64 - kFlightBits) == 0) span = air.random();
  flight_.call = job.call;
  flight_.flight = span >> (64 - kFlightBits);
  flight_.trace = job.call->trace;
  for (std::size_t i = 0; i < flight_.trace.span.size(); ++i)
    flight_.trace.span[i] = static_cast<std::uint8_t>(span >> (56 - 8 * i));
  flight_.embeds = job.prompt.embed != nullptr;
  flight_.started = air.loop.wall();
  flight_.model = job.model->settings.alias;
  flight_.provider = job.model->settings.provider;
  flight_.wire_model = job.model->settings.model;
}

const TraceContext* FlightBook::trace() const {
  return job_.call && flight_.trace.trace != TraceContext{}.trace ? &flight_.trace : nullptr;
}

std::optional<Spending> FlightBook::most() const {
  const Estimate ceiling = estimate(job_.prompt);
  const std::int64_t input = ceiling.input_tokens, output = ceiling.output_tokens;
  std::int64_t nano = 0;
  for (const TokenCounts& dear : {TokenCounts{.input = input, .output = output},
                                  TokenCounts{.input = input, .cached_input = input, .output = output},
                                  TokenCounts{.input = input, .output = output, .cache_write = input}}) {
    const auto pico = cost(job_.model->settings.facts, dear);
    if (!pico) return std::nullopt;
    nano = std::max(nano, raised_to_nano(*pico));
  }
  return Spending{.nano = nano, .tokens = sum(input, output)};
}

std::optional<std::variant<Refusal, Error>> FlightBook::ask() {
  attempt_ = {};
  attempt_.asked = air_.loop.wall();
  if (air_.budgets == nullptr) return std::nullopt;
  drop_hold();
  const auto ceiling = most();
  if (!ceiling) {
    if (const auto budget = air_.budgets->in_money(spender_, attempt_.asked))
      return Error{Fault::bad_input,
                   fmt::format("model \"{}\": its price is unknown, and what it costs is bounded by {}; give it "
                               "input_price and output_price",
                               spender_.model, budget->key)};
  }
  held_ = ceiling.value_or(Spending{.nano = 0,
                                    .tokens = tokens_of({.input = estimate(job_.prompt).input_tokens,
                                                         .output = estimate(job_.prompt).output_tokens})});
  auto held = air_.budgets->hold(spender_, held_, attempt_.asked);
  if (auto* refusal = std::get_if<Refusal>(&held)) return std::move(*refusal);
  periods_ = std::get<BudgetPeriods>(std::move(held));
  return std::nullopt;
}

void FlightBook::drop_hold() {
  if (!periods_) return;
  air_.budgets->settle(spender_, *periods_, held_, {}, air_.loop.wall());
  periods_.reset();
}

void FlightBook::admitted(const Lease& lease) {
  receipt.reserved = lease.reserved();
  receipt.waited += lease.waited();
  receipt.throttled += lease.throttled();
}

void FlightBook::sent(const Model& by, const Lease& lease, bool streamed) {
  ++receipt.attempts;
  under_way_ = true;
  attempt_cost_.reset();
  sent_ = air_.loop.now();
  const ModelSettings& settings = by.settings;
  const std::string& alias = job_.model->settings.alias;
  attempt_.call = job_.call;
  attempt_.flight = flight_.flight;
  attempt_.number = receipt.attempts;
  attempt_.model = alias;
  attempt_.provider = settings.provider;
  // The alias of a spare has the key's name behind it.
  if (settings.alias.size() > alias.size() + 1) attempt_.account = settings.alias.substr(alias.size() + 1);
  attempt_.profile = receipt.profile;
  attempt_.wire_model = settings.model;
  attempt_.sent = air_.loop.wall();
  attempt_.throttled = lease.throttled();
  attempt_.queued = lease.waited() - lease.throttled();
  attempt_.throttled_by = lease.throttled_by();
  attempt_.reserved = lease.reserved();
  attempt_.cap = attempt_.reserved.output_cap;
  attempt_.streamed = streamed;
}

void FlightBook::heard(const HttpResponse& head) {
  if (!attempt_.first_byte) attempt_.first_byte = air_.loop.now() - sent_;
  answered(head);
}

void FlightBook::answered(const HttpResponse& response) {
  attempt_.status = response.status;
  for (const char* name : {"x-request-id", "request-id", "x-generation-id"}) {
    const std::string* const id = response.header(name);
    if (id == nullptr || !attempt_.request_id.empty()) continue;
    attempt_.request_id = excerpt(*id, 200);
  }
}

void FlightBook::answered(const Completion& completion) {
  attempt_.answered_by = excerpt(completion.model, 200);
  if (!completion.request_id.empty()) attempt_.request_id = completion.request_id;
}

void FlightBook::used(const TokenCounts& counts) {
  receipt.used.input += counts.input;
  receipt.used.cached_input += counts.cached_input;
  receipt.used.output += counts.output;
  receipt.used.reasoning += counts.reasoning;
  receipt.used.cache_write += counts.cache_write;
  attempt_.used = counts;
  attempt_cost_ = cost(job_.model->settings.facts, counts);
  if (attempt_cost_)
    cost_ = sum(cost_, *attempt_cost_);
  else
    cost_known_ = false;
}

void FlightBook::seen(const AtLeast& seen) {
  if (seen == AtLeast{}) return;
  used({.input = seen.input_tokens, .output = seen.output_tokens});
  attempt_.at_least = true;
  receipt.at_least = receipt.at_least || seen.output_tokens > 0;
}

void FlightBook::settled(const AttemptEnd& end) {
  if (!std::exchange(under_way_, false)) return drop_hold();  // nothing was sent
  const bool returned = end.ending == Ending::never_sent || end.ending == Ending::rejected;
  attempt_.ended = air_.loop.wall();
  attempt_.outcome = last_outcome_ = end.outcome;
  attempt_.fault = end.fault;
  attempt_.debt = std::max<std::int64_t>(settled_units(Unit::tokens, attempt_.reserved, end.ending, end.usage) -
                                             reserved_units(Unit::tokens, attempt_.reserved),
                                         0);
  if (attempt_.used) {
    if (attempt_cost_) attempt_.cost_nano = rounded_to_nano(*attempt_cost_);
  } else if (returned) {
    attempt_.cost_nano = 0;
  }

  // Whatever is not known to be less costs what was held for it.
  const bool whole = returned || (attempt_.used && !attempt_.at_least);
  Spending charged{.nano = attempt_.cost_nano.value_or(held_.nano),
                   .tokens = attempt_.used ? tokens_of(*attempt_.used) : 0};
  if (!whole) {
    charged.nano = std::max(charged.nano, held_.nano);
    charged.tokens = std::max(charged.tokens, held_.tokens);
  }
  attempt_.charge = {.day = {}, .month = {}, .nano = charged.nano, .tokens = charged.tokens};
  if (periods_) {
    air_.budgets->settle(spender_, *periods_, held_, charged, air_.loop.wall());
    attempt_.charge.day = periods_->day;
    attempt_.charge.month = periods_->month;
    periods_.reset();
  }

  if (air_.log == nullptr || !job_.call) return;
  air_.log->attempted(attempt_);
  flight_.attempts.push_back(std::move(attempt_));
}

void FlightBook::landed(const std::variant<Completion, Refusal, Error>& outcome, Duration took) {
  receipt.took = took;
  if (receipt.usage_known && cost_known_) receipt.cost_picodollars = cost_;
  drop_hold();
  if (const auto* completion = std::get_if<Completion>(&outcome))
    tell(attempt_word(completion->finish), std::nullopt, std::nullopt);
  else if (const auto* refusal = std::get_if<Refusal>(&outcome))
    tell("refused", std::nullopt, *refusal);
  else if (const Error& error = std::get<Error>(outcome); error.fault == Fault::cancelled)
    tell("cancelled", error.fault, std::nullopt);
  else
    tell(last_outcome_ == "rate_limited" ? "rate_limited" : "error", error.fault, std::nullopt);
}

void FlightBook::dropped() { tell("cancelled", Fault::cancelled, std::nullopt); }

void FlightBook::tell(std::string outcome, std::optional<Fault> fault, std::optional<Refusal> refusal) {
  if (std::exchange(told_, true) || air_.log == nullptr || !job_.call) return;
  flight_.ended = air_.loop.wall();
  flight_.outcome = std::move(outcome);
  flight_.fault = fault;
  flight_.refusal = std::move(refusal);
  flight_.repaired = receipt.repaired;
  air_.log->flown(flight_);
}

}  // namespace weir
