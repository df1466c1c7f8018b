#include "mcp/endpoint_listen.h"

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "mcp/jsonrpc.h"
#include "mcp/listening.h"

namespace weir::mcp {
namespace {

class EndpointListen : public std::enable_shared_from_this<EndpointListen> {
 public:
  EndpointListen(std::shared_ptr<Exchange> exchange, ListenAsked asked)
      : exchange_(std::move(exchange)), asked_(std::move(asked)) {}

  void open(Changes& changes) {
    // What is told from now on is posted to this thread, so it comes after the acknowledgement.
    auto subscription = changes.listen(asked_.honoured, [self = shared_from_this()](const Change& change) {
      self->exchange_->post([self, change] { self->tell(change); });
    });
    if (!subscription) {
      const ProtocolError full{
          code::kFull, "there are as many subscriptions as the server keeps; poll instead", {}, 30};
      return exchange_->reply(error_reply(asked_.revision->error(full), asked_.id));
    }
    keep(std::move(*subscription));
    exchange_->open(200, event_stream_headers());
    exchange_->write(event_of(acknowledgement(asked_.honoured, asked_.id)));
    gone_.emplace(exchange_->stop(), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->end();
    });
  }

 private:
  void tell(const Change& change) {
    if (ended_) return;
    if (change.kind == Change::Kind::closing) {
      exchange_->write(event_of(answer_message(*asked_.revision, asked_.id, ListenEnd{asked_.id}, *asked_.identity)));
      exchange_->close();
      return end();
    }
    const auto message = told(change, asked_.id);
    if (message && !exchange_->write(event_of(*message))) end();
  }

  void keep(Changes::Subscription subscription) {
    const std::lock_guard lock(mu_);
    if (!ended_) subscription_ = std::move(subscription);
  }

  void end() {
    Changes::Subscription ending;  // destroyed without the lock
    const std::lock_guard lock(mu_);
    ended_ = true;
    ending = std::move(subscription_);
  }

  const std::shared_ptr<Exchange> exchange_;
  const ListenAsked asked_;
  std::mutex mu_;
  std::atomic<bool> ended_ = false;
  Changes::Subscription subscription_;
  std::optional<std::stop_callback<std::function<void()>>> gone_;
};

}  // namespace

void open_listen(const std::shared_ptr<Exchange>& exchange, Changes& changes, ListenAsked asked) {
  std::make_shared<EndpointListen>(exchange, std::move(asked))->open(changes);
}

}  // namespace weir::mcp
