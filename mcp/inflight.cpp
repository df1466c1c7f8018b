#include "mcp/inflight.h"

#include <utility>

namespace weir::mcp {

std::variant<Inflight::Slot, Inflight::Refusal> Inflight::begin(const RequestId& id) {
  const std::lock_guard lock(mu_);
  if (wanted_.contains(id)) return Refusal::duplicate;
  if (running_ >= calls_max_) return Refusal::full;
  ++running_;
  const auto& entry = wanted_.emplace(id, Entry{++last_serial_, {}}).first->second;
  return Slot{id, entry.serial, entry.stop.get_token()};
}

bool Inflight::end(const Slot& slot) {
  const std::lock_guard lock(mu_);
  --running_;
  const auto found = wanted_.find(slot.id);
  if (found == wanted_.end() || found->second.serial != slot.serial) return false;
  wanted_.erase(found);
  return true;
}

bool Inflight::cancel(const RequestId& id) {
  std::map<RequestId, Entry>::node_type cancelled;
  {
    const std::lock_guard lock(mu_);
    cancelled = wanted_.extract(id);
  }
  return !cancelled.empty() && cancelled.mapped().stop.request_stop();
}

void Inflight::cancel_all() {
  std::map<RequestId, Entry> cancelled;
  {
    const std::lock_guard lock(mu_);
    cancelled.swap(wanted_);
  }
  for (auto& [id, entry] : cancelled) entry.stop.request_stop();
}

int Inflight::running() const {
  const std::lock_guard lock(mu_);
  return running_;
}

}  // namespace weir::mcp
