#include "bench/replay/flown.h"

#include <fmt/format.h>

#include <memory>
#include <random>
#include <unordered_map>
#include <utility>
#include <variant>

#include "bench/replay/wire.h"
#include "limiter/store_memory.h"
#include "tools/flights.h"

namespace bench::replay {
namespace {

using namespace std::chrono_literals;
using namespace weir;

constexpr int kSlots = 4'096;

LimitSettings per_minute(const char* name, LimitCounts counts, std::int64_t amount, std::int64_t burst, Shape shape) {
  LimitSettings limit;
  limit.name = name;
  limit.counts = counts;
  limit.shape = shape == Shape::rolling ? LimitShape::rolling : LimitShape::bucket;
  limit.amount = limit.debt = amount;
  limit.burst = burst;
  return limit;
}

class FlownLimiter final : public Limiter, private HttpClient {
 public:
  FlownLimiter(const Setting& setting, Counting counting, Loop& loop, Go go)
      : counting_(counting),
        loop_(loop),
        go_(std::move(go)),
        gate_(loop, store_, {.slots = kSlots, .queue_limit = 2 * kSlots, .max_wait = 24h}) {
    ModelSettings& model = model_->settings;
    model.alias = model.model = "model";
    model.provider = "compatible";
    model.base_url = "http://provider/v1";
    model.stream = false;
    model.charge_model = counting == Counting::at_admission ? ChargeModel::openai : ChargeModel::total;
    model.limits = {per_minute("rpm", LimitCounts::requests, kRequestsPerMinute,
                               kRequestsPerMinute * setting.burst / setting.amount, setting.shape),
                    per_minute("tpm", LimitCounts::tokens, setting.amount, setting.burst, setting.shape)};
    model_->group = gate_.group(limit_group(model));
  }

  // A flight that is under way still is asked for again after a refusal: it knows by itself when to go.
  Answer ask(const Call& call, Instant) override {
    Place& place = places_[call.caller];
    place.will_ask = false;
    asking_ = call.caller;
    if (place.flight == 0) start(call, place);
    asking_ = -1;
    return std::exchange(place.may_go, false) ? Answer::go : Answer::queued;
  }

  void cancel(const Call& call) override {
    Place& place = places_[call.caller];
    flights_.cancel(place.flight);
    place = {};
  }

  void answered(const Call& call, const std::optional<Headers>& headers, Instant) override {
    reply(call, answer_of(call, headers));
  }

  std::optional<Instant> refused(const Call& call, const Verdict& verdict, Instant now) override {
    places_[call.caller].will_ask = true;
    reply(call, refusal_of(verdict, counting_));
    return now;
  }

  std::int64_t gave_up() const override { return gave_up_; }

  std::vector<std::string> leaks(Instant) override {
    std::vector<std::string> found = std::move(wrong_);
    const GateState state = gate_.state();
    if (flights_.in_air() != 0) found.push_back(fmt::format("{} flights did not land", flights_.in_air()));
    if (state.slots_taken != 0) found.push_back(fmt::format("{} slots were not given back", state.slots_taken));
    if (state.waiting != 0) found.push_back(fmt::format("{} calls still wait", state.waiting));
    gate_.audit();
    return found;
  }

 private:
  struct Place {
    FlightId flight = 0;
    bool will_ask = false, may_go = false;  // the replay asks again, and is told then whether it may go
    std::function<void(HttpResult)> done;
    Call call{};
    Timer again{};
  };
  struct OnTheWire final : Transfer {
    bool sent() const override { return true; }
  };

  void start(const Call& call, Place& place) {
    place.call = call;
    Job job{.model = model_, .prompt = {}, .deadline = {}};
    // What a flight estimates from is the text's bytes; who asks is told by its first words.
    job.prompt.user = fmt::format("[{}]", call.caller);
    job.prompt.user.resize(static_cast<std::size_t>(std::max<std::int64_t>(call.input_bytes, 8)), 'x');
    job.prompt.max_output_tokens = kOutputCap;
    job.kind = 1;
    place.flight = flights_.start(
        std::move(job), [this, caller = call.caller](Landing landing) { landed(caller, std::move(landing)); });
  }

  void landed(int caller, Landing landing) {
    Place& place = places_[caller];
    place.flight = 0;
    place.done = nullptr;
    if (std::holds_alternative<Completion>(landing.outcome)) return;
    const auto* error = std::get_if<Error>(&landing.outcome);
    if (error != nullptr && error->fault == Fault::cancelled) return;
    ++gave_up_;
    // Its caller still wants it. After a refusal by the provider the replay asks again; while it waits, nobody would.
    if (!place.will_ask)
      place.again = loop_.at(loop_.now(), [this, caller] {
        Place& waiting = places_[caller];
        if (waiting.flight == 0) start(waiting.call, waiting);
      });
  }

  // What a flight sends goes over the replay's wire.
  std::unique_ptr<Transfer> send(HttpRequest request, HttpEvents events) override {
    const std::string_view body = request.body;
    const std::size_t at = body.find("\"content\":\"[") + 12;
    int caller = 0;
    for (std::size_t i = at; i < body.size() && body[i] >= '0' && body[i] <= '9'; ++i)
      caller = caller * 10 + (body[i] - '0');
    Place& place = places_[caller];
    place.done = std::move(events.done);
    if (caller == asking_ || place.will_ask)
      place.may_go = true;
    else
      go_(caller);
    return std::make_unique<OnTheWire>();
  }

  void reply(const Call& call, HttpResponse response) {
    if (const auto done = std::exchange(places_[call.caller].done, nullptr)) return done(std::move(response));
    wrong_.push_back(fmt::format("caller {} was answered without having asked", call.caller));
  }

  Counting counting_;
  Loop& loop_;
  Go go_;
  MemoryStore store_;
  Gate gate_;
  RetryBudgets budgets_;
  std::mt19937_64 random_{1};
  Estimator estimator_;
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
  int asking_ = -1;
  std::int64_t gave_up_ = 0;
  std::unordered_map<int, Place> places_;
  std::vector<std::string> wrong_;
  Flights flights_{Airspace{loop_, gate_, *this, budgets_, estimator_, random_}};  // dies first
};

}  // namespace

std::unique_ptr<Limiter> make_flown(const Setting& setting, Counting counting, weir::Loop& loop, Go go) {
  return std::make_unique<FlownLimiter>(setting, counting, loop, std::move(go));
}

}  // namespace bench::replay
