#include "tools/operators/http_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/invariant.h"
#include "tools/http/redirect.h"
#include "tools/message.h"
#include "tools/operators/http_text.h"
#include "tools/providers/wire_time.h"
#include "tools/retry.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRetryAfterMax = 60s;

bool may_be_repeated(const std::string& method) { return method != "POST" && method != "PATCH"; }

}  // namespace

class HttpCalls::Call final : public Run {
 public:
  Call(HttpCalls& calls, const ToolSettings& tool, std::shared_ptr<const HttpTool> http,
       std::function<void(ToolAnswer)> done)
      : calls_(calls),
        tool_(tool.name),
        places_(tool.max_concurrency.value_or(kPlaces)),
        http_(std::move(http)),
        done_(std::move(done)),
        started_(calls.loop_.now()) {
    ++calls_.calls_;
  }

  ~Call() override {
    let_go();
    --calls_.calls_;
  }

  void start(const Values& values) {
    auto filled = http_->fill(values);
    if (!filled) return end_soon(std::move(filled.error()));
    filled_ = std::move(*filled);
    queue_up(false);
  }

  void cancel() override {
    if (!done_) return;
    let_go();
    end(Error{Fault::cancelled, about("the call was cancelled")});
  }

  RunView view() const override {
    return {.words = transfer_        ? "the API is asked"
                     : waiting_since_ ? "waiting for other calls of this tool"
                                      : "waiting before the next attempt"};
  }

  const std::string& tool() const { return tool_; }
  int places() const { return places_; }

  // It has a place.
  void begin() {
    has_place_ = true;
    waited_out_.cancel();
    receipt_.waited += calls_.loop_.now() - *std::exchange(waiting_since_, std::nullopt);
    ++receipt_.attempts;
    attempt_ends_ = calls_.loop_.now() + filled_.request.total_timeout;
    redirects_ = 0;
    left_ = false;
    send(filled_.request);
  }

  void refuse(Refusal::Reason reason) {
    Refusal refusal{.reason = reason,
                    .of = Refusal::Scope::tool,
                    .scope = tool_,
                    .limit = reason == Refusal::Reason::queue_full ? "queue" : "concurrency",
                    .retry_after = 1s,
                    .needed = 1};
    end(std::move(refusal));
  }

 private:
  std::string about(std::string_view what) const { return fmt::format("tool \"{}\": {}", tool_, what); }

  void queue_up(bool again) {
    const Instant now = calls_.loop_.now();
    waiting_since_ = now;
    if (!again && calls_.waiting(tool_) >= static_cast<std::size_t>(calls_.options_.queue_limit) &&
        calls_.asking(tool_) >= places_) {
      waiting_since_.reset();
      turn_ = calls_.loop_.at(now, [this] { refuse(Refusal::Reason::queue_full); });
      return;
    }
    waited_out_ = calls_.loop_.at(now + calls_.options_.max_wait, [this] {
      let_go();
      refuse(Refusal::Reason::timed_out);
    });
    calls_.enter(*this, again);
  }

  void send(HttpRequest request) {
    const Duration left = attempt_ends_ - calls_.loop_.now();
    request.total_timeout = request.first_byte_timeout = std::max(left, Duration(1ms));
    request.connect_timeout = std::min(request.connect_timeout, request.total_timeout);
    asked_ = request;
    transfer_ = calls_.http_.send(std::move(request), [this](HttpResult result) { received(std::move(result)); });
  }

  void received(HttpResult result) {
    const auto finished = std::move(transfer_);  // until the end of this function: its callback is what runs
    if (!result) return failed(result.error());
    left_ = true;
    if (is_redirect(result->status) && result->header("location") != nullptr) return follow(*result);
    auto value = http_->read(*result);
    if (!value) return answered_badly(*result, std::move(value.error()));
    give_place_back();
    end(std::move(*value));
  }

  // Each step is checked as the first was: by the tool's hosts here, by the guard where it connects.
  void follow(const HttpResponse& response) {
    if (++redirects_ > kRedirectsMax)
      return give_up({Fault::bad_reply, fmt::format("it redirects more than {} times", kRedirectsMax)});
    auto target = redirect_target(asked_.url, *response.header("location"), http_->hosts());
    if (!target) return give_up(std::move(target.error()));
    HttpRequest next = asked_;
    // As browsers do it; 307 and 308 say "the same again".
    const bool becomes_get = response.status == 303 || (response.status <= 302 && next.method == "POST");
    const auto drop = [&](std::string_view name) {
      std::erase_if(next.headers, [&](const auto& header) { return lower_case(header.first) == name; });
    };
    if (!same_origin(*target, asked_.url)) next.headers = filled_.for_others;
    if (becomes_get) {
      next.method = "GET";
      next.body.clear();
      drop("content-type");
    }
    next.url = std::move(*target);
    send(std::move(next));
  }

  void failed(const HttpFailure& failure) {
    left_ = left_ || failure.sent || failure.answered;
    const bool passing = failure.fault == Fault::unavailable || failure.fault == Fault::timed_out;
    const bool harmless = !left_ || may_be_repeated(filled_.request.method);
    if (passing && harmless) return try_again({failure.fault, failure.message}, std::nullopt);
    give_up({failure.fault, failure.message});
  }

  void answered_badly(const HttpResponse& response, Error error) {
    const int status = response.status;
    const bool passing = status == 408 || (status >= 500 && status != 501);
    const bool refused = status == 429 || status == 503;  // says that nothing was done
    if (refused || (passing && may_be_repeated(filled_.request.method)))
      return try_again(std::move(error), retry_after(response));
    give_up(std::move(error));
  }

  void try_again(Error error, std::optional<Duration> retry_after) {
    const Instant now = calls_.loop_.now();
    if (retry_after && *retry_after > kRetryAfterMax) {
      error.message += fmt::format("; it asks to be left alone for {}", in_words(*retry_after));
      return give_up(std::move(error));
    }
    const HttpToolSettings& settings = http_->settings();
    const RetryPolicy policy{.max_attempts = settings.retries + 1, .time = Duration::max() / 2};
    const auto next = next_attempt(policy, receipt_.attempts, started_, now, retry_after, calls_.random_);
    if (!next) {
      if (receipt_.attempts > 1) error.message += fmt::format(" (after {} attempts)", receipt_.attempts);
      return give_up(std::move(error));
    }
    turn_ = calls_.loop_.at(*next, [this] { queue_up(true); });
    give_place_back();
  }

  void give_up(Error error) {
    give_place_back();
    error.message = about(error.message);
    end(std::move(error));
  }

  void end_soon(Error error) {
    turn_ = calls_.loop_.at(started_, [this, error = std::move(error)]() mutable { end(std::move(error)); });
  }

  void end(std::variant<nlohmann::json, Refusal, Error> outcome) {
    ToolAnswer answer;
    answer.word = std::holds_alternative<nlohmann::json>(outcome) ? "ok"
                  : std::holds_alternative<Refusal>(outcome)      ? "refused"
                                                                  : name(std::get<Error>(outcome).fault);
    answer.outcome = std::move(outcome);
    receipt_.took = calls_.loop_.now() - started_;
    answer.receipt = receipt_;
    const auto done = std::exchange(done_, nullptr);
    done(std::move(answer));  // may destroy this call
  }

  // Whatever it holds or waits for.
  void let_go() {
    turn_.cancel();
    waited_out_.cancel();
    transfer_.reset();
    if (waiting_since_) {
      receipt_.waited += calls_.loop_.now() - *std::exchange(waiting_since_, std::nullopt);
      calls_.leave(*this);
    }
    give_place_back();
  }

  void give_place_back() {
    if (std::exchange(has_place_, false)) calls_.give_back(tool_);
  }

  HttpCalls& calls_;
  const std::string tool_;
  const int places_;
  const std::shared_ptr<const HttpTool> http_;
  std::function<void(ToolAnswer)> done_;  // empty: told
  const Instant started_;
  HttpTool::Filled filled_;
  HttpRequest asked_;  // the last step of this attempt
  std::unique_ptr<Transfer> transfer_;
  Timer turn_, waited_out_;
  std::optional<Instant> waiting_since_;  // it stands in the queue
  Instant attempt_ends_{};
  int redirects_ = 0;
  bool has_place_ = false;
  bool left_ = false;  // some byte of this attempt left
  Receipt receipt_;
};

HttpCalls::~HttpCalls() { INVARIANT(calls_ == 0, "{} http calls outlive what they share", calls_); }

std::unique_ptr<Run> HttpCalls::start(const ToolSettings& tool, const HttpTool& http, const Values& values,
                                      std::function<void(ToolAnswer)> done) {
  auto call = std::make_unique<Call>(*this, tool, http.shared_from_this(), std::move(done));
  call->start(values);
  return call;
}

int HttpCalls::asking(const std::string& tool) const {
  const auto lane = lanes_.find(tool);
  return lane == lanes_.end() ? 0 : lane->second.taken;
}

std::size_t HttpCalls::waiting(const std::string& tool) const {
  const auto lane = lanes_.find(tool);
  return lane == lanes_.end() ? 0 : lane->second.waiting.size();
}

void HttpCalls::enter(Call& call, bool again) {
  Lane& lane = lanes_[call.tool()];
  lane.places = call.places();  // a reload may have changed it: the newest counts
  if (again) {
    lane.waiting.push_front(&call);
  } else {
    lane.waiting.push_back(&call);
  }
  begin_next(call.tool());
}

void HttpCalls::leave(Call& call) {
  const auto lane = lanes_.find(call.tool());
  if (lane == lanes_.end()) return;
  std::erase(lane->second.waiting, &call);
  if (lane->second.waiting.empty() && lane->second.taken == 0) lanes_.erase(lane);
}

void HttpCalls::give_back(const std::string& tool) {
  --lanes_.at(tool).taken;
  begin_next(tool);
}

// Beginning a call tells nobody anything: none of this is entered anew meanwhile.
void HttpCalls::begin_next(const std::string& tool) {
  const auto found = lanes_.find(tool);
  Lane& lane = found->second;
  while (lane.taken < lane.places && !lane.waiting.empty()) {
    Call* next = lane.waiting.front();
    lane.waiting.pop_front();
    ++lane.taken;
    next->begin();
  }
  if (lane.waiting.empty() && lane.taken == 0) lanes_.erase(found);
}

}  // namespace weir
