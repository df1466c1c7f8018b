#include "mcp/changes.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace weir::mcp {

bool Interest::covers(const Change& change) const {
  switch (change.kind) {
    case Change::Kind::tools:
      return tools;
    case Change::Kind::prompts:
      return prompts;
    case Change::Kind::resources:
      return resources;
    case Change::Kind::resource:
      return uris.contains(change.key);
    case Change::Kind::task:
      return tasks.contains(change.key);
    case Change::Kind::closing:
      return true;
  }
  return false;
}

Changes::Subscription& Changes::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    changes_ = std::exchange(other.changes_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void Changes::Subscription::end() noexcept {
  auto* const changes = std::exchange(changes_, nullptr);
  if (changes == nullptr) return;
  std::map<std::uint64_t, std::shared_ptr<const Listener>>::node_type gone;  // destroyed without the lock
  const std::lock_guard lock(changes->mu_);
  gone = changes->listeners_.extract(id_);
}

Changes::~Changes() {
  // A listener may own its Subscription, which comes here once more.
  std::map<std::uint64_t, std::shared_ptr<const Listener>> listeners;
  {
    const std::lock_guard lock(mu_);
    listeners.swap(listeners_);
  }
  listeners.clear();
}

std::optional<Changes::Subscription> Changes::listen(Interest interest, Heard heard) {
  auto listener = std::make_shared<const Listener>(Listener{std::move(interest), std::move(heard)});
  const std::lock_guard lock(mu_);
  if (closed_ || listeners_.size() >= listeners_max_) return std::nullopt;
  listeners_.emplace(++last_id_, std::move(listener));
  return Subscription(*this, last_id_);
}

void Changes::publish(const Change& change) {
  std::vector<std::shared_ptr<const Listener>> hearing;
  {
    const std::lock_guard lock(mu_);
    for (const auto& [id, listener] : listeners_)
      if (listener->interest.covers(change)) hearing.push_back(listener);
  }
  for (const auto& listener : hearing) listener->heard(change);
}

bool Changes::watched(std::string_view uri) const {
  const std::lock_guard lock(mu_);
  return std::any_of(listeners_.begin(), listeners_.end(),
                     [&](const auto& entry) { return entry.second->interest.uris.contains(uri); });
}

void Changes::close() {
  std::map<std::uint64_t, std::shared_ptr<const Listener>> listeners;
  {
    const std::lock_guard lock(mu_);
    closed_ = true;
    listeners.swap(listeners_);
  }
  for (const auto& [id, listener] : listeners) listener->heard({.kind = Change::Kind::closing});
}

}  // namespace weir::mcp
