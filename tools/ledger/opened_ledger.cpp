#include "tools/ledger/opened_ledger.h"

#include <sqlite3.h>

#include "tools/ledger/schema.h"

namespace weir {
namespace {

constexpr Duration kBetweenTurnsByAge = std::chrono::hours(1);

}  // namespace

OpenedLedger::OpenedLedger(const std::string& file, Duration busy_timeout, const LedgerRetention::Keeping& keeping)
    : database_(open_ledger(file, busy_timeout, ledger_steps())), rows_(database_), retention_(database_, keeping) {}

bool OpenedLedger::tidy(Instant now, WallTime wall) {
  bool more = false;
  if (!next_by_age_ || now >= *next_by_age_) {
    more = retention_.turn_by_age(wall);
    if (!more) next_by_age_ = now + kBetweenTurnsByAge;
  }
  if (by_size_ || retention_.too_large()) by_size_ = retention_.turn_by_size();
  return more || by_size_;
}

bool OpenedLedger::was_moved() {
  int moved = 0;
  const int result = sqlite3_file_control(database_.getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return result == SQLITE_OK && moved != 0;
}

}  // namespace weir
