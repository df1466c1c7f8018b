// Errors as providers tell them: what an answer that is no success says, and what that means for limits and retries.
// Shape:   a dialect reads what was Said, makes a Verdict of it, beginning with that of the status, and has the
//          CallError put together here, so that all dialects tell of failures in the same words.
//          Errors under a success status, and in the middle of a stream, are read as if their status had been sent.
// Errors:  the provider's own words are quoted, bounded, with keys masked.
// Threads: pure functions.
// Source:  PROVIDERS §9 and LIMITS §7 of the design notes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "tools/providers/provider.h"

namespace weir {

struct ErrorSaid {
  std::string message{};
  std::string type{}, code{}, status_word{};  // `error.type`, `.code`, `.status`
  int number = 0;                             // of a code that is a number
  std::string_view kind() const;              // the most telling of the words
  bool is(std::string_view word) const { return code == word || type == word || status_word == word; }
};

struct Verdict {
  Fault fault = Fault::bad_reply;
  bool retry = false;
  const char* advice = nullptr;  // what would be right
  std::optional<Unit> exhausted{};
  std::string_view until_midnight_in{};   // a time zone
  std::optional<Duration> retry_after{};  // from the body; the header comes first
};

// `error` may be an object or a string, alone or in an array; its code a string, a number or null; and some servers
// have no `error` at all, but `message` or `detail`.
ErrorSaid read_error(std::string_view body);

// The status that the error amounts to: the answer's own, or, of a success, that which the error's words or number say.
int status_of(const HttpResponse& response, const ErrorSaid& said);
// What all dialects have in common: money, requests that never fit, and the status.
Verdict usual_verdict(int status, const ErrorSaid& said);

CallError call_error(const HttpResponse& response, int status, const ErrorSaid& said, const Verdict& verdict);

}  // namespace weir
