#include "tools/calls.h"

namespace weir {

CallId Calls::start(Job job, std::function<void(Landing)> landed) {
  return flights_.start(std::move(job), std::move(landed));
}

void Calls::cancel(CallId id) { flights_.cancel(id); }

void Calls::cancel_all() { flights_.cancel_all(); }

std::optional<FlightView> Calls::view(CallId id) const { return flights_.view(id); }

void Calls::when_empty(std::function<void()> fn) { flights_.when_empty(std::move(fn)); }

}  // namespace weir
