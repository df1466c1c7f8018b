// From a neutral call to whoever answers it: what the protocol knows itself is answered inside dispatch(), the rest by
// the host, a call that takes long perhaps by a task.
// Rounds:  a NeedInput of the host goes out with its state sealed, and comes back opened; to a legacy caller that can
// be
//          asked, its requests are put one by one, and the host sees the same.
// Invariant: `done` is called exactly once, whatever the host does: a second answer is dropped, an exception becomes
//            -32603 (and its text goes to stderr, not to the caller).
// Threads: any; `done` runs on the caller's thread or on the one that the host answers from.
#pragma once

#include <functional>

#include "limiter/loop.h"
#include "mcp/call.h"
#include "mcp/host.h"
#include "mcp/request_state.h"

namespace weir::mcp {

class Tasks;

class Dispatcher {
 public:
  // `tasks` may be null: then there are none. All of them must outlive the calls.
  Dispatcher(Host& host, Loop& loop, Tasks* tasks = nullptr, StateSeal seal = StateSeal::with_random_key())
      : host_(host), loop_(loop), tasks_(tasks), seal_(std::move(seal)) {}

  Host& host() const { return host_; }
  Loop& loop() const { return loop_; }
  // What works from end to end, before a transport takes some away.
  Capabilities capabilities() const;
  // The scopes that a call needs.
  std::vector<std::string> scopes(const Call& call) const;
  // What of a subscription is honoured for this caller.
  Interest honoured(const Listen& listen, const Context& context) const;

  void dispatch(Call call, Context context, std::function<void(Answer)> done);

 private:
  class Visit;
  Host& host_;
  Loop& loop_;
  Tasks* tasks_;
  const StateSeal seal_;
};

}  // namespace weir::mcp
