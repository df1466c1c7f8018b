// Where questions to the ledger wait for their turn: one thread answers them, so that neither the core's loop nor the
// ledger's writer waits for a disk, or for somebody's SQL.
// Bounds:   `waiting_max` questions wait; one more is told at once to come again. What each may take: SqlBounds.
// Errors:   as Questions has them; unavailable when too many wait.
// Threads:  ask() from any; `done` runs on the loop's thread, unless the desk is gone by then.
// Owner:    the loop outlives it. Destroying it calls off the question that is being answered, and forgets the others.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "tools/ledger/questions.h"

namespace weir {

class UsageDesk {
 public:
  using Done = std::function<void(Result<UsageAnswer>)>;

  // `file`: what Ledger::name() tells.
  UsageDesk(Loop& loop, std::string file, std::size_t waiting_max = 32, SqlBounds bounds = {});
  ~UsageDesk();
  UsageDesk(const UsageDesk&) = delete;
  UsageDesk& operator=(const UsageDesk&) = delete;

  void ask(UsageQuestion question, Done done);

 private:
  struct Waiting {
    UsageQuestion question;
    Done done;
  };
  void answer_all(const std::stop_token& stop);
  void tell(Done done, Result<UsageAnswer> answer);

  Loop& loop_;
  const std::size_t waiting_max_;
  const Questions questions_;
  const std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  // the loop thread's

  std::mutex mu_;
  std::condition_variable_any woken_;
  std::deque<Waiting> waiting_;

  std::jthread thread_;  // last: it uses what is above
};

}  // namespace weir
