// Calls of models, by whoever asks for an answer: each is a flight of its own, unless the answer is known already or on
// its way.
// Invariant: `landed` is called once for each call, unless it is destroyed before; to cancel one call leaves those that
//            share its flight alone.
// Threads: the loop's thread.
// Owner:   the flights outlive it.
#pragma once

#include <functional>
#include <optional>

#include "tools/flights.h"

namespace weir {

using CallId = std::uint64_t;  // never 0

class Calls {
 public:
  explicit Calls(Flights& flights) : flights_(flights) {}
  CallId start(Job job, std::function<void(Landing)> landed);  // `landed` is never called inside this call
  void cancel(CallId id);                                      // lands as cancelled; unknown or landed ids are ignored
  void cancel_all();
  std::optional<FlightView> view(CallId id) const;  // nothing: it has landed
  // Called once, when nothing is in the air any more: at once, or after the last landing was told.
  void when_empty(std::function<void()> fn);
  std::size_t in_air() const { return flights_.in_air(); }

 private:
  Flights& flights_;
};

}  // namespace weir
