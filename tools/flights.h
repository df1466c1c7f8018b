// The flights in the air. It owns each from start to landing, so that whoever asked need only remember a number.
// Threads: the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "tools/flight.h"

namespace weir {

using FlightId = std::uint64_t;  // never 0

class Flights {
 public:
  explicit Flights(Airspace air) : air_(air) {}
  FlightId start(Job job, std::function<void(Landing)> landed);  // `landed` is called once, never inside this call
  void cancel(FlightId id);  // lands as cancelled; unknown or landed ids are ignored
  void cancel_all();
  std::optional<FlightView> view(FlightId id) const;  // nothing: it has landed
  // Called once, when nothing is in the air any more: at once, or after the last landing was told.
  void when_empty(std::function<void()> fn);
  std::size_t in_air() const { return flights_.size(); }

 private:
  Airspace air_;
  FlightId last_ = 0;
  std::unordered_map<FlightId, std::unique_ptr<Flight>> flights_;
  std::function<void()> when_empty_;
};

}  // namespace weir
