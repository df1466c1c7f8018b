// The admissions of one group that a provider's headers may not know of yet: those after the answer was made that
// brought them.
// Invariant: holds all from the oldest call in flight on, at most 65,536; older ones are forgotten.
// Units:   tokens, as estimated until a call is settled, as settled after.
// Threads: the loop's thread.
#pragma once

#include <cstdint>
#include <deque>

#include "limiter/limit.h"

namespace weir {

class Recent {
 public:
  std::uint64_t admit(const Estimate& reserved, Instant now);        // its serial; from 1
  std::uint64_t last() const { return first_ + calls_.size() - 1; }  // the newest serial; 0: none yet
  void raise(std::uint64_t serial, const Estimate& reserved);
  // What it took in the end, in requests and in tokens; not counted: it was never sent.
  void settle(std::uint64_t serial, bool counted, const Estimate& used);
  // What the calls admitted after this instant took, of a limit that counts `unit`.
  std::int64_t taken_since(Instant since, Unit unit) const;

 private:
  struct Call {
    Estimate taken;
    Instant admitted{};
    bool counted = true, settled = false;
  };
  Call* find(std::uint64_t serial);

  std::deque<Call> calls_;
  std::uint64_t first_ = 1;  // the serial of calls_.front()
};

}  // namespace weir
