#include "bench/zero_waste/run.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <random>
#include <unordered_map>
#include <utility>
#include <variant>

#include "bench/replay/judge.h"
#include "bench/zero_waste/dialect.h"
#include "config/config.h"
#include "limiter/store_memory.h"
#include "tests/fakes/fake_loop.h"
#include "tools/flights.h"

namespace bench::zero_waste {
namespace {

using namespace std::chrono_literals;
using namespace weir;

constexpr Duration kFirstToken = 500ms, kChunk = 500ms, kWarmUp = 1min;
constexpr Duration kForeignAgain = 1s, kForeignPatience = 20s;
constexpr std::int64_t kTokensPerSecond = 60, kTokensPerChunk = 30;
constexpr std::int64_t kInputMost = 5'000;  // below every burst, so that any call can pass
constexpr int kForeignCaller = 1'000'000;

std::optional<Config> read(const std::string& toml, std::vector<std::string>& wrong) {
  auto config = parse_config(toml, "zero-waste.toml", [](const std::string&) { return "sk-of-nobody"; });
  if (config) return std::move(*config);
  for (const Mistake& mistake : config.error()) wrong.push_back(mistake.text());
  return std::nullopt;
}

class World final : HttpClient, Observer {
 public:
  World(const Plan& plan, const Config& config)
      : plan_(plan),
        workload_{.seed = plan.seed},
        random_(plan.seed ^ 0x7a65726f),
        account_(plan.vendor),
        end_(replay::kStart + kWarmUp + plan.length),
        gate_(loop_, store_,
              {.slots = config.server.concurrency_limit,
               .queue_limit = config.server.queue_limit,
               .queue_bytes = config.server.queue_bytes,
               .max_wait = config.server.max_wait,
               .aging_bound = config.server.aging_bound,
               .observer = this}),
        cap_(config.tools.begin()->second.max_output_tokens) {
    model_->settings = config.models.begin()->second;
    model_->group = gate_.group(limit_group(model_->settings));
  }

  Outcome play() {
    callers_.resize(static_cast<std::size_t>(plan_.callers));
    for (int i = 0; i < plan_.callers; ++i) begin(i);
    if (plan_.foreign > 0) next_foreign(0, mean_foreign_gap());
    loop_.run_until(end_);
    over_ = true;
    for (Caller& caller : callers_) caller.again.cancel();
    flights_.cancel_all();
    loop_.run_for(2min);
    if (gate_.state().slots_taken != 0) wrong_.push_back(fmt::format("{} slots are lost", gate_.state().slots_taken));
    if (gate_.state().waiting != 0) wrong_.push_back("somebody waits still");
    gate_.audit();
    return {score(), std::move(wrong_)};
  }

 private:
  struct Caller {
    std::uint64_t calls = 0;
    Query query;
    Timer again{};
  };
  struct Exchange {
    HttpEvents events;
    bool sent = false;
  };
  class Wire final : public Transfer {
   public:
    Wire(World& world, std::uint64_t id) : world_(world), id_(id) {}
    ~Wire() override { world_.exchanges_.erase(id_); }
    bool sent() const override { return world_.exchanges_.at(id_).sent; }

   private:
    World& world_;
    std::uint64_t id_;
  };

  void at(Instant when, std::function<void()> fn) {
    const auto id = ++last_timer_;
    timers_[id] = loop_.at(when, [this, id, fn = std::move(fn)] {
      timers_.erase(id);
      fn();
    });
  }
  Duration delay() { return random_.between(20ms, 60ms); }
  bool judged(Instant at) const { return at >= replay::kStart + kWarmUp && at < end_; }

  Query draw(int caller, std::uint64_t number) const {
    replay::Call call = workload_.draw(caller, number);
    if (call.input_tokens > kInputMost) {
      call.input_bytes = call.input_bytes * kInputMost / call.input_tokens;
      call.input_tokens = kInputMost;
    }
    return {.bytes = call.input_bytes, .cap = cap_, .input = call.input_tokens, .output = call.output_tokens};
  }

  void begin(int index) {
    Caller& caller = callers_[static_cast<std::size_t>(index)];
    caller.query = draw(index, caller.calls++);
    ask(index);
  }

  void ask(int index) {
    const Query& query = callers_[static_cast<std::size_t>(index)].query;
    Job job{.model = model_, .prompt = {}, .deadline = {}};
    job.prompt.user = fmt::format("#{}#", index);
    job.prompt.user.resize(static_cast<std::size_t>(std::max<std::int64_t>(query.bytes, 10)), 'x');
    job.prompt.max_output_tokens = cap_;
    job.caller = static_cast<std::uint64_t>(index) + 1;
    job.kind = 1;
    flights_.start(std::move(job), [this, index](const Landing& landing) { landed(index, landing); });
  }

  void landed(int index, const Landing& landing) {
    if (over_) return;
    Duration wait{};
    if (const auto* refusal = std::get_if<Refusal>(&landing.outcome)) {
      ++score_.turned_away;
      if (!refusal->retry_after) wrong_.push_back(fmt::format("never: {} of {}", refusal->needed, refusal->limit));
      wait = refusal->retry_after.value_or(1min);
    } else if (const auto* error = std::get_if<Error>(&landing.outcome)) {
      ++score_.gave_up;
      if (error->message.find("429") == std::string::npos) wrong_.push_back(error->message);
    } else {
      ++score_.done;
    }
    const bool answered = landing.outcome.index() == 0;
    callers_[static_cast<std::size_t>(index)].again = loop_.at(loop_.now() + wait, [this, index, answered] {
      if (answered)
        begin(index);
      else
        ask(index);
    });
  }

  std::unique_ptr<Transfer> send(HttpRequest request, HttpEvents events) override {
    int index = 0;
    for (auto i = request.body.find('#') + 1; request.body[i] != '#'; ++i) index = index * 10 + (request.body[i] - '0');
    const auto id = ++last_exchange_;
    exchanges_[id].events = std::move(events);
    if (judged(loop_.now())) ++score_.sent;
    at(loop_.now() + delay(), [this, id, query = callers_[static_cast<std::size_t>(index)].query, sent = loop_.now()] {
      arrive(id, query, sent);
    });
    return std::make_unique<Wire>(*this, id);
  }

  void arrive(std::uint64_t id, const Query& query, Instant sent) {
    const auto exchange = exchanges_.find(id);
    if (exchange == exchanges_.end()) return;
    exchange->second.sent = true;
    const Instant now = loop_.now();
    const Verdict verdict = account_.arrived(query, Party::ours, now);
    if (!verdict.exhausted) return answer(id, query);
    ++(judged(sent) ? score_.refused : score_.refused_before);
    at(now + delay(), [this, id, response = refusal_of(account_, verdict, now, loop_.wall())] { done(id, response); });
  }

  // As it is made: half a second of nothing, then chunks; a stream tells of each, and begins with the head.
  void answer(std::uint64_t id, const Query& query) {
    const Instant start = loop_.now() + kFirstToken;
    const Duration back = delay();
    const bool streamed = exchanges_.at(id).events.piece != nullptr;
    const auto head = std::make_shared<HttpResponse>();
    at(start, [this, id, query, head, back] {
      *head = {200, headers_of(account_, loop_.now(), loop_.wall()), {}};
      head->headers.emplace_back("content-type", "text/event-stream");
      at(loop_.now() + back, [this, id, query, head] { piece(id, *head, stream_begin(query)); });
    });
    produce(query, Party::ours, [=, this](std::int64_t tokens, bool last) {
      const Instant heard = loop_.now() + back;
      if (streamed) at(heard, [this, id, head, tokens] { piece(id, *head, stream_words(tokens)); });
      if (!last) return;
      HttpResponse whole = answer_of(plan_.vendor, query, headers_of(account_, loop_.now(), loop_.wall()));
      at(heard, [this, id, query, head, streamed, whole = std::move(whole)] {
        if (streamed) piece(id, *head, stream_end(query));
        done(id, streamed ? *head : whole);
      });
    });
  }

  // An answer's tokens over time; `told` hears of each chunk.
  void produce(const Query& query, Party party, const std::function<void(std::int64_t, bool)>& told) {
    const Instant start = loop_.now() + kFirstToken;
    for (std::int64_t before = 0; before < query.output; before += kTokensPerChunk) {
      const std::int64_t tokens = std::min(kTokensPerChunk, query.output - before);
      const bool last = before + tokens == query.output;
      at(start + (before + tokens) * Duration(1s) / kTokensPerSecond, [this, tokens, last, party, told] {
        account_.produced(tokens, party, loop_.now());
        if (told) told(tokens, last);
      });
    }
  }

  void piece(std::uint64_t id, const HttpResponse& head, const std::string& text) {
    const auto exchange = exchanges_.find(id);
    if (exchange == exchanges_.end() || !exchange->second.events.piece) return;
    const auto tell = exchange->second.events.piece;  // the exchange may end within
    tell(head, text);
  }

  void done(std::uint64_t id, const HttpResponse& response) {
    const auto exchange = exchanges_.find(id);
    if (exchange == exchanges_.end()) return;
    const auto tell = std::move(exchange->second.events.done);
    tell(response);
  }

  Duration mean_foreign_gap() const {
    constexpr std::uint64_t kSample = 2'000;
    double cost = 0;
    for (std::uint64_t n = 0; n < kSample; ++n)
      cost += static_cast<double>(cost_of(plan_.vendor, tightest(plan_.vendor), draw(kForeignCaller, n))) / kSample;
    const double per_minute = plan_.foreign * static_cast<double>(amount_of(plan_.vendor, tightest(plan_.vendor)));
    return Duration(std::llround(static_cast<double>(Duration(1min).count()) * cost / per_minute));
  }
  void next_foreign(std::uint64_t number, Duration mean_gap) {
    const Duration gap(std::llround(-std::log(random_.uniform()) * static_cast<double>(mean_gap.count())));
    if (loop_.now() + gap >= end_) return;
    at(loop_.now() + gap, [this, number, mean_gap] {
      foreign(draw(kForeignCaller, number), loop_.now() + kForeignPatience);
      next_foreign(number + 1, mean_gap);
    });
  }
  void foreign(const Query& query, Instant until) {
    const Instant now = loop_.now();
    if (!account_.arrived(query, Party::foreign, now).exhausted) return produce(query, Party::foreign, {});
    if (now + kForeignAgain < until) at(now + kForeignAgain, [this, query, until] { foreign(query, until); });
  }

  void on(const Decision& decision) override {
    const auto* paused = std::get_if<Paused>(&decision);
    if (paused == nullptr || !judged(loop_.now())) return;
    ++score_.pauses;
    score_.longest_pause_s = std::max(score_.longest_pause_s, std::chrono::duration<double>(paused->span).count());
  }

  Score score() const {
    Score score = score_;
    double ours = 0, theirs = 0;
    std::vector<std::pair<Instant, std::int64_t>> taken;
    for (const Account::Taken& one : account_.taken()) {
      if (!judged(one.at)) continue;
      (one.party == Party::ours ? ours : theirs) += static_cast<double>(one.units);
      taken.emplace_back(one.at, one.units);
    }
    const auto amount = static_cast<double>(amount_of(plan_.vendor, tightest(plan_.vendor)));
    const double allowed = amount * std::chrono::duration<double, std::ratio<60>>(plan_.length).count();
    score.used = ours / (allowed - theirs);
    score.foreign = theirs / allowed;
    score.worst = static_cast<double>(replay::largest_sum(std::move(taken), 1min)) / amount;
    return score;
  }

  const Plan plan_;
  const replay::Workload workload_;
  fakes::FakeLoop loop_;
  replay::Random random_;
  Account account_;
  const Instant end_;
  Score score_;
  std::vector<std::string> wrong_;
  bool over_ = false;
  std::unordered_map<std::uint64_t, Timer> timers_;
  std::uint64_t last_timer_ = 0, last_exchange_ = 0;
  std::unordered_map<std::uint64_t, Exchange> exchanges_;
  std::vector<Caller> callers_;
  MemoryStore store_;
  Gate gate_;
  const std::int64_t cap_;
  RetryBudgets budgets_;
  std::mt19937_64 jitter_{plan_.seed};
  Estimator estimator_;
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
  Flights flights_{Airspace{loop_, gate_, *this, budgets_, estimator_, jitter_}};  // dies first
};

}  // namespace

Outcome run(const Plan& plan) {
  Outcome outcome;
  const auto config = read(plan.config, outcome.wrong);
  return config ? World(plan, *config).play() : outcome;
}

}  // namespace bench::zero_waste
