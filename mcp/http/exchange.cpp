#include "mcp/http/exchange.h"

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <utility>

#include "mcp/http/answer.h"

namespace weir::mcp {

bool Mailbox::post(std::function<void()> fn) {
  const std::lock_guard lock(mu_);
  if (loop_ == nullptr) return false;
  loop_->post(std::move(fn));
  return true;
}

void Mailbox::close() {
  const std::lock_guard lock(mu_);
  loop_ = nullptr;
  thread_ = std::thread::id();  // ids are used again
}

namespace {

using Step = std::function<void(AnswerPort&)>;

// At once on the lane's own thread, else through its mailbox; never past a step that is still in the mailbox.
void submit(const std::shared_ptr<Pending>& pending, Step step) {
  if (pending->mailbox->here() && pending->queued == 0) {
    if (pending->port != nullptr) step(*pending->port);
    return;
  }
  ++pending->queued;
  const bool posted = pending->mailbox->post([pending, step = std::move(step)] {
    --pending->queued;
    if (pending->port != nullptr) step(*pending->port);
  });
  if (!posted) pending->gone = true;
}

class WireExchange final : public Exchange {
 public:
  explicit WireExchange(std::shared_ptr<Pending> pending) : pending_(std::move(pending)) {}

  ~WireExchange() override {
    if (stage_ == Stage::streaming) submit(pending_, [](AnswerPort& port) { port.cut(); });
    if (stage_ == Stage::fresh)
      reply({.status = 500,
             .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
             .body = "this request was dropped without an answer\n"});
  }

  void reply(Reply reply) override {
    if (!advance(Stage::fresh, Stage::done)) return;
    submit(pending_, [reply = std::move(reply)](AnswerPort& port) mutable { port.send_reply(std::move(reply)); });
  }

  void open(int status, Headers headers) override {
    if (!advance(Stage::fresh, Stage::streaming)) return;
    submit(pending_, [status, headers = std::move(headers)](AnswerPort& port) mutable {
      port.open_stream(status, std::move(headers));
    });
  }

  bool write(std::string_view chunk) override {
    if (stage_ != Stage::streaming || pending_->gone) return false;
    if (chunk.empty()) return true;  // on the wire an empty chunk would be the end
    std::string bytes = pending_->chunked ? chunk_of(chunk) : std::string(chunk);
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (pending_->backlog_bytes.fetch_add(size) > pending_->backlog_bytes_max) {
      pending_->gone = true;
      submit(pending_, [](AnswerPort& port) { port.cut(); });
      return false;
    }
    submit(pending_, [bytes = std::move(bytes)](AnswerPort& port) mutable { port.write_stream(std::move(bytes)); });
    return !pending_->gone;
  }

  void close() override {
    if (!advance(Stage::streaming, Stage::done)) return;
    submit(pending_, [](AnswerPort& port) { port.close_stream(); });
  }

  std::stop_token stop() const override { return pending_->stop.get_token(); }

  void post(std::function<void()> fn) override {
    pending_->mailbox->post([fn = std::move(fn)] {
      try {
        fn();
      } catch (const std::exception& error) {
        fmt::print(stderr, "http: what was posted to a connection's thread failed: {}\n", error.what());
      } catch (...) {
        fmt::print(stderr, "http: what was posted to a connection's thread failed\n");
      }
    });
  }

 private:
  enum class Stage { fresh, streaming, done };
  bool advance(Stage from, Stage to) { return stage_.compare_exchange_strong(from, to); }

  std::shared_ptr<Pending> pending_;
  std::atomic<Stage> stage_ = Stage::fresh;
};

}  // namespace

std::shared_ptr<Exchange> make_exchange(std::shared_ptr<Pending> pending) {
  return std::make_shared<WireExchange>(std::move(pending));
}

}  // namespace weir::mcp
