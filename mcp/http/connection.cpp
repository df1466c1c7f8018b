#include "mcp/http/connection.h"

#include <fmt/core.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

#include "mcp/http/answer.h"
#include "mcp/http/lane.h"

namespace weir::mcp {
namespace {

// How long a peer may go on sending after our last word, so that it reads the answer before it sees a reset.
constexpr Duration kLinger = std::chrono::seconds(2);
constexpr int kReadsPerTurn = 8;  // then the others have their turn
constexpr std::size_t kMergeBodyMax = 16 << 10;

int unread_by_peer(int fd) {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

FramingLimits framing_limits(const HttpOptions& options) {
  return {.head_bytes_max = options.head_bytes_max,
          .headers_max = options.headers_max,
          .body_bytes_max = options.body_bytes_max};
}

}  // namespace

Connection::Connection(Lane& lane, Channel channel, std::string peer)
    : lane_(lane), channel_(std::move(channel)), peer_(std::move(peer)), reader_(framing_limits(lane.options())) {}

Connection::~Connection() {
  // The lane is being destroyed with us in it: whoever still works for this request should know.
  stage_ = Stage::dead;
  hold_body(0);
  if (const auto pending = std::move(pending_)) {
    pending->port = nullptr;
    pending->gone = true;
    --lane_.census().in_flight;
    pending->stop.request_stop();
  }
}

void Connection::start() {
  since_ = lane_.loop().now();
  watch_ = lane_.loop().watch(channel_.fd(), interest_, [this](Readiness ready) { on_ready(ready); });
  if (lane_.draining()) return begin_drain();
  settle();
}

void Connection::shed() {
  shed_ = true;
  if (channel_.secure()) return drop();  // a handshake only to say no would cost more than what is refused
  since_ = lane_.loop().now();
  watch_ = lane_.loop().watch(channel_.fd(), interest_, [this](Readiness ready) { on_ready(ready); });
  refuse(503, "this server has all the connections it can serve; try again in a second", {{"Retry-After", "1"}});
  settle();
}

bool Connection::idle() const {
  return stage_ == Stage::reading && reader_.state() == RequestReader::State::idle && rest_.empty();
}

void Connection::begin_drain() {
  close_after_ = true;
  if (stage_ == Stage::reading) read(false);  // what has arrived already is in flight
  if (idle()) return leave();
  settle();
}

void Connection::ask_to_stop() {
  if (const auto pending = pending_) pending->stop.request_stop();
}

void Connection::on_ready(Readiness ready) {
  switch (stage_) {
    case Stage::reading:
      if (ready.writable) flush();
      if (ready.readable || ready.hangup || channel_.wants_write()) read(ready.hangup);
      break;
    case Stage::answering:
      if (ready.hangup) return drop();
      if (ready.readable) input_paused_ = true;
      if (ready.writable) flush();
      break;
    case Stage::finishing:
      flush();
      break;
    case Stage::lingering:
      discard(ready.hangup);
      break;
    case Stage::dead:
      return;
  }
  settle();
}

// `to_the_end`: the peer has closed, or the socket has an error; there will be no further event.
void Connection::read(bool to_the_end) {
  if (!rest_.empty()) take_rest();
  auto& scratch = lane_.scratch();
  for (int round = 0; stage_ == Stage::reading && (to_the_end || round < kReadsPerTurn); ++round) {
    const auto n = channel_.receive(scratch.data(), scratch.size());
    if (n == Channel::kBlocked && !to_the_end) return;
    if (n <= 0) return channel_.secure() ? give_up() : drop();
    consume({scratch.data(), static_cast<std::size_t>(n)});
    // Only a long body is worth another round; who pipelines waits for the next turn.
    const bool more = static_cast<std::size_t>(n) == scratch.size() && reader_.state() == RequestReader::State::body;
    if (!more && !to_the_end) return;
  }
  if (to_the_end && stage_ == Stage::answering) drop();
}

void Connection::consume(std::string_view bytes) {
  consuming_ = true;
  while (stage_ == Stage::reading && !bytes.empty()) {
    const auto state = reader_.feed(bytes);
    const bool room = hold_body(state == RequestReader::State::body ? reader_.body_bytes() : 0);
    if (state == RequestReader::State::refused) {
      refuse(reader_.refusal().status, reader_.refusal().why);
    } else if (state == RequestReader::State::whole) {
      dispatch(reader_.take());
    } else if (!room) {
      refuse(503, "too many bodies are arriving at once; try again in a second", {{"Retry-After", "1"}});
    } else if (!std::exchange(begun_, true)) {
      since_ = lane_.loop().now();
    }
  }
  consuming_ = false;
  if (stage_ == Stage::answering || (stage_ == Stage::finishing && !close_after_)) rest_ = bytes;
  if (stage_ == Stage::reading && reader_.wants_continue() && !std::exchange(continued_, true)) {
    outbox_.push(std::string(kContinue));
    flush();
  }
}

void Connection::dispatch(Request request) {
  stage_ = Stage::answering;
  begun_ = continued_ = events_ = false;
  http_1_0_ = request.http_1_0;
  head_request_ = request.method == "HEAD";
  close_after_ = !request.keep_alive || lane_.draining();
  // cpp-httplib's own answers do not say keep-alive, which HTTP/1.0 takes for a close.
  const auto routed = lane_.router().route(request.method, request.target, close_after_ || http_1_0_);
  if (routed.handler == nullptr) {
    if (routed.answer.empty()) return refuse(500, "this request could not be routed");
    close_after_ = close_after_ || http_1_0_;
    outbox_.push(routed.answer);
    return finish();
  }
  pending_ = std::make_shared<Pending>();
  pending_->mailbox = lane_.mailbox();
  pending_->port = this;
  pending_->backlog_bytes_max = lane_.options().stream_backlog_bytes_max;
  pending_->chunked = !http_1_0_;
  ++lane_.census().in_flight;
  const auto exchange = make_exchange(pending_);
  try {
    (*routed.handler)({.method = std::move(request.method),
                       .target = std::move(request.target),
                       .headers = std::move(request.headers),
                       .body = std::move(request.body),
                       .peer = peer_},
                      exchange);
  } catch (const std::exception& error) {
    fmt::print(stderr, "http: a handler failed: {}\n", error.what());
    exchange->reply({.status = 500});
  } catch (...) {
    fmt::print(stderr, "http: a handler failed\n");
    exchange->reply({.status = 500});
  }
}

void Connection::refuse(int status, std::string_view why, Headers headers) {
  close_after_ = true;
  const auto& busy_body = lane_.options().busy_body;
  if (status == 503 && !busy_body.empty()) {
    why = busy_body;
    headers.emplace_back("Content-Type", "application/json");
  }
  outbox_.push(closing_answer(status, why, headers));
  hold_body(0);
  reader_ = RequestReader(framing_limits(lane_.options()));  // `why` may have lived in it
  finish();
}

void Connection::send_reply(Reply reply) {
  close_after_ = close_after_ || lane_.draining();
  const AnswerShape shape{.http_1_0 = http_1_0_, .no_body = head_request_, .close = close_after_};
  auto head = answer_head(reply.status, reply.headers, reply.body.size(), shape);
  if (head_request_ || !may_have_body(reply.status)) reply.body.clear();
  if (reply.body.size() <= kMergeBodyMax) {
    outbox_.push(head += reply.body);
  } else {
    outbox_.push(std::move(head));
    outbox_.push(std::move(reply.body));
  }
  finish();
  settle();
}

void Connection::open_stream(int status, Headers headers) {
  close_after_ = close_after_ || http_1_0_ || lane_.draining();
  events_ = !head_request_ && std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return header.second.starts_with("text/event-stream");
  });
  auto head = stream_head(status, headers, {.http_1_0 = http_1_0_, .no_body = head_request_, .close = close_after_});
  pending_->backlog_bytes += static_cast<std::int64_t>(head.size());
  if (outbox_.empty()) since_ = lane_.loop().now();
  outbox_.push(std::move(head));
  flush();
  settle();
}

void Connection::write_stream(std::string bytes) {
  if (head_request_) {
    pending_->backlog_bytes -= static_cast<std::int64_t>(bytes.size());
    return;
  }
  if (outbox_.empty()) since_ = lane_.loop().now();
  outbox_.push(std::move(bytes));
  flush();
  settle();
}

void Connection::close_stream() {
  if (!head_request_ && !http_1_0_) outbox_.push(std::string(kLastChunk));
  finish();
  settle();
}

void Connection::cut() {
  channel_.reset_on_close();
  drop();
}

// The answer is complete, though perhaps not sent.
void Connection::finish() {
  if (const auto pending = std::move(pending_)) {
    pending->port = nullptr;
    pending->gone = true;
    --lane_.census().in_flight;
  }
  stage_ = Stage::finishing;
  since_ = lane_.loop().now();
  flush();
}

void Connection::flush() {
  std::size_t taken = 0;
  const auto outcome = outbox_.flush(channel_, taken);
  if (taken > 0) since_ = stage_ == Stage::reading ? since_ : lane_.loop().now();
  if (pending_ != nullptr) pending_->backlog_bytes -= static_cast<std::int64_t>(taken);
  if (outcome == Outbox::Outcome::broken) return drop();
  if (outcome == Outbox::Outcome::blocked) unread_ = unread_by_peer(channel_.fd());
  if (outcome == Outbox::Outcome::sent && stage_ == Stage::finishing) after_answer();
}

void Connection::after_answer() {
  if (close_after_) return linger();
  stage_ = Stage::reading;
  input_paused_ = false;
  // Inside consume() its loop goes on. Otherwise the next request has its own turn: handlers do not nest.
  if (consuming_ || rest_.empty()) return;
  lane_.loop().post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || self->stage_ != Stage::reading) return;
    self->take_rest();
    self->settle();
  });
}

// Counts the part of a body that is here, over all connections. False when that is more than all may hold together.
bool Connection::hold_body(std::int64_t bytes) {
  const auto more = bytes - std::exchange(held_bytes_, bytes);
  if (more == 0) return true;
  const auto held_by_all = lane_.census().body_bytes += more;
  return more < 0 || held_by_all <= lane_.options().bodies_bytes_max;
}

void Connection::take_rest() {
  const std::string rest = std::exchange(rest_, {});
  consume(rest);
}

void Connection::linger() {
  if (!channel_.say_goodbye()) return;  // still finishing; the socket will be writable again
  stage_ = Stage::lingering;
  rest_.clear();
  rest_.shrink_to_fit();
  since_ = lane_.loop().now();
  if (!channel_.shut_down()) drop();
}

void Connection::discard(bool to_the_end) {
  auto& scratch = lane_.scratch();
  for (int round = 0; to_the_end || round < kReadsPerTurn; ++round) {
    const auto n = channel_.discard(scratch.data(), scratch.size());
    if (n == Channel::kBlocked && !to_the_end) return;
    if (n <= 0) return drop();
  }
}

// The end of a connection that is idle: under TLS the peer should know that nothing was cut off.
void Connection::leave() {
  channel_.say_goodbye();
  drop();
}

// TLS has come to its end, or never began. Who spoke plain HTTP can be told in its own words.
void Connection::give_up() {
  if (!channel_.met_plain_http()) return channel_.handshaking() ? drop() : leave();
  channel_.give_up_tls();
  refuse(400, "this port speaks TLS; write https:// instead of http://");
}

// The end, from any stage. Destroyed in a turn of its own, because our callers are still on the stack.
void Connection::drop() {
  if (std::exchange(stage_, Stage::dead) == Stage::dead) return;
  timer_.cancel();
  lane_.bury(*this);
  const auto pending = std::move(pending_);
  if (pending == nullptr) return;
  pending->port = nullptr;
  pending->gone = true;
  --lane_.census().in_flight;
  pending->stop.request_stop();  // last: it calls out
}

Instant Connection::deadline() const {
  const auto& options = lane_.options();
  switch (stage_) {
    case Stage::reading:
      return since_ + (idle() && !channel_.handshaking() ? options.idle_timeout : options.read_timeout);
    case Stage::answering:
      if (!outbox_.empty()) return since_ + options.write_timeout;
      return events_ ? since_ + options.keepalive : Instant();
    case Stage::finishing:
      return since_ + options.write_timeout;
    case Stage::lingering:
      return since_ + kLinger;
    case Stage::dead:
      break;
  }
  return Instant();
}

// After every change: what to be told of, and until when.
void Connection::settle() {
  if (stage_ == Stage::dead) return;
  const bool unsent = !outbox_.empty();
  Readiness want;
  if (stage_ == Stage::reading) want = {.readable = true, .writable = unsent || channel_.wants_write(), .hangup = true};
  if (stage_ == Stage::answering) want = {.readable = !input_paused_, .writable = unsent, .hangup = true};
  if (stage_ == Stage::finishing) want = {.readable = false, .writable = true, .hangup = false};
  if (stage_ == Stage::lingering) want = {.readable = true, .writable = false, .hangup = true};
  if (want.readable != interest_.readable || want.writable != interest_.writable || want.hangup != interest_.hangup) {
    interest_ = want;
    watch_->want(want);
  }
  const Instant until = deadline();
  if (until == Instant() || (timer_at_ != Instant() && timer_at_ <= until)) return;
  timer_at_ = until;
  timer_ = lane_.loop().at(until, [this] { on_timer(); });
}

void Connection::on_timer() {
  timer_at_ = Instant();
  const Instant until = deadline();
  if (until != Instant() && until <= lane_.loop().now()) expire();
  settle();
}

// The kernel takes our bytes in lumps of up to megabytes, so a slow reader is known by what it has not acknowledged.
bool Connection::peer_has_read() {
  const int before = std::exchange(unread_, unread_by_peer(channel_.fd()));
  return unread_ < before;
}

// A comment, which no reader of events hears, but every proxy and idle timer on the way sees.
void Connection::keep_alive() {
  since_ = lane_.loop().now();
  constexpr std::string_view kComment = ":\n\n";
  std::string bytes = http_1_0_ ? std::string(kComment) : chunk_of(kComment);
  pending_->backlog_bytes += static_cast<std::int64_t>(bytes.size());
  outbox_.push(std::move(bytes));
  flush();
}

void Connection::expire() {
  if (stage_ == Stage::reading && !idle()) return refuse(408, "the request did not arrive in time");
  if (stage_ == Stage::answering && outbox_.empty()) return keep_alive();
  if (stage_ == Stage::answering || stage_ == Stage::finishing) {
    if (peer_has_read()) {
      since_ = lane_.loop().now();
      return;
    }
    channel_.reset_on_close();
    return drop();
  }
  leave();
}

}  // namespace weir::mcp
