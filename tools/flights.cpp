#include "tools/flights.h"

#include <utility>
#include <vector>

namespace weir {

FlightId Flights::start(Job job, std::function<void(Landing)> landed) {
  const FlightId id = ++last_;
  auto flight = start_flight(air_, std::move(job), [this, id, landed = std::move(landed)](Landing landing) {
    // Forgotten before the caller hears of it, so that in_air() is true there; destroyed only after.
    const auto node = flights_.extract(id);
    landed(std::move(landing));
    if (flights_.empty() && when_empty_) std::exchange(when_empty_, nullptr)();
  });
  flights_.emplace(id, std::move(flight));
  return id;
}

void Flights::cancel(FlightId id) {
  const auto found = flights_.find(id);
  if (found != flights_.end()) found->second->cancel();
}

void Flights::when_empty(std::function<void()> fn) {
  if (flights_.empty()) return fn();
  when_empty_ = std::move(fn);
}

std::optional<FlightView> Flights::view(FlightId id) const {
  const auto found = flights_.find(id);
  return found == flights_.end() ? std::nullopt : std::optional(found->second->view());
}

void Flights::cancel_all() {
  // A landing may start or cancel others, so the map is not walked while it changes.
  std::vector<FlightId> ids;
  ids.reserve(flights_.size());
  for (const auto& [id, flight] : flights_) ids.push_back(id);
  for (const FlightId id : ids) cancel(id);
}

}  // namespace weir
