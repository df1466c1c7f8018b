// The provider's side of the wire: counts each call when it arrives, as OpenAI or as Anthropic does, refuses what its
// ledgers have no room for, and says in headers what is left.
// Counting: at_admission  max(max_tokens, characters / 4), once, when the call arrives. Nothing of it comes back.
//           as_produced   the input when the call arrives, the output as it is produced.
// Headers:  made when the answer is made. None where nothing is enforced: there only the limiter's arithmetic is seen.
//           retry_after is exact, but for the unit of its header: milliseconds at_admission, whole seconds as_produced;
//           as_produced rounds what remains to the nearest thousand.
// Threads:  a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bench/replay/ledger.h"

namespace bench::replay {

enum class Counting { at_admission, as_produced };
std::string_view name_of(Counting counting);

struct Rate {
  std::int64_t limit = 0, remaining = 0;
  Duration reset{};  // until it is whole again
};

struct Headers {
  Rate requests, tokens;
};

struct Verdict {
  bool admitted = true;
  std::int64_t counted = 0;             // tokens
  std::optional<Duration> retry_after;  // of a refusal
  std::optional<Headers> headers;
};

class Provider {
 public:
  Provider(Regime regime, Counting counting);
  Verdict arrived(const Call& call, Instant now);
  // Of an admitted call. Answers what it counted.
  std::int64_t produced(std::int64_t output_tokens, Instant now);
  std::optional<Headers> headers(Instant now);

 private:
  Regime regime_;
  Counting counting_;
  Ledger requests_, tokens_;
};

}  // namespace bench::replay
