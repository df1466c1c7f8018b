// The ledger's open database: its connection, what writes its rows, what forgets them.
// Errors:  throws SQLite::Exception or std::runtime_error; then it is to be closed, and opened again later. Only one in
//          memory is kept, because it would be gone.
// Threads: one at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/ledger/opening.h"
#include "tools/ledger/retention.h"
#include "tools/ledger/rows.h"

namespace weir {

class OpenedLedger {
 public:
  OpenedLedger(const std::string& file, Duration busy_timeout, const LedgerRetention::Keeping& keeping);
  void begin(LedgerSession& session) { rows_.begin(session); }
  std::vector<Spent> spent(const std::vector<std::string>& periods) { return rows_.spent(periods); }
  void write(const std::vector<const LedgerRecord*>& records, const LedgerSums& lost, const LedgerSession& session) {
    rows_.write(records, lost, session);
  }
  // Forgets some of what is to be forgotten, if it is time; whether there is more.
  bool tidy(Instant now, WallTime wall);
  std::int64_t bytes() { return retention_.bytes(); }
  bool was_moved();  // the file has another name now, or none

 private:
  SQLite::Database database_;
  LedgerRows rows_;
  LedgerRetention retention_;
  std::optional<Instant> next_by_age_;
  bool by_size_ = false;
};

}  // namespace weir
