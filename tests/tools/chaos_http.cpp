#include "tests/tools/chaos_http.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace weir::simulation {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

HttpResult broken(Fault fault, bool sent, bool answered) {
  return tl::unexpected(HttpFailure{.fault = fault, .message = "simulated", .sent = sent, .answered = answered});
}

json answer(std::int64_t input, std::int64_t output) {
  return {{"id", "chatcmpl-sim"},
          {"object", "chat.completion"},
          {"model", "sim"},
          {"choices",
           {{{"index", 0}, {"message", {{"role", "assistant"}, {"content", "text"}}}, {"finish_reason", "stop"}}}},
          {"usage", {{"prompt_tokens", input}, {"completion_tokens", output}, {"total_tokens", input + output}}}};
}

json error(const char* message, const char* type, const json& code) {
  return {{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", code}}}};
}

// The dialect's own way of counting what a request may use, from the request as it came over the wire.
std::int64_t counted_input(const json& body) {
  std::int64_t tokens = 3;
  for (const json& message : body["messages"])
    tokens += 4 + (static_cast<std::int64_t>(message["content"].get<std::string>().size()) + 2) / 3;
  return tokens;
}

}  // namespace

class ChaosHttp::Exchange final : public Transfer {
 public:
  Exchange(ChaosHttp& http, Account& account, Seen& seen, Claim reserved, std::function<void(HttpResult)> done)
      : http_(http),
        account_(account),
        seen_(seen),
        reserved_(reserved),
        started_(http.loop_.now()),
        done_(std::move(done)) {
    ++http_.in_flight_;
    ++account_.in_flight;
    ++seen_.open;
  }
  ~Exchange() override {
    if (over_) return;
    // Cut off by the caller: kept in full once sent, returned in full before.
    book(sent_ ? Claim{1, reserved_.tokens} : Claim{0, 0});
  }
  bool sent() const override { return sent_; }

  void connect_after(Duration span) {
    connect_ = http_.loop_.at(started_ + span, [this] { sent_ = true; });
  }
  void end_after(Duration span, Ending ending) {
    end_ = http_.loop_.at(started_ + span, [this, ending = std::move(ending)] { end(ending); });
  }

 private:
  void end(const Ending& ending) {
    if (ending.retry_after) seen_.not_before = http_.loop_.now() + *ending.retry_after;
    seen_.used.input += ending.used.input;
    seen_.used.output += ending.used.output;
    book(ending.cost);
    const auto done = std::move(done_);
    done(ending.result);
  }
  void book(const Claim& cost) {
    over_ = true;
    --http_.in_flight_;
    --account_.in_flight;
    --seen_.open;
    account_.ledger.end(reserved_, cost, started_, http_.loop_.now());
  }

  ChaosHttp& http_;
  Account& account_;
  Seen& seen_;
  const Claim reserved_;
  const Instant started_;
  std::function<void(HttpResult)> done_;
  Timer connect_, end_;
  bool sent_ = false, over_ = false;
};

ChaosHttp::Ending ChaosHttp::decide(const Claim& reserved, std::int64_t input, std::int64_t output_cap,
                                    bool& connects) {
  const Claim kept{1, reserved.tokens}, rejected{1, 0};
  const auto status = [&](int code, const json& body) {
    return Ending{HttpResponse{code, {}, body.dump()}, rejected, {}, {}};
  };
  const auto limited = [&](Duration wait) {
    auto ending = status(429, error("Rate limit reached. Please try again.", "tokens", "rate_limit_exceeded"));
    ending.result->headers.emplace_back("retry-after-ms", std::to_string(wait / 1ms));
    ending.retry_after = wait;
    return ending;
  };
  switch (const auto roll = pick(1, 100)) {
    default: {  // most calls go well
      const std::int64_t in = std::max<std::int64_t>(1, input * pick(40, 130) / 100);
      // Now and then a model overshoots its cap by far, into debt.
      const std::int64_t out = chance(3) ? output_cap * pick(2, 30) : pick(0, output_cap);
      return {HttpResponse{200, {}, answer(in, out).dump()}, {1, in + out}, {.input = in, .output = out}, {}};
    }
    case 1:
    case 2:
    case 3: {
      json body = answer(5, 5);
      if (chance(50))
        body.erase("usage");
      else
        body["usage"]["prompt_tokens"] = chance(50) ? json(-1) : json("many");
      return {HttpResponse{200, {}, body.dump()}, kept, {}, {}};
    }
    case 4:
      return {
          HttpResponse{200, {}, answer(5, 5).dump().substr(0, static_cast<std::size_t>(pick(0, 60)))}, kept, {}, {}};
    case 5:
      return {HttpResponse{200, {}, std::string(static_cast<std::size_t>(pick(1, 5000)), '[')}, kept, {}, {}};
    case 6:
      return {HttpResponse{200, {}, error("upstream", "x", "y").dump()}, kept, {}, {}};
    case 7:
    case 8:
    case 9:
      return limited(grained(std::chrono::milliseconds(pick(0, 4000))));
    case 10:
      return limited(std::chrono::seconds(pick(20, 400)));
    case 11:
      return status(429, error("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"));
    case 12:
      return status(429, error("Request too large for sim: Limit 1, Requested 2.", "tokens", "rate_limit_exceeded"));
    case 13:
    case 14:
    case 15:
      return status(500, error("The server had an error.", "server_error", nullptr));
    case 16:
    case 17:
      return {HttpResponse{503, {{"retry-after", std::to_string(pick(0, 3))}}, "busy"}, rejected, {}, {}};
    case 18:
      return status(529, "not even an object");
    case 19:
      return status(chance(50) ? 408 : 409, {});
    case 20:
      return status(400, error("no", "invalid_request_error", "unsupported_value"));
    case 21:
      return status(chance(50) ? 401 : 404, {{"error", "no"}});
    case 22:
    case 23:
    case 24:  // the connection fails
      connects = false;
      return {broken(chance(50) ? Fault::unavailable : Fault::timed_out, false, false), {0, 0}, {}, {}};
    case 25:
    case 26:
    case 27:
      return {broken(Fault::unavailable, true, chance(50)), kept, {}, {}};
    case 28:
      return {broken(Fault::bad_reply, true, true), kept, {}, {}};
    case 29:
    case 30:  // no answer until the caller's patience ends
      return {broken(Fault::timed_out, true, roll == 30), kept, {}, {}};
  }
}

std::unique_ptr<Transfer> ChaosHttp::send(HttpRequest request, HttpEvents events) {
  const json body = json::parse(request.body);
  const std::string user = body["messages"].back()["content"];
  const int call = std::stoi(user.substr(0, user.find(' ')));
  const std::int64_t input = counted_input(body), cap = body["max_completion_tokens"];
  const Claim reserved{1, reserved_tokens_};
  Account& account = accounts_.at(body["model"]);
  Seen& seen = seen_[call];
  const Instant now = loop_.now();

  ++requests_;
  ++seen.requests;
  if (seen.open > 0) complain_(fmt::format("call {} has two requests at once", call));
  if (reserved.tokens < 1 || reserved.tokens > 4 * input + cap)
    complain_(
        fmt::format("call {} reserved {} tokens for {} in and at most {} out", call, reserved.tokens, input, cap));
  if (now < seen.not_before) complain_(fmt::format("call {} came back before its Retry-After", call));
  if (in_flight_ >= slots_) complain_(fmt::format("more than {} requests in flight", slots_));
  if (account.in_flight >= account.slots)
    complain_(fmt::format("more than {} requests in flight for one model", account.slots));
  if (!account.ledger.start(reserved, now)) complain_(fmt::format("call {} was admitted above the rate", call));

  bool connects = true;
  Ending ending = decide(reserved, input, cap, connects);
  const bool hangs = !ending.result && ending.result.error().fault == Fault::timed_out && connects;
  auto exchange = std::make_unique<Exchange>(*this, account, seen, reserved, std::move(events.done));
  const Duration patience = std::min(request.first_byte_timeout, request.total_timeout);
  if (hangs) {
    exchange->connect_after(Duration(pick(0, std::min<std::int64_t>(patience.count() - 1, 20'000'000))));
    exchange->end_after(patience, std::move(ending));
    return exchange;
  }
  const Duration connect = grained(Duration(pick(0, 20'000'000)));
  const Duration latency =
      connect + grained(Duration(chance(10) ? pick(0, 30'000'000'000) : pick(1'000'000, 2'000'000'000)));
  if (latency >= patience) {  // too slow: the client gives up first
    const bool sent = connects && connect < patience;
    if (sent) exchange->connect_after(connect);
    exchange->end_after(
        patience, {broken(Fault::timed_out, sent, false), sent ? Claim{1, reserved.tokens} : Claim{0, 0}, {}, {}});
    return exchange;
  }
  if (connects) exchange->connect_after(connect);
  exchange->end_after(latency, std::move(ending));
  return exchange;
}

}  // namespace weir::simulation
