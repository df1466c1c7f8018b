// Failures of the world, as values. A Fault is named by what the caller should do next; the message says what, where, and what
// would be right. An expected outcome (a refusal by the limiter, say) is not a Fault but part of the answer's type.
// Threads: values.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace weir {

enum class Fault {
  bad_input,    // mend what you sent
  not_found,    // no such thing
  denied,       // credentials or permission
  exhausted,    // a quota is used up for good (money, not rate): do not retry
  unavailable,  // try again later
  bad_reply,    // the other side answered something that cannot be used
  timed_out,    // no answer in time
  cancelled,    // you asked for it
};

// The name of a fault, as it appears in logs and in structured results.
constexpr const char* name(Fault fault) {
  switch (fault) {
    case Fault::bad_input: return "bad_input";
    case Fault::not_found: return "not_found";
    case Fault::denied: return "denied";
    case Fault::exhausted: return "exhausted";
    case Fault::unavailable: return "unavailable";
    case Fault::bad_reply: return "bad_reply";
    case Fault::timed_out: return "timed_out";
    case Fault::cancelled: return "cancelled";
  }
  return "unknown";
}

struct Error {
  Fault fault;
  std::string message;
  bool operator==(const Error&) const = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Fault fault, std::string message) {
  return tl::unexpected<Error>(Error{fault, std::move(message)});
}

}  // namespace weir
