// A provider is three pure functions and a name: how a prompt is written in its dialect, how its answer is read, and what
// that says about limits. No
// I/O.
// Errors:  a CallError says what the caller should do next, and what the answer means for limits and retries.
// Threads: pure functions.
// Source:  PROVIDERS of the design notes; the dialect's golden files under tests/tools/golden/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "limiter/feedback.h"
#include "tools/http/client.h"
#include "tools/model.h"

namespace weir {

struct CallError {
  Error error;
  bool retry = false;                   // whether asking again may help
  std::optional<Duration> retry_after;  // the provider's own word; a floor
  Ending ending = Ending::rejected;     // for the lease
  bool rate_limited = false;            // a 429 that is a rate, not money
  std::optional<Unit> exhausted{};      // of a 429: the dimension that the provider names
};

struct Provider {
  std::string_view name;
  HttpRequest (*encode)(const ModelSettings& model, const Prompt& prompt);
  tl::expected<Completion, CallError> (*decode)(const HttpResponse& response);
  // What any answer says about the account's limits.
  Feedback (*limits)(const HttpResponse& response);
};

// The table. Null for a name that it lacks.
const Provider* find_provider(std::string_view name);

}  // namespace weir
