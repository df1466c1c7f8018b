// How fast a group may go after its provider has refused it for a rate: closed until a moment, by limit or as a whole;
// then one call as a probe, then twice as many with each round that is not refused, until as many are in flight as were
// before. A refusal for a rate comes at once and an answer takes its time: so a round that was not refused for half a
// second counts, answered or not.
// Invariant: only refusals of calls that were admitted after the last pause began lengthen the exponential wait: what
//           was in flight already says nothing new.
// Units:   nanoseconds; the jitter is full (between nothing and the whole), as the seed has it.
// Threads: the loop's thread.
// Source:  LIMITS §6; AWS's full jitter; TCP's slow start.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "limiter/charges.h"
#include "limiter/limit.h"

namespace weir {

class Pace {
 public:
  Pace(std::size_t limits, std::uint64_t seed) : closed_(limits, Instant::min()), random_(seed) {}

  // When a call with these charges may go, as far as pauses are concerned.
  Instant opens_at(const Charges& charges) const;
  Instant closed_until(std::size_t limit) const { return std::max(all_, closed_[limit]); }
  Instant closed_until() const { return all_; }
  bool has_room() const { return window_ == 0 || probing_ < window_; }

  // Whether a call that was admitted then tells something that was not known when the last pause began.
  bool is_news(Instant admitted) const { return admitted >= began_; }
  // Nobody said how long: an exponential wait.
  Duration back_off();
  // Begins a pause, or lengthens the one that is on. `in_flight`: how many there are to come back to.
  void close(std::size_t limit, Instant until) { closed_[limit] = std::max(closed_[limit], until); }
  void close_all(Instant until) { all_ = std::max(all_, until); }
  void paused(Instant now, int in_flight);

  // The limits are others now: each was the one at this place, or is new and open.
  void relimit(const std::vector<std::optional<std::size_t>>& from);

  // Widens the window if its round has gone well for long enough; at grows_at() that may be so.
  void turn(Instant now);
  Instant grows_at() const { return grows_at_; }
  void admitted(Instant now);
  // A call has ended, well or not.
  void ended(Instant admitted, bool well);

 private:
  void widen(int by);

  std::vector<Instant> closed_;
  Instant all_ = Instant::min(), began_ = Instant::min();
  int refusals_ = 0;              // in a row
  int window_ = 0, probing_ = 0;  // in flight at most, in flight since the pause; 0 = no bound
  int before_ = 0;                // in flight when it began
  Instant grows_at_ = Instant::max();
  std::mt19937_64 random_;
};

}  // namespace weir
