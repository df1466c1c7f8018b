#include "mcp/endpoint_call.h"

#include <fmt/format.h>

#include <utility>

#include "mcp/jsonrpc.h"

namespace weir::mcp {

Reply json_reply(int status, const Json& body) {
  return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, to_text(body)};
}

EndpointCall::EndpointCall(std::shared_ptr<Exchange> exchange, Asked asked)
    : exchange_(std::move(exchange)), asked_(std::move(asked)), progress_(asked_.progress_token, asked_.clock) {}

void EndpointCall::progress(double done, std::optional<double> total, std::string_view message) {
  if (!asked_.accepts.events) return;
  {
    const std::lock_guard lock(mu_);
    auto notification = progress_.admit(done, total, message);
    if (!notification) return;
    if (std::exchange(pending_, std::move(notification))) return;  // one is on its way already
  }
  exchange_->post([self = shared_from_this()] { self->send_pending(); });
}

void EndpointCall::send_pending() {
  std::optional<Json> notification;
  {
    const std::lock_guard lock(mu_);
    notification = std::exchange(pending_, std::nullopt);
  }
  if (notification && !answered_) send_event(to_text(*notification));
}

void EndpointCall::send_event(const std::string& text) {
  if (!std::exchange(streaming_, true))
    exchange_->open(200, {{"Content-Type", "text/event-stream"},
                          {"Cache-Control", "no-cache, no-transform"},
                          {"X-Accel-Buffering", "no"}});
  exchange_->write(fmt::format("event: message\ndata: {}\n\n", text));
}

void EndpointCall::answer(Answer answer) {
  exchange_->post([self = shared_from_this(), answer = std::move(answer)] { self->answer_here(answer); });
}

void EndpointCall::answer_here(const Answer& answer) {
  if (std::exchange(answered_, true)) return;
  const auto message = answer_message(*asked_.revision, asked_.id, answer, *asked_.identity);
  const auto* error = std::get_if<ProtocolError>(&answer);
  const int status = error != nullptr ? asked_.revision->status(error->code) : 200;
  // The status is fixed once a stream is open. A caller who takes nothing but events gets one.
  if (!streaming_ && (asked_.accepts.json || status != 200)) return exchange_->reply(json_reply(status, message));
  send_event(to_text(message));
  exchange_->close();
}

}  // namespace weir::mcp
