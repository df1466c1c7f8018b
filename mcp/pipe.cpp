#include "mcp/pipe.h"

#include <fmt/format.h>

#include <utility>

#include "mcp/listening.h"
#include "mcp/wire.h"

namespace weir::mcp {
namespace {

class CallAsker final : public Asker {
 public:
  CallAsker(std::shared_ptr<Asks> asks, std::stop_token stop) : asks_(std::move(asks)), stop_(std::move(stop)) {}
  void ask(const std::string& method, const Json& params, Asks::Done done) override {
    asks_->ask(method, params, stop_, std::move(done));
  }

 private:
  const std::shared_ptr<Asks> asks_;
  const std::stop_token stop_;
};

}  // namespace

std::shared_ptr<Asker> Asks::asker(std::shared_ptr<Asks> asks, std::stop_token stop) {
  return std::make_shared<CallAsker>(std::move(asks), std::move(stop));
}

void Asks::ask(const std::string& method, const Json& params, std::stop_token stop, Done done) {
  std::string id;
  {
    const std::lock_guard lock(mu_);
    if (waiting_.size() < kAsksMax) {
      id = fmt::format("weir-{}", ++last_id_);
      waiting_.emplace(id, Waiting{done, nullptr});
    }
  }
  if (id.empty()) return done(ProtocolError{code::kFull, "as many questions as the server keeps are open already", {}});
  writer_.put(to_text({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}));
  auto stopped = std::make_unique<std::stop_callback<std::function<void()>>>(stop, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->withdraw(id);
  });
  const std::lock_guard lock(mu_);
  if (const auto found = waiting_.find(id); found != waiting_.end()) found->second.stopped.swap(stopped);
}

void Asks::withdraw(const std::string& id) {
  std::map<std::string, Waiting>::node_type waiting;
  {
    const std::lock_guard lock(mu_);
    waiting = waiting_.extract(id);
  }
  if (waiting.empty()) return;
  writer_.put(to_text(notification(wire::kCancelled, {{"requestId", id}, {"reason", "the call was stopped"}})));
  waiting.mapped().done(ProtocolError{code::kInternalError, "the call was stopped", {}});
}

void Asks::answered(const Message& response) {
  const auto* id = response.id ? std::get_if<std::string>(&*response.id) : nullptr;
  if (id == nullptr) return;
  std::map<std::string, Waiting>::node_type waiting;
  {
    const std::lock_guard lock(mu_);
    waiting = waiting_.extract(*id);
  }
  if (waiting.empty()) return;
  if (!response.failed) return waiting.mapped().done(response.outcome);
  const bool says_why =
      response.outcome.is_object() && response.outcome.contains("message") && response.outcome["message"].is_string();
  waiting.mapped().done(
      ProtocolError{code::kInternalError,
                    says_why ? response.outcome["message"].get<std::string>() : "an error without a message",
                    {}});
}

bool PipeListen::open(Changes& changes, const Asked& asked) {
  {
    // Held until the acknowledgement is out: whoever tells of a change waits for it.
    const std::lock_guard lock(mu_);
    auto subscription =
        changes.listen(asked.honoured, [self = shared_from_this()](const Change& change) { self->tell(change); });
    if (!subscription) return false;
    id_ = asked.id;
    final_message_ = asked.final_message;
    subscription_ = std::move(*subscription);
    writer_.put(to_text(acknowledgement(asked.honoured, asked.id)));
  }
  cancelled_.emplace(asked.stop, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->end();
  });
  return true;
}

void PipeListen::tell(const Change& change) {
  {
    const std::lock_guard lock(mu_);
    if (ended_) return;
    if (change.kind != Change::Kind::closing && !writer_.full()) {
      if (const auto message = told(change, *id_)) writer_.put(to_text(*message));
      return;
    }
    writer_.put(to_text(final_message_));
  }
  end();
}

void PipeListen::end() {
  Changes::Subscription ending;  // destroyed without the lock; perhaps the last that holds us but our caller
  std::function<void()> ended;
  {
    const std::lock_guard lock(mu_);
    ended_ = true;
    ending = std::move(subscription_);
    ended = std::exchange(ended_fn_, nullptr);
  }
  if (ended) ended();
}

}  // namespace weir::mcp
