#include "tools/calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

// A disk may be slow; a call is not to wait for it longer than for a model.
constexpr Duration kLookUpMax = std::chrono::seconds(2);

bool is_whole(const Completion& completion) {
  return completion.finish == Finish::stop && !(completion.text.empty() && completion.vectors.empty());
}

// What two flights cost together.
Receipt sum(const Receipt& before, Receipt receipt) {
  if (before.attempts == 0) return receipt;
  const bool free_before = before.used == TokenCounts{}, free = receipt.used == TokenCounts{};
  if (before.cost_picodollars && receipt.cost_picodollars)
    *receipt.cost_picodollars += *before.cost_picodollars;
  else if (!free_before)
    receipt.cost_picodollars = free ? before.cost_picodollars : std::nullopt;
  receipt.used.input += before.used.input;
  receipt.used.cached_input += before.used.cached_input;
  receipt.used.output += before.used.output;
  receipt.used.reasoning += before.used.reasoning;
  receipt.used.cache_write += before.used.cache_write;
  receipt.usage_known = receipt.usage_known || before.usage_known;
  receipt.at_least = receipt.at_least || before.at_least;
  receipt.repaired = receipt.repaired || before.repaired;
  receipt.waited += before.waited;
  receipt.throttled += before.throttled;
  receipt.attempts += before.attempts;
  return receipt;
}

}  // namespace

struct Calls::Terms {
  std::shared_ptr<const Model> model;
  std::optional<Instant> deadline;
  std::uint64_t caller = 0;
  ClientId client = 0;
  ToolId tool = 0;
  Priority priority = Priority::interactive;
  std::uint64_t kind = 0;
  std::string profile;

  explicit Terms(const Job& job)
      : model(job.model),
        deadline(job.deadline),
        caller(job.caller),
        client(job.client),
        tool(job.tool),
        priority(job.priority),
        kind(job.kind),
        profile(job.prompt.profile.name) {}
  void into(Job& job) const {
    job.model = model;
    job.deadline = deadline;
    job.caller = caller;
    job.client = client;
    job.tool = tool;
    job.priority = priority;
    job.kind = kind;
    job.prompt.profile.name = profile;
  }

  // Whether what a flight for these came to says what one for `other` would.
  bool speak_for(const Terms& other, const Landing& landing) const {
    if (std::holds_alternative<Completion>(landing.outcome)) return true;
    if (model->group != other.model->group) return false;
    const bool other_has_longer = deadline && (!other.deadline || *other.deadline > *deadline);
    if (const auto* error = std::get_if<Error>(&landing.outcome)) {
      if (error->fault == Fault::cancelled) return false;
      const bool by_time =
          error->fault == Fault::timed_out || error->fault == Fault::unavailable || error->fault == Fault::exhausted;
      return !by_time || !other_has_longer;
    }
    const Refusal& refusal = std::get<Refusal>(landing.outcome);
    if (refusal.of == Refusal::Scope::client && client != other.client) return false;
    if (refusal.of == Refusal::Scope::tool && tool != other.tool) return false;
    const bool by_time =
        refusal.reason == Refusal::Reason::wait_too_long || refusal.reason == Refusal::Reason::timed_out;
    const bool other_goes_before = priority == Priority::batch && other.priority == Priority::interactive;
    return !by_time || !(other_has_longer || other_goes_before);
  }
};

struct Calls::Sharing {
  // over: what it came to is being told. starting: the flight may hear of others before it has a number.
  enum class Stage { looking, starting, flying, over };

  AnswerKey key;
  Job job;                        // as of whoever came first
  std::vector<CallId> callers{};  // in the order of their coming
  Stage stage = Stage::looking;
  FlightId flight = 0;
  std::shared_ptr<const Terms> flown{};  // for whom
  std::optional<Error> last_word{};      // why its last caller left
  Receipt spent{};                       // by flights before
  Timer patience{};                      // with the cache
};

CallId Calls::start(Job job, std::function<void(Landing)> landed) {
  const CallId id = ++last_;
  Asking asking{.landed = std::move(landed), .started = loop_.now()};
  const bool late = job.deadline && *job.deadline <= asking.started;
  const auto key =
      job.cache && !late ? answer_key(job.model->settings, job.prompt, job.cache->name_space) : std::nullopt;
  if (key) {
    share(id, std::move(asking), *key, std::move(job));
  } else {
    calls_.emplace(id, std::move(asking));
    const FlightId flight =
        flights_.start(std::move(job), [this, id](Landing landing) { tell(id, std::move(landing)); });
    calls_.at(id).flight = flight;
  }
  return id;
}

void Calls::share(CallId id, Asking asking, const AnswerKey& key, Job job) {
  asking.terms = std::make_shared<const Terms>(job);
  const auto deadline = job.deadline;
  auto& place = open_[{key, job.cache->ttl}];
  const bool first = place == nullptr;
  if (first) place = std::make_shared<Sharing>(Sharing{.key = key, .job = std::move(job)});
  const std::shared_ptr<Sharing> sharing = asking.sharing = place;
  sharing->callers.push_back(id);
  // A flight minds the deadline of whom it is flown for by itself.
  if (!first && deadline) asking.deadline = loop_.at(*deadline, [this, id] { expire(id); });
  calls_.emplace(id, std::move(asking));
  if (first) look_up(sharing);
}

void Calls::look_up(const std::shared_ptr<Sharing>& sharing) {
  const CacheUse& use = *sharing->job.cache;
  const bool asked =
      cache_ != nullptr &&
      cache_->find(sharing->key, use.ttl, [this, weak = std::weak_ptr(sharing)](std::optional<Completion> completion) {
        const auto still = weak.lock();
        if (still && still->stage == Sharing::Stage::looking) looked_up(still, std::move(completion));
      });
  if (!asked) return fly(sharing);
  Instant until = loop_.now() + kLookUpMax;
  if (sharing->job.deadline) until = std::min(until, *sharing->job.deadline);
  sharing->patience = loop_.at(until, [this, weak = std::weak_ptr(sharing)] {
    const auto still = weak.lock();
    if (still && still->stage == Sharing::Stage::looking) fly(still);
  });
}

void Calls::looked_up(const std::shared_ptr<Sharing>& sharing, std::optional<Completion> completion) {
  if (!completion) return fly(sharing);
  close(*sharing);
  for (const CallId id : sharing->callers) {
    counts_.hits += calls_.contains(id) ? 1 : 0;
    tell_free(id, *completion, Origin::cache);
  }
}

void Calls::fly(const std::shared_ptr<Sharing>& sharing) {
  sharing->stage = Sharing::Stage::starting;
  sharing->patience.cancel();
  ++counts_.misses;
  Asking& first = calls_.at(sharing->callers.front());
  first.deadline.cancel();
  sharing->flown = first.terms;
  first.terms->into(sharing->job);
  const FlightId flight =
      flights_.start(sharing->job, [this, sharing](Landing landing) { come_down(sharing, std::move(landing)); });
  sharing->stage = Sharing::Stage::flying;
  sharing->flight = flight;
  if (sharing->callers.empty()) flights_.cancel(flight);
}

void Calls::come_down(const std::shared_ptr<Sharing>& sharing, Landing landing) {
  close(*sharing);
  if (sharing->last_word) landing.outcome = std::move(*sharing->last_word);
  const auto* completion = std::get_if<Completion>(&landing.outcome);
  if (completion != nullptr && cache_ != nullptr && is_whole(*completion))
    cache_->keep(sharing->key, sharing->job.cache->ttl, sharing->job.cache->name_space, *completion);
  landing.receipt = sum(sharing->spent, std::move(landing.receipt));

  // Once this is told, anybody may leave; so first it is settled whom it is told to.
  std::vector<CallId> told, others;
  for (const CallId id : sharing->callers) {
    const bool holds = sharing->last_word || sharing->flown->speak_for(*calls_.at(id).terms, landing);
    (holds ? told : others).push_back(id);
  }
  std::shared_ptr<Sharing> next;
  if (!others.empty()) {
    next = std::make_shared<Sharing>(Sharing{
        .key = sharing->key, .job = sharing->job, .callers = std::move(others), .stage = Sharing::Stage::looking});
    if (told.empty()) next->spent = landing.receipt;
    for (const CallId id : next->callers) calls_.at(id).sharing = next;
    open_[place_of(*next)] = next;
  }
  bool paid = false;
  for (const CallId id : told) {
    const auto asking = calls_.find(id);
    if (asking == calls_.end()) continue;
    if (std::exchange(paid, true)) {
      tell_free(id, landing.outcome, Origin::shared);
      ++counts_.shared;
      continue;
    }
    Landing first = landing;
    first.receipt.profile = asking->second.terms->profile;
    first.receipt.took = loop_.now() - asking->second.started;
    tell(id, std::move(first));
  }
  if (next && next->stage == Sharing::Stage::looking) fly(next);
}

void Calls::cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const Asking& asking = found->second;
  if (asking.sharing == nullptr) return flights_.cancel(asking.flight);
  leave(id,
        {Fault::cancelled, fmt::format("model \"{}\": the call was cancelled", asking.terms->model->settings.alias)});
}

void Calls::expire(CallId id) {
  leave(id,
        {Fault::timed_out, fmt::format("model \"{}\": the caller's deadline passed while an equal call, whose answer "
                                       "it was to share, was on its way",
                                       calls_.at(id).terms->model->settings.alias)});
}

void Calls::leave(CallId id, Error why) {
  const std::shared_ptr<Sharing> sharing = calls_.at(id).sharing;
  std::vector<CallId>& callers = sharing->callers;
  const bool last = callers.size() == 1 && callers.front() == id;
  // Not to be joined while it ends: what it gives back may let others land, who ask the same again.
  if (last && sharing->stage != Sharing::Stage::over) forget(*sharing);
  if (last && sharing->stage == Sharing::Stage::flying) {
    sharing->last_word = std::move(why);
    return flights_.cancel(sharing->flight);
  }
  if (sharing->stage != Sharing::Stage::over) std::erase(callers, id);
  if (callers.empty() && sharing->stage == Sharing::Stage::looking) close(*sharing);
  tell_free(id, std::move(why), Origin::shared);
}

void Calls::close(Sharing& sharing) {
  sharing.stage = Sharing::Stage::over;
  sharing.patience.cancel();
  forget(sharing);
}

// An answer must not be older than any of them takes it.
Calls::Place Calls::place_of(const Sharing& sharing) { return {sharing.key, sharing.job.cache->ttl}; }

void Calls::forget(const Sharing& sharing) {
  const auto found = open_.find(place_of(sharing));
  if (found != open_.end() && found->second.get() == &sharing) open_.erase(found);
}

void Calls::tell(CallId id, Landing landing) {
  const auto node = calls_.extract(id);
  if (node.empty()) return;
  node.mapped().landed(std::move(landing));
  if (calls_.empty() && when_empty_) std::exchange(when_empty_, nullptr)();
}

void Calls::tell_free(CallId id, decltype(Landing::outcome) outcome, Origin origin) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Receipt receipt;
  receipt.usage_known = true;
  receipt.cost_picodollars = 0;
  receipt.took = loop_.now() - found->second.started;
  receipt.profile = found->second.terms->profile;
  receipt.origin = origin;
  (origin == Origin::cache ? receipt.from_cache : receipt.shared) = 1;
  tell(id, {std::move(outcome), std::move(receipt)});
}

void Calls::cancel_all() {
  // A landing may start or cancel others, so the map is not walked while it changes.
  std::vector<CallId> ids;
  ids.reserve(calls_.size());
  for (const auto& [id, asking] : calls_) ids.push_back(id);
  for (const CallId id : ids) cancel(id);
}

std::optional<FlightView> Calls::view(CallId id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  const Asking& asking = found->second;
  const auto view = flights_.view(asking.sharing ? asking.sharing->flight : asking.flight);
  return view ? view : FlightView{};
}

void Calls::when_empty(std::function<void()> fn) {
  if (calls_.empty()) return fn();
  when_empty_ = std::move(fn);
}

CallCounts Calls::counts() const {
  CallCounts counts = counts_;
  if (cache_ != nullptr) counts.kept = cache_->counts();
  return counts;
}

}  // namespace weir
