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
  Exchange(ChaosHttp& http, const std::string& model, Seen& seen, const Estimate& reserved, std::int64_t output_cap,
           HttpEvents events)
      : http_(http),
        model_(model),
        account_(http.accounts_.at(model)),
        seen_(seen),
        reserved_(reserved),
        output_cap_(output_cap),
        started_(http.loop_.now()),
        events_(std::move(events)) {
    ++http_.in_flight_;
    ++account_.in_flight;
    ++seen_.open;
  }
  ~Exchange() override {
    if (over_) return;
    // Cut off by the caller: kept in full once sent, returned in full before.
    if (sent_)
      break_off();
    else
      book({0, 0});
  }
  bool sent() const override { return sent_; }

  void connect_after(Duration span) {
    connect_ = http_.loop_.at(started_ + span, [this] { sent_ = true; });
  }
  void end_after(Duration span, Ending ending) {
    end_ = http_.loop_.at(started_ + span, [this, ending = std::move(ending)] { end(ending); });
  }
  // The head comes after `span`; then its steps.
  void stream_after(Duration span, Stream stream, Duration idle, Duration total) {
    stream_ = std::move(stream);
    idle_ = idle;
    last_ = started_ + total;
    next_step(0, started_ + span);
  }

 private:
  void next_step(std::size_t step, Instant since) {
    const Instant patience = std::min(since + idle_, last_);
    Instant when = since;
    if (step < stream_.steps.size())
      when += stream_.steps[step].after;
    else if (stream_.close == Stream::Close::stall)
      when = patience;
    const bool in_time = when < patience;
    end_ = http_.loop_.at(std::min(when, patience), [this, step, in_time] {
      if (in_time && step < stream_.steps.size()) return take(step);
      close(!in_time                               ? broken(Fault::timed_out, true, true)
            : stream_.close == Stream::Close::well ? HttpResult(stream_.head)
                                                   : broken(Fault::unavailable, true, true));
    });
  }

  void take(std::size_t number) {
    const Step& step = stream_.steps[number];
    text_ += step.text;
    told_.input += step.used.input;
    told_.output += step.used.output;
    said_all_ = number + 1 == stream_.steps.size();
    ++http_.pieces_;
    const auto piece = events_.piece;
    const HttpResponse head = stream_.head;
    const std::string bytes = step.bytes;
    if (step.ends) {  // the flight lets go of it within
      break_off();
      return piece(head, bytes);
    }
    http_.top_ups_.begin();
    piece(head, bytes);
    if (const auto raised = http_.top_ups_.end(model_)) {
      ++http_.raised_;
      account_.ledger.raise(reserved_.input_tokens + reserved_.output_tokens, *raised, http_.loop_.now());
      reserved_.output_tokens = *raised - reserved_.input_tokens;
    }
    // A token has four bytes, and no answer is reserved more than its cap for.
    if (reserved_.output_tokens < std::min(output_cap_, std::max(text_ / 4, told_.output)))
      http_.complain_(
          fmt::format("{} tokens are reserved for an answer that has {} bytes", reserved_.output_tokens, text_));
    next_step(number + 1, http_.loop_.now());
  }

  // The connection ends, well or not.
  void close(HttpResult result) {
    if (!(said_all_ && stream_.answers)) {
      break_off();
    } else if (stream_.used) {
      seen_.used.input += stream_.used->input;
      seen_.used.output += stream_.used->output;
      book({1, stream_.used->input + stream_.used->output});
    } else {
      book({1, kept()});
    }
    const auto done = std::move(events_.done);
    done(std::move(result));
  }

  // LIMITS §4: what was reserved, and more if more was seen; no token has more than eight bytes.
  TokenCounts at_least() const { return {.input = told_.input, .output = std::max(told_.output, text_ / 8)}; }
  std::int64_t kept() const {
    return std::max(reserved_.input_tokens, at_least().input) + std::max(reserved_.output_tokens, at_least().output);
  }
  void break_off() {
    seen_.used.input += at_least().input;
    seen_.used.output += at_least().output;
    book({1, kept()});
  }

  void end(const Ending& ending) {
    if (ending.retry_after) seen_.not_before = http_.loop_.now() + *ending.retry_after;
    seen_.used.input += ending.used.input;
    seen_.used.output += ending.used.output;
    book(ending.cost);
    const auto done = std::move(events_.done);
    done(ending.result);
  }
  void book(const Claim& cost) {
    over_ = true;
    --http_.in_flight_;
    --account_.in_flight;
    --seen_.open;
    account_.ledger.end({1, reserved_.input_tokens + reserved_.output_tokens}, cost, started_, http_.loop_.now());
  }

  ChaosHttp& http_;
  const std::string model_;
  Account& account_;
  Seen& seen_;
  Estimate reserved_;
  const std::int64_t output_cap_;
  const Instant started_;
  HttpEvents events_;
  Timer connect_, end_;
  bool sent_ = false, over_ = false;
  Stream stream_;
  Duration idle_{};
  Instant last_{};
  std::int64_t text_ = 0;
  TokenCounts told_;
  bool said_all_ = false;
};

ChaosHttp::Stream ChaosHttp::stream(std::int64_t input, std::int64_t output_cap) {
  Stream stream{.head = {200, {{"content-type", "text/event-stream"}}, {}}, .steps = {}, .used = {}};
  const auto gap = [this] { return grained(Duration(pick(0, chance(5) ? 8'000'000'000 : 400'000'000))); };
  const auto add = [&](const json& event, std::int64_t text = 0, const TokenCounts& used = {}) {
    std::string bytes = "data: " + event.dump() + "\n\n";
    if (chance(30)) {  // it comes in two pieces; the first lacks a brace, or it would be read if nothing followed
      const auto half = static_cast<std::size_t>(pick(1, static_cast<std::int64_t>(bytes.size()) - 3));
      stream.steps.push_back({.after = gap(), .bytes = bytes.substr(0, half)});
      bytes.erase(0, half);
    }
    stream.steps.push_back({.after = gap(), .bytes = bytes, .text = text, .used = used});
  };
  const auto choice = [](const json& delta, const json& finish) {
    return json{{"model", "sim"}, {"choices", {{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}}}};
  };
  // Most answers are short, so that longer ones are reserved too little; now and then a model overshoots its cap.
  const std::int64_t longest = chance(5) ? output_cap * pick(2, 12) : chance(75) ? output_cap / 8 : output_cap;
  const std::int64_t out = std::min<std::int64_t>(pick(0, longest), 3'000);
  const TokenCounts used{.input = std::max<std::int64_t>(1, input * pick(40, 130) / 100), .output = out};
  const std::int64_t words = pick(1, 8);
  for (std::int64_t i = 0; i < words; ++i) {
    const std::int64_t bytes = out * pick(3, 10) / words;
    add(choice({{"content", std::string(static_cast<std::size_t>(bytes), 'w')}}, nullptr), bytes);
  }
  const bool counted = chance(85);
  const std::size_t without_end = stream.steps.size();
  add(choice(json::object(), "stop"));
  if (counted)
    add({{"model", "sim"},
         {"choices", json::array()},
         {"usage", {{"prompt_tokens", used.input}, {"completion_tokens", used.output}}}},
        0, used);
  stream.steps.push_back({.after = gap(), .bytes = "data: [DONE]\n\n"});
  stream.answers = true;
  if (counted) stream.used = used;
  if (chance(10)) stream.close = chance(50) ? Stream::Close::cut : Stream::Close::stall;  // after all is said
  if (chance(65)) return stream;

  // It does not come to its end.
  stream.answers = false;
  stream.used.reset();
  stream.close = Stream::Close::well;
  const auto keep = [&](std::size_t most) {
    stream.steps.resize(static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(most))));
  };
  switch (pick(1, 5)) {
    case 1:  // cut off, anywhere before the last word
      keep(stream.steps.size() - 1);
      stream.close = Stream::Close::cut;
      break;
    case 2:
      keep(stream.steps.size() - 1);
      stream.close = Stream::Close::stall;
      break;
    case 3:  // ends as if that were all
      keep(without_end);
      break;
    case 4: {
      stream.steps.resize(without_end);
      const bool limited = chance(30);
      const json what = limited ? error("Rate limit reached.", "tokens", "rate_limit_exceeded")
                                : error("The server had an error.", "server_error", nullptr);
      stream.steps.push_back({.after = gap(), .bytes = "data: " + what.dump() + "\n\n", .ends = true});
      break;
    }
    default:
      stream.steps.resize(without_end);
      stream.steps.push_back({.after = gap(), .bytes = "data: {\"choices\":[[[[\n\n", .ends = true});
      break;
  }
  return stream;
}

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
  const Claim reserved{1, reserved_.input_tokens + reserved_.output_tokens};
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
  const bool streams = body.value("stream", false);
  if (streams != (events.piece != nullptr))
    complain_(fmt::format("call {} asks for one thing and hears another", call));
  auto exchange = std::make_unique<Exchange>(*this, body["model"], seen, reserved_, cap, std::move(events));
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
  if (streams && ending.result && ending.result->status == 200)
    exchange->stream_after(latency, stream(input, cap), request.idle_timeout, request.total_timeout);
  else
    exchange->end_after(latency, std::move(ending));
  return exchange;
}

}  // namespace weir::simulation
