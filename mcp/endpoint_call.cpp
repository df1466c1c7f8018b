#include "mcp/endpoint_call.h"

#include <fmt/format.h>

#include <utility>

#include "mcp/jsonrpc.h"
#include "mcp/wire.h"

namespace weir::mcp {

Reply json_reply(int status, const Json& body) {
  return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, to_text(body)};
}

Reply error_reply(const Rejection& rejection, const std::optional<RequestId>& id) {
  auto reply = json_reply(rejection.status, response(id, rejection.error));
  if (rejection.error.retry_after_s)
    reply.headers.emplace_back("Retry-After", std::to_string(*rejection.error.retry_after_s));
  return reply;
}

Headers event_stream_headers() {
  return {
      {"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
}

std::string event_of(const Json& message) { return fmt::format("event: message\ndata: {}\n\n", to_text(message)); }

EndpointCall::EndpointCall(std::shared_ptr<Exchange> exchange, Asked asked)
    : exchange_(std::move(exchange)), asked_(std::move(asked)), progress_(asked_.progress_token, asked_.clock) {}

void EndpointCall::progress(double done, std::optional<double> total, std::string_view message) {
  if (!asked_.accepts.events) return;
  std::unique_lock lock(mu_);
  if (auto notification = progress_.admit(done, total, message))
    enqueue({std::move(*notification), true}, std::move(lock));
}

void EndpointCall::log(LogLevel level, std::string_view logger, const Json& data) {
  if (!asked_.accepts.events || !asked_.log_level || level < *asked_.log_level) return;
  auto message = notification("notifications/message", wire::log_params(level, logger, data));
  enqueue({std::move(message), false}, std::unique_lock(mu_));
}

void EndpointCall::enqueue(Waiting waiting, std::unique_lock<std::mutex> lock) {
  if (ended_) return;
  const bool on_its_way = !waiting_.empty();
  if (waiting.progress) std::erase_if(waiting_, [](const Waiting& older) { return older.progress; });
  if (waiting_.size() >= kLogsMax) waiting_.pop_front();
  waiting_.push_back(std::move(waiting));
  lock.unlock();
  if (!on_its_way) exchange_->post([self = shared_from_this()] { self->send_waiting(); });
}

void EndpointCall::send_waiting() {
  std::deque<Waiting> waiting;
  {
    const std::lock_guard lock(mu_);
    waiting.swap(waiting_);
  }
  for (const auto& one : waiting)
    if (!answered_) send_event(one.message);
}

void EndpointCall::send_event(const Json& message) {
  if (!std::exchange(streaming_, true)) exchange_->open(200, event_stream_headers());
  exchange_->write(event_of(message));
}

void EndpointCall::answer(Answer answer) {
  {
    const std::lock_guard lock(mu_);
    ended_ = true;
  }
  exchange_->post([self = shared_from_this(), answer = std::move(answer)] { self->answer_here(answer); });
}

void EndpointCall::answer_here(const Answer& answer) {
  if (answered_) return;
  send_waiting();
  answered_ = true;
  const auto* error = std::get_if<ProtocolError>(&answer);
  const auto rejection = error != nullptr ? asked_.revision->error(*error) : Rejection{.status = 200, .error = {}};
  // The status is fixed once a stream is open. A caller who takes nothing but events gets one.
  if (!streaming_ && (asked_.accepts.json || rejection.status != 200)) {
    if (error != nullptr) return exchange_->reply(error_reply(rejection, asked_.id));
    return exchange_->reply(json_reply(200, answer_message(*asked_.revision, asked_.id, answer, *asked_.identity)));
  }
  send_event(answer_message(*asked_.revision, asked_.id, answer, *asked_.identity));
  exchange_->close();
}

}  // namespace weir::mcp
