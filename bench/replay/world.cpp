#include "bench/replay/world.h"

#include <fmt/format.h>

#include <algorithm>

namespace bench::replay {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstToken = 500ms, kChunk = 500ms;
constexpr std::int64_t kTokensPerSecond = 60, kTokensPerChunk = 30;
constexpr Duration kForeignEvery = 20s;
constexpr int kForeignCalls = 20;
constexpr Call kForeign{.caller = -1, .input_bytes = 4'000, .input_tokens = 1'000};

}  // namespace

World::World(const Workload& workload, Regime regime, Counting counting, const MakeLimiter& make)
    : workload_(workload),
      regime_(regime),
      counting_(counting),
      random_(workload.seed ^ 0x77656972),
      provider_(regime, counting),
      callers_(static_cast<std::size_t>(workload.callers)),
      limiter_(make(loop_, [this](int index) { go(index); })) {}

void World::at(Instant when, std::function<void()> fn) {
  const auto id = ++last_timer_;
  timers_[id] = loop_.at(when, [this, id, fn = std::move(fn)] {
    timers_.erase(id);
    fn();
  });
}

Duration World::delay() { return random_.between(20ms, 60ms); }

// Polling is kept out of the loop: three million looks a run, of which few find anything.
void World::poll_at(Instant when, int index) {
  caller_of(index).state = State::polling;
  polls_.push({when, index});
}

void World::run_until(Instant until) {
  for (;;) {
    const Instant next = polls_.empty() ? until : std::min(polls_.top().at, until);
    if (loop_.step(next)) continue;
    loop_.run_until(next);
    if (polls_.empty() || polls_.top().at > until) return;
    const int index = polls_.top().caller;
    polls_.pop();
    ask(index);
  }
}

Outcome World::play() {
  for (const Span& span : workload_.demand()) {
    at(span.from, [this] { open(); });
    at(span.until, [this] { close(); });
  }
  if (workload_.scenario == Scenario::foreign) foreign_burst();
  const Instant end = kStart + workload_.length;
  run_until(end);
  run_until(end + 2min);
  for (const Caller& caller : callers_)
    if (caller.state != State::idle)
      wrong_.push_back(fmt::format("caller {} is in state {} after the end", &caller - callers_.data(),
                                   static_cast<int>(caller.state)));
  run_until(end + 12min);
  for (std::string& leak : limiter_->leaks(loop_.now())) wrong_.push_back(std::move(leak));
  Score score = judge_.score(workload_, regime_);
  score.gave_up = limiter_->gave_up();
  return {score, std::move(wrong_)};
}

void World::open() {
  demand_ = true;
  for (int index = 0; index < workload_.callers; ++index)
    at(loop_.now() + random_.between(0ms, 100ms), [this, index] {
      if (caller_of(index).state == State::idle) begin(index);
    });
}

void World::close() {
  demand_ = false;
  polls_ = {};
  for (Caller& caller : callers_) {
    if (caller.state != State::polling && caller.state != State::queued) continue;
    caller.state = State::idle;
    limiter_->cancel(caller.call);
  }
}

void World::begin(int index) {
  Caller& caller = caller_of(index);
  caller.state = State::idle;
  if (!demand_) return;
  caller.call = workload_.draw(index, caller.calls++);
  caller.call.asked = loop_.now();
  ask(index);
}

void World::ask(int index) {
  Caller& caller = caller_of(index);
  // Before asking: whoever is queued may be called back within.
  caller.state = State::queued;
  switch (limiter_->ask(caller.call, loop_.now())) {
    case Answer::go:
      return send(index);
    case Answer::later:
      return poll_at(loop_.now() + random_.between(50ms, 150ms), index);
    case Answer::queued:
      return;
  }
}

void World::go(int index) {
  if (caller_of(index).state == State::queued) return send(index);
  wrong_.push_back(fmt::format("caller {} was let go without waiting", index));
}

void World::send(int index) {
  Caller& caller = caller_of(index);
  caller.state = State::sent;
  caller.sent = loop_.now();
  at(loop_.now() + delay(), [this, index] { arrive(index); });
}

void World::arrive(int index) {
  const Caller& caller = caller_of(index);
  const Instant now = loop_.now();
  const Verdict verdict = provider_.arrived(caller.call, now);
  if (!verdict.admitted) {
    judge_.refused(caller.sent);
    return at(now + delay(), [this, index, verdict] { refuse(index, verdict); });
  }
  judge_.admitted(caller.call, caller.sent);
  judge_.counted(verdict.counted, now);
  const Duration takes = kFirstToken + caller.call.output_tokens * Duration(1s) / kTokensPerSecond;
  at(now + takes, [this, index] { finish(index); });
  const bool streamed = counting_ == Counting::as_produced || limiter_->streams();
  if (streamed && caller.call.output_tokens > kTokensPerChunk)
    at(now + kFirstToken + kChunk, [this, index] { produce(index, 0); });
}

void World::refuse(int index, const Verdict& verdict) {
  const Caller& caller = caller_of(index);
  const Instant now = loop_.now();
  const std::optional<Instant> again = limiter_->refused(caller.call, verdict, now);
  if (!demand_) {
    limiter_->cancel(caller.call);
    return begin(index);
  }
  poll_at(again ? *again : now + verdict.retry_after.value_or(0ns) + random_.between(50ms, 150ms), index);
}

// A chunk of an answer; the rest that does not fill one comes with its end.
void World::produce(int index, std::int64_t before) {
  const Call& call = caller_of(index).call;
  const std::int64_t seen = before + kTokensPerChunk;
  const Instant now = loop_.now();
  judge_.counted(provider_.produced(kTokensPerChunk, now), now);
  if (limiter_->streams())
    at(now + delay(), [this, index, seen, number = call.number] {
      const Caller& caller = caller_of(index);
      if (caller.state == State::sent && caller.call.number == number)
        limiter_->produced(caller.call, seen, loop_.now());
    });
  if (seen + kTokensPerChunk < call.output_tokens) at(now + kChunk, [this, index, seen] { produce(index, seen); });
}

void World::finish(int index) {
  const Call& call = caller_of(index).call;
  const Instant now = loop_.now();
  // All of it was streamed but the last, whole or begun, chunk.
  judge_.counted(provider_.produced((call.output_tokens - 1) % kTokensPerChunk + 1, now), now);
  const auto headers = provider_.headers(now);
  at(now + delay(), [this, index, headers] { answer(index, headers); });
}

void World::answer(int index, const std::optional<Headers>& headers) {
  Caller& caller = caller_of(index);
  caller.state = State::idle;
  judge_.done();
  limiter_->answered(caller.call, headers, loop_.now());
  begin(index);
}

void World::foreign_burst() {
  const Instant slot = loop_.now(), next = slot + kForeignEvery;
  if (slot >= kStart + workload_.length) return;
  const Instant when = slot + random_.between(0s, kForeignEvery / 2);
  for (int i = 0; i < kForeignCalls; ++i) at(when + i * Duration(10ms), [this, next] { foreign_call(next); });
  at(next, [this] { foreign_burst(); });
}

void World::foreign_call(Instant until) {
  const Instant now = loop_.now();
  const Verdict verdict = provider_.arrived(kForeign, now);
  if (verdict.admitted) {
    judge_.foreign(kForeign.actual(), now);
    judge_.counted(verdict.counted, now);
  } else if (now + 250ms < until) {
    at(now + 250ms, [this, until] { foreign_call(until); });
  }
}

}  // namespace bench::replay
