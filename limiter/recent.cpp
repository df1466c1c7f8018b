#include "limiter/recent.h"

#include "limiter/lease.h"

namespace weir {
namespace {

constexpr std::size_t kCallsMax = 65'536;

}  // namespace

std::uint64_t Recent::admit(const Estimate& reserved, Instant now) {
  if (calls_.size() == kCallsMax) {
    calls_.pop_front();
    ++first_;
  }
  calls_.push_back({reserved, now});
  return first_ + calls_.size() - 1;
}

Recent::Call* Recent::find(std::uint64_t serial) {
  return serial < first_ || serial - first_ >= calls_.size() ? nullptr : &calls_[serial - first_];
}

void Recent::raise(std::uint64_t serial, const Estimate& reserved) {
  if (Call* call = find(serial)) call->taken = reserved;
}

void Recent::settle(std::uint64_t serial, bool counted, const Estimate& used) {
  if (Call* call = find(serial)) *call = {used, call->admitted, counted, true};
  while (!calls_.empty() && calls_.front().settled) {
    calls_.pop_front();
    ++first_;
  }
}

std::int64_t Recent::taken_since(Instant since, Unit unit) const {
  std::int64_t taken = 0;
  for (auto call = calls_.rbegin(); call != calls_.rend() && call->admitted > since; ++call)
    if (call->counted) taken += reserved_units(unit, call->taken);
  return taken;
}

}  // namespace weir
