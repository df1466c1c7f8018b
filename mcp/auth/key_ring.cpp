#include "mcp/auth/key_ring.h"

#include <fmt/format.h>

#include <utility>

namespace weir::mcp {

KeyRing::KeyRing(Loop& loop, FetchKeys fetch, KeyRingOptions options, Log log)
    : loop_(loop),
      fetch_(std::move(fetch)),
      options_(options),
      log_(std::move(log)),
      self_(std::make_shared<KeyRing*>(this)) {}

KeyRing::~KeyRing() { *self_ = nullptr; }

KeyRing::Keys KeyRing::fresh() {
  used_ = true;
  const std::lock_guard lock(mu_);
  return fresh_ ? keys_ : nullptr;
}

KeyRing::Keys KeyRing::keys() {
  const std::lock_guard lock(mu_);
  return keys_;
}

void KeyRing::release(std::int64_t bytes) {
  --waiting_;
  waiting_bytes_ -= bytes;
}

void KeyRing::renew(std::int64_t bytes, Renewed done) {
  const bool room = ++waiting_ <= options_.waiters_max;
  if ((waiting_bytes_ += bytes) > options_.waiting_bytes_max || !room) {
    release(bytes);
    return done(Renewal::crowded, nullptr);
  }
  loop_.post([self = self_, waiter = Waiter{bytes, std::move(done)}]() mutable {
    if (*self != nullptr) (*self)->ask(std::move(waiter));
  });
}

void KeyRing::ask(Waiter waiter) {
  const bool recent = fetched_at_ != Instant() && loop_.now() < fetched_at_ + options_.pause;
  if (!fetching_ && recent) return answer(waiter, failed_ ? Renewal::failed : Renewal::renewed, keys());
  waiters_.push_back(std::move(waiter));
  if (!fetching_) fetch();
}

void KeyRing::fetch() {
  fetching_ = true;
  fetched_at_ = loop_.now();
  fetch_([self = self_](Result<std::string> document) {
    if (*self != nullptr) (*self)->on_fetched(std::move(document));
  });
}

void KeyRing::on_fetched(Result<std::string> document) {
  auto set = document ? KeySet::parse(*document) : tl::unexpected<Error>(document.error());
  fetching_ = false;
  failed_ = !set;
  if (failed_ && log_) log_(fmt::format("auth: the issuer's keys could not be fetched: {}", set.error().message));
  const auto next = loop_.now() + (failed_ ? options_.pause : options_.refresh);
  used_ = false;
  timer_ = loop_.at(next, [this] { on_timer(); });
  Keys now;
  {
    const std::lock_guard lock(mu_);
    if (set) {
      keys_ = std::make_shared<const KeySet>(std::move(*set));
      fresh_ = true;
    }
    now = keys_;
  }
  for (const auto& waiter : std::exchange(waiters_, {}))
    answer(waiter, failed_ ? Renewal::failed : Renewal::renewed, now);
}

void KeyRing::on_timer() {
  if (fetching_) return;
  if (used_) return fetch();
  // Nobody has asked since: the next one who does waits for new keys, and the issuer is left in peace until then.
  const std::lock_guard lock(mu_);
  fresh_ = false;
}

void KeyRing::answer(const Waiter& waiter, Renewal renewal, const Keys& keys) {
  release(waiter.bytes);
  waiter.done(renewal, keys);
}

}  // namespace weir::mcp
