#include "tools/giving_up.h"

#include <fmt/format.h>

#include <string>

#include "tools/message.h"

namespace weir {

CallError as_call_error(HttpFailure failure) {
  const bool passing = failure.fault == Fault::unavailable || failure.fault == Fault::timed_out;
  return {.error = {failure.fault, std::move(failure.message)},
          .retry = passing,
          .retry_after = std::nullopt,
          .ending = failure.sent || failure.answered ? Ending::broken : Ending::never_sent,
          .rate_limited = false};
}

void explain_giving_up(CallError& failure, const Tried& tried) {
  std::string& message = failure.error.message;
  const Duration asked = failure.retry_after.value_or(Duration::zero());
  const bool too_long =
      asked > tried.retry_time - tried.retrying || (tried.until_deadline && asked >= *tried.until_deadline);
  if (failure.retry_after && too_long) {
    failure.error.fault = Fault::unavailable;
    message += fmt::format("; the provider asks to wait {}, longer than this call may take; retry after {}",
                           in_words(asked), in_words(asked));
  } else if (tried.deadline_is_nearer) {
    message += "; no time is left to try again before the caller's deadline";
  } else if (tried.attempts >= tried.max_attempts) {
    message += fmt::format("; gave up after {} attempt{}", tried.attempts, tried.attempts == 1 ? "" : "s");
  } else {
    message += fmt::format("; gave up after retrying for {}", in_words(tried.retrying));
  }
  if (failure.retry_after && !too_long) message += fmt::format("; retry after {}", in_words(asked));
}

}  // namespace weir
