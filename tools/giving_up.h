// Words for a call that is not tried again: why, and what to do instead.
// Threads: pure functions.
#pragma once

#include <optional>

#include "tools/http/client.h"
#include "tools/providers/provider.h"

namespace weir {

// What a failure below HTTP means for the lease and for retrying.
CallError as_call_error(HttpFailure failure);

// How far a call had come when it was given up.
struct Tried {
  int attempts = 0, max_attempts = 0;
  Duration retrying{}, retry_time{};         // since the first was sent; how long that may take
  std::optional<Duration> until_deadline{};  // the caller's
  bool deadline_is_nearer = false;           // than the next attempt
};
// Says so in the error's message. What the provider wants to be waited for longer than the call may take, is
// unavailable.
void explain_giving_up(CallError& failure, const Tried& tried);

}  // namespace weir
