#include "tools/ledger/usage_desk.h"

#include <fmt/format.h>

#include <exception>

namespace weir {

UsageDesk::UsageDesk(Loop& loop, std::string file, std::size_t waiting_max, SqlBounds bounds)
    : loop_(loop),
      waiting_max_(waiting_max),
      questions_(
          std::move(file), [&loop] { return loop.now(); }, bounds),
      thread_([this](std::stop_token stop) { answer_all(stop); }) {}

UsageDesk::~UsageDesk() {
  *here_ = false;
  thread_.request_stop();
  thread_.join();
}

void UsageDesk::ask(UsageQuestion question, Done done) {
  {
    const std::lock_guard lock(mu_);
    if (waiting_.size() < waiting_max_) {
      waiting_.push_back({std::move(question), std::move(done)});
      woken_.notify_one();
      return;
    }
  }
  tell(std::move(done),
       fail(Fault::unavailable,
            fmt::format("usage: {} questions wait already; ask again in a few seconds", waiting_max_)));
}

void UsageDesk::tell(Done done, Result<UsageAnswer> answer) {
  loop_.post([here = here_, done = std::move(done), answer = std::move(answer)]() mutable {
    if (*here) done(std::move(answer));
  });
}

void UsageDesk::answer_all(const std::stop_token& stop) {
  while (true) {
    std::optional<Waiting> next;
    {
      std::unique_lock lock(mu_);
      if (!woken_.wait(lock, stop, [this] { return !waiting_.empty(); }) || stop.stop_requested()) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    Result<UsageAnswer> answer = fail(Fault::unavailable, "usage: could not be answered");
    try {
      answer = questions_.ask(next->question, stop);
    } catch (const std::exception& error) {
      answer = fail(Fault::unavailable, fmt::format("usage: {}", error.what()));
    }
    tell(std::move(next->done), std::move(answer));
  }
}

}  // namespace weir
