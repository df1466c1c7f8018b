#include "tools/flight.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/invariant.h"
#include "config/zone.h"
#include "tools/answer_stream.h"
#include "tools/flight_book.h"
#include "tools/giving_up.h"
#include "tools/message.h"
#include "tools/providers/embedding.h"
#include "tools/providers/provider.h"

namespace weir {
namespace {

// Shorter answers come whole: a stream costs more on both sides, and has nothing to tell in time.
constexpr std::int64_t kStreamAbove = 1'024;

// Of an answer that does not fit, in the prompt that asks for another.
constexpr std::size_t kRepairQuoteMax = 8'000;

constexpr std::string_view kDeadlinePassed = "the caller's deadline had passed before the provider was asked";

using Outcome = std::variant<Completion, Refusal, Error>;

std::size_t bytes_of(const Prompt& prompt) {
  std::size_t bytes = prompt.system.size() + prompt.user.size();
  if (prompt.shots)
    for (const Shot& shot : *prompt.shots) bytes += shot.user.size() + shot.assistant.size();
  if (prompt.embed)
    for (const std::string& text : prompt.embed->texts) bytes += text.size();
  return bytes;
}

// Settling, asking and leaving make the gate admit or refuse others, whose landings may cancel or destroy this very
// flight. So after each of them the flight asks still_flying() before it touches itself.
class CallFlight final : public Flight {
 public:
  CallFlight(const Airspace& air, Job job, std::function<void(Landing)> landed)
      : air_(air),
        job_(std::move(job)),
        book_(air_, job_),
        model_(job_.model),
        on_landed_(std::move(landed)),
        started_(air.loop.now()) {}

  ~CallFlight() override {
    life_.reset();
    let_go();
    book_.dropped();
  }

  void start() {
    starting_ = true;
    provider_ = find_provider(settings());
    if (job_.prompt.embed) embedder_ = find_embedding_provider(settings().provider);
    if (auto no = unaskable())
      land(Error{Fault::bad_input, about_model(*no)});
    else if (job_.deadline && *job_.deadline <= started_)
      land(Error{Fault::timed_out, about_model(kDeadlinePassed)});
    else
      ask();
    starting_ = false;
  }

  FlightView view() const override {
    using Stage = FlightView::Stage;
    if (transfer_) return {.stage = Stage::calling, .tokens = stream_ ? stream_->tokens() : 0};
    if (!waiting_since_ && !starting_) return {.stage = Stage::pausing};
    return {.stage = Stage::waiting, .obstacle = ticket_.forecast().value_or(Forecast{}).limit};
  }
  void cancel() override {
    if (life_->landed) return;
    const std::weak_ptr<const Life> alive = life_;
    let_go();
    if (!still_flying(alive)) return;
    asking_ =
        false;  // not to be put off, even if the gate is on the stack: ask() and its ticket end when they see it landed
    land(Error{Fault::cancelled, about_model("the call was cancelled")});
  }

 private:
  struct Life {  // outlives `this` in whoever asks for it; after the flight is gone, only this may be looked at
    bool landed = false;
  };

  const ModelSettings& settings() const { return model_->settings; }
  std::string about_model(std::string_view what) const {
    return fmt::format("model \"{}\": {}", settings().alias, what);
  }
  // Why the provider cannot be asked this, if so.
  std::optional<std::string> unaskable() const {
    if (!job_.prompt.embed) {
      if (provider_ != nullptr) return std::nullopt;
      return fmt::format("the provider \"{}\" does not answer prompts", settings().provider);
    }
    const std::size_t texts = job_.prompt.embed->texts.size();
    if (embedder_ == nullptr) return fmt::format("the provider \"{}\" does not embed texts", settings().provider);
    if (texts >= 1 && texts <= embedder_->texts_max) return std::nullopt;
    return fmt::format("{} texts in one request; 1 to {} can be embedded at once", texts, embedder_->texts_max);
  }
  // Static: `this` may be gone.
  static bool still_flying(const std::weak_ptr<const Life>& life) {
    const auto there = life.lock();
    return there && !there->landed;
  }

  Ask question() const {
    return {.group = model_->group,
            .client = job_.client,
            .tool = job_.tool,
            .priority = job_.priority,
            .estimate = likely(),
            .bytes = static_cast<std::int64_t>(bytes_of(job_.prompt)),
            .deadline = job_.deadline,
            .caller = job_.caller};
  }

  // By which key the call would go soonest; the first, where they are equal.
  void choose_key() {
    model_ = job_.model;
    if (model_->spares.empty()) return;
    const auto wait = [this](const std::shared_ptr<const Model>& by) {
      model_ = by;
      return air_.gate.forecast(question()).wait.value_or(Duration::max());
    };
    std::shared_ptr<const Model> best = job_.model;
    Duration shortest = wait(best);
    for (const auto& spare : job_.model->spares) {
      if (shortest == Duration::zero()) break;
      if (const Duration other = wait(spare); other < shortest) {
        shortest = other;
        best = spare;
      }
    }
    model_ = std::move(best);
  }

  void ask() {
    if (auto no = book_.ask())
      return std::visit([this](auto&& why) { land(std::forward<decltype(why)>(why)); }, std::move(*no));
    choose_key();
    Ask ask = question();
    if (first_sent_) {  // a retry has to start within the time that retrying may take
      const Instant last = *first_sent_ + settings().retry_time;
      ask.deadline = ask.deadline ? std::min(*ask.deadline, last) : last;
    }
    const std::weak_ptr<const Life> alive = life_;
    // The gate may answer inside enter(). A refusal may not land there, because landing may destroy this flight, whose
    // ticket has yet to be stored. An admission may go ahead.
    asking_ = true;
    waiting_since_ = air_.loop.now();
    auto ticket = air_.gate.enter(ask, [this, alive](Admission admission) {
      if (!still_flying(alive)) return;  // a lease is given back unsent
      if (auto* lease = std::get_if<Lease>(&admission))
        call(std::move(*lease));
      else
        land(std::get<Refusal>(std::move(admission)));
    });
    if (!still_flying(alive)) return;
    asking_ = false;
    ticket_ = std::move(ticket);
    if (verdict_ && !starting_) land(*std::exchange(verdict_, std::nullopt));
  }

  void call(Lease lease) {
    const Instant now = air_.loop.now();
    waiting_since_.reset();
    book_.admitted(lease);
    if (job_.deadline && *job_.deadline <= now) {
      lease_ = std::move(lease);
      if (settle({.ending = Ending::never_sent}, "unsent", Fault::timed_out))
        land(Error{Fault::timed_out, about_model(kDeadlinePassed)});
      return;
    }
    const bool streamed = embedder_ == nullptr && settings().stream.value_or(output_cap(job_.prompt) > kStreamAbove);
    HttpRequest request = embedder_ != nullptr ? embedder_->encode(settings(), *job_.prompt.embed)
                                               : provider_->encode(settings(), job_.prompt, streamed);
    if (job_.deadline) {
      const Duration left = *job_.deadline - now;
      request.total_timeout = std::min(request.total_timeout, left);
      request.first_byte_timeout = std::min(request.first_byte_timeout, left);
    }
    if (const TraceContext* const trace = air_.trace_upstream ? book_.trace() : nullptr) {
      request.headers.emplace_back("traceparent", traceparent(*trace));
      if (!trace->state.empty()) request.headers.emplace_back("tracestate", trace->state);
    }
    if (!first_sent_) first_sent_ = now;
    book_.sent(*model_, lease, streamed);
    called_ = now;
    lease_ = std::move(lease);
    lease_.sending();
    HttpEvents events;
    if (streamed) {
      stream_.emplace(*provider_);
      heard_.reset();
      events.piece = [this](const HttpResponse& head, std::string_view piece) { take(head, piece); };
    }
    events.done = [this](HttpResult result) { received(std::move(result)); };
    transfer_ = air_.http.send(std::move(request), std::move(events));
  }

  // A piece of a streamed answer.
  void take(const HttpResponse& head, std::string_view piece) {
    if (!heard_) {
      heard_ = Heard{.head = {head.status, head.headers, {}}, .at = air_.loop.now()};
      book_.heard(head);
    }
    stream_->take(head, piece);
    if (stream_->failed()) {  // what follows would be waited for in vain
      const auto broken_off = std::move(transfer_);
      return answered(stream_->finish(heard_->head), feedback_of(heard_->head));
    }
    const std::int64_t seen = stream_->tokens();
    if (seen <= lease_.reserved().output_tokens) return;
    const int in_flight = air_.gate.state(model_->group).slots_taken;
    lease_.top_up({.input_tokens = lease_.reserved().input_tokens,
                   .output_tokens = air_.estimator.output_beyond(job_.kind, seen, output_cap(job_.prompt), in_flight),
                   .output_cap = lease_.reserved().output_cap});
  }

  void received(HttpResult result) {
    const auto finished = std::move(transfer_);  // until the end of this function: its callback is what runs
    if (!result && stream_ && heard_ && stream_->complete()) result = heard_->head;
    if (!result) return failed(as_call_error(std::move(result.error())), {});
    book_.answered(*result);
    Feedback feedback = feedback_of(*result);
    const bool success = result->status >= 200 && result->status <= 299;
    answered(stream_ && success ? stream_->finish(std::move(*result)) : decode(*result), std::move(feedback));
  }

  tl::expected<Completion, CallError> decode(const HttpResponse& response) const {
    if (embedder_ == nullptr) return provider_->decode(response);
    return embedder_->decode(response, job_.prompt.embed->texts.size()).map(completion_of);
  }

  Feedback feedback_of(const HttpResponse& head) const {
    Feedback feedback = provider_ != nullptr ? provider_->limits(head) : Feedback{};  // Cohere only embeds
    if (heard_) feedback.heard_at = heard_->at;
    return feedback;
  }

  void answered(tl::expected<Completion, CallError> decoded, Feedback feedback) {
    if (!decoded) return failed(std::move(decoded.error()), std::move(feedback));
    // Whoever does not say how much it was, is charged what was seen of it, at least.
    Usage usage = stream_ ? stream_->seen() : AtLeast{};
    stream_.reset();

    air_.retry_budgets.earn(model_->group);
    if (const auto& counts = decoded->usage) {
      usage = counted(*counts);
      learn(*counts);
      book_.receipt.usage_known = true;
      book_.used(*counts);
    }
    book_.answered(*decoded);
    if (!settle({.ending = Ending::success, .usage = usage, .feedback = std::move(feedback)},
                attempt_word(decoded->finish)))
      return;
    if (embedder_ == nullptr && job_.prompt.format && decoded->finish == Finish::stop)
      return check(std::move(*decoded));
    land(std::move(*decoded));
  }

  // What is certain to have been used by a stream that ends here, if there is one.
  AtLeast give_up_stream() {
    if (!stream_) return {};
    const AtLeast seen = stream_->seen();
    stream_.reset();
    book_.seen(seen);
    return seen;
  }

  // Whether the answer fits its schema; if not, the model is shown what is wrong, once.
  void check(Completion completion) {
    auto read = job_.prompt.format->read(completion.text);
    if (read) {
      completion.text = std::move(*read);
      return land(std::move(completion));
    }
    if (std::exchange(book_.receipt.repaired, true)) {
      return land(Error{Fault::bad_reply,
                        about_model(fmt::format("the answer does not fit its schema, nor did it when asked again: {}; "
                                                "it begins: {}",
                                                read.error(), excerpt(completion.text, 200)))});
    }
    first_sent_.reset();  // its retries have their own time
    job_.prompt.user += fmt::format(
        "\n\nYou have answered this before:\n{}\n\nThat answer does not fit the schema: {}\n"
        "Answer again, whole, with JSON that fits it and nothing else.",
        excerpt(completion.text, kRepairQuoteMax), read.error());
    ask();
  }

  // What the account's limits count of it.
  Exact counted(const TokenCounts& counts) const {
    const bool cached_is_free = settings().charge_model == ChargeModel::anthropic;
    return {std::max<std::int64_t>(counts.input - (cached_is_free ? counts.cached_input : 0), 0), counts.output};
  }

  // What the prompt and its answer are likely to take, by those before; never more than they can take.
  Estimate likely() const {
    Estimate likely = estimate(job_.prompt);
    const int in_flight = air_.gate.state(model_->group).slots_taken + 1;
    likely.input_tokens = air_.estimator.input(model_->group + 1, likely.input_tokens, in_flight);
    if (job_.kind != 0) likely.output_tokens = air_.estimator.output(job_.kind, likely.output_tokens, in_flight);
    return likely;
  }
  void learn(const TokenCounts& counts) const {
    air_.estimator.learn_input(model_->group + 1, estimate(job_.prompt).input_tokens, counted(counts).input_tokens);
    if (job_.kind != 0) air_.estimator.learn_output(job_.kind, counts.output, air_.loop.now() - called_);
  }

  void failed(CallError failure, Feedback feedback) {
    feedback.rate_limited = failure.rate_limited;
    feedback.retry_after = failure.retry_after;
    feedback.exhausted = failure.exhausted;
    if (!failure.until_midnight_in.empty()) {
      const WallTime now = air_.loop.wall();
      feedback.retry_after = next_midnight(failure.until_midnight_in, now) - now;
    }
    // The slots and what was reserved are given back before anything waits.
    const AtLeast usage = give_up_stream();
    const char* const outcome = failure.rate_limited                   ? "rate_limited"
                                : failure.ending == Ending::never_sent ? "unsent"
                                                                       : "error";
    if (!settle({.ending = failure.ending, .usage = usage, .feedback = std::move(feedback)}, outcome,
                failure.error.fault))
      return;
    failure.error.message =
        about_model(without(std::move(failure.error.message), settings().api_key ? settings().api_key->reveal() : ""));
    if (!failure.retry) return land(std::move(failure.error));

    const Instant now = air_.loop.now();
    const RetryPolicy policy{.max_attempts = settings().max_attempts, .time = settings().retry_time};
    const auto next = next_attempt(policy, book_.receipt.attempts, *first_sent_, now, failure.retry_after, air_.random);
    if (next && (!job_.deadline || *next < *job_.deadline)) {
      if (air_.retry_budgets.spend(model_->group)) {
        // Refused for a rate, the whole group is closed: in its queue this call keeps its turn.
        if (failure.rate_limited) return ask();
        pause_ = air_.loop.at(*next, [this] { ask(); });
        return;
      }
      failure.error.message += "; not tried again, because this model's retries are used up until calls succeed";
    } else {
      explain_giving_up(failure, {.attempts = book_.receipt.attempts,
                                  .max_attempts = settings().max_attempts,
                                  .retrying = now - *first_sent_,
                                  .retry_time = settings().retry_time,
                                  .until_deadline = job_.deadline ? std::optional(*job_.deadline - now) : std::nullopt,
                                  .deadline_is_nearer = next.has_value()});
    }
    land(std::move(failure.error));
  }

  // True when the flight is still there, and still flying.
  bool settle(const Settlement& settlement, const char* outcome, std::optional<Fault> fault = {}) {
    const std::weak_ptr<const Life> alive = life_;
    Lease lease = std::move(lease_);
    book_.settled({.outcome = outcome, .fault = fault, .ending = settlement.ending, .usage = settlement.usage});
    lease.settle(settlement);
    return still_flying(alive);
  }

  // Drops whatever is held, wherever the call is. The flight may be gone afterwards.
  void let_go() {
    pause_.cancel();
    landing_.cancel();
    Gate::Ticket ticket = std::move(ticket_);
    Lease lease = std::move(lease_);
    const bool unsent = transfer_ && !transfer_->sent();
    transfer_.reset();
    const AtLeast seen = give_up_stream();
    const Ending ending = unsent ? Ending::never_sent : Ending::broken;
    book_.settled(
        {.outcome = unsent ? "unsent" : "cancelled", .fault = Fault::cancelled, .ending = ending, .usage = seen});
    if (lease) lease.settle(ending, seen);
  }

  void land(Outcome outcome) {
    if (starting_ || asking_) {
      verdict_ = std::move(outcome);
      if (starting_) landing_ = air_.loop.at(started_, [this] { land(*std::exchange(verdict_, std::nullopt)); });
      return;
    }
    life_->landed = true;
    if (waiting_since_) book_.waited_in_vain(air_.loop.now() - *waiting_since_);
    book_.landed(outcome, air_.loop.now() - started_);
    const auto landed = std::move(on_landed_);
    landed(Landing{std::move(outcome), book_.receipt});
  }

  const Airspace air_;
  Job job_;
  FlightBook book_;
  std::shared_ptr<const Model> model_;  // the job's, by the key that the last attempt went by
  std::function<void(Landing)> on_landed_;
  const Instant started_;
  const Provider* provider_ = nullptr;
  const EmbeddingProvider* embedder_ = nullptr;  // of a prompt that is to be embedded
  std::optional<Instant> first_sent_, waiting_since_;
  Instant called_{};  // the last attempt

  // Where it is: at most one of these holds something.
  Gate::Ticket ticket_;
  std::unique_ptr<Transfer> transfer_;  // together with lease_
  std::optional<AnswerStream> stream_;  // of an answer that comes in pieces
  struct Heard {
    HttpResponse head;  // without a body
    Instant at{};       // when the provider said so about its limits
  };
  std::optional<Heard> heard_;
  Lease lease_;
  Timer pause_, landing_;

  bool starting_ = false, asking_ = false;
  std::optional<Outcome> verdict_;  // waits until landing is allowed
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
};

}  // namespace

std::unique_ptr<Flight> start_flight(const Airspace& air, Job job, std::function<void(Landing)> landed) {
  INVARIANT(job.model != nullptr, "a job needs a model");
  auto flight = std::make_unique<CallFlight>(air, std::move(job), std::move(landed));
  flight->start();
  return flight;
}

}  // namespace weir
